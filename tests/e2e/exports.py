# SPDX-License-Identifier: BSD-2-Clause
"""What giltop export has written, against giltop report --json of the same recording. Says what differs, and fails."""
import collections
import csv
import json
import sys
import time

# Of a thread at a GIL: what adds up from interval to interval.
SUMS = ("wait_ns", "yield_ns", "hold_ns", "contended", "yields", "acquisitions", "releases", "blame_ns")


def summary(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f][-1]


def rows(path):
    with open(path, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f, strict=True))


def as_cell(name):
    return "'" + name if name[:1] in ("=", "+", "-", "@") else name


def check_csv(live, path):
    have, want = collections.Counter(), collections.Counter()
    names = set()
    for row in rows(path):
        assert None not in row and None not in row.values(), "a row of another length: %r" % row
        names.add(row["thread"])
        for key in SUMS:
            have[row["pid"], row["gil"], row["tid"], key] += int(row[key] or 0)
    for proc in summary(live)["processes"]:
        for t in proc["threads"]:
            assert as_cell(t["name"]) in names, "no row of %r" % t["name"]
            for key in SUMS:
                want[str(proc["pid"]), str(t["gil"]), str(t["tid"] or ""), key] += t[key] or 0
    assert have == want, "\n".join("%s: %d, not %d" % (key, have[key], want[key])
                                   for key in sorted(want.keys() | have.keys()) if have[key] != want[key])
    assert sum(n for key, n in want.items() if key[-1] == "wait_ns") > 0, "nobody waited"


def check_light(path):
    got = rows(path)
    assert len({row["start_ns"] for row in got}) == 1, "not one interval"
    assert all(row["hold_ns"] == "" and row["acquisitions"] == "" for row in got), "holds of light stretches"
    assert sum(int(row["wait_ns"]) for row in got) > 0, "nobody waited"
    assert all(row["time"].endswith("Z") and row["time"][:2] == "20" for row in got), got[0]["time"]


def check_rows(cnt):
    got = list(csv.reader(sys.stdin))
    assert len(got) == 1 + int(cnt) and got[0][0] == "time", got


def check_no_formula(path):
    got = rows(path)
    assert not [c for row in got for c in row.values() if c[:1] in ("=", "+", "-", "@")], "a formula"
    assert any(row["thread"] == "'--" for row in got), "where is the thread that is called --?"


# ---- chrome ----

STATES = {"Waiting for GIL": "wait_ns", "Has GIL": "hold_ns", "Yielding": "yield_ns"}
SHORT = {"Short waits": "wait_ns", "Short holds": "hold_ns", "Short yields": "yield_ns"}
TID_LIMIT = 1 << 22  # user/view/chrome.c: above it are rows of a thread's second GIL


def ns(us):
    """Of a number with three decimals, as it is in the file."""
    whole, _, decimals = us.partition(".")
    assert len(decimals) in (0, 3), us
    return int(whole) * 1000 + int(decimals or 0)


def trace(path):
    with open(path, encoding="utf-8") as f:
        data = json.load(f, parse_float=str)
    return data["otherData"], data["traceEvents"]


def by_thread(live):
    """Of each thread of each process, over its GILs."""
    want = collections.Counter()
    for proc in summary(live)["processes"]:
        for t in proc["threads"]:
            for key in STATES.values():
                want[proc["pid"], t["tid"], key] += t[key] or 0
    return +want


def differ(have, want):
    return "\n".join("%s: %d, not %d" % (key, have[key], want[key]) for key in sorted(want.keys() | have.keys(), key=str)
                     if have[key] != want[key])


def check_nests(slices):
    """What is on one row follows one after the other."""
    for row, list_ in slices.items():
        list_.sort()
        for (_, end), (start, _) in zip(list_, list_[1:]):
            assert end <= start, "slices of %s overlap at %d" % (row, start)


def check_flows(flows, slices):
    for number, ends in flows.items():
        assert set(ends) == {"s", "f"}, "hand-over %s has only %s" % (number, "".join(ends))
        for end, (row, at) in ends.items():
            inside = [1 for start, stop in slices[row] if start <= at < stop or (end == "f" and at == start)]
            assert inside, "hand-over %s: %s is in no slice" % (number, end)


def integral(counts, end):
    """Of each counter: what it was, times how long."""
    total = 0
    for events in counts.values():
        for (at, cnt), (then, _) in zip(events, events[1:] + [(end, 0)]):
            total += cnt * (then - at)
    return total


def check_chrome(live, path, *options):
    other, events = trace(path)
    have, slices, flows, counts, names = collections.Counter(), collections.defaultdict(list), collections.defaultdict(dict), \
        collections.defaultdict(list), {}
    for e in events:
        row = e["pid"], e.get("tid")
        if e["ph"] == "X":
            start, length = ns(str(e["ts"])), ns(str(e["dur"]))
            have[e["pid"], e["tid"] % TID_LIMIT, STATES[e["name"]]] += length
            slices[row].append((start, start + length))
        elif e["ph"] in "sf":
            flows[e["id"]][e["ph"]] = row, ns(str(e["ts"]))
        elif e["ph"] == "C":
            counts[e["pid"], e["name"]].append((ns(str(e["ts"])), e["args"]["waiters"]))
        elif e["ph"] == "b":
            have[e["pid"], e["tid"], SHORT[e["name"]]] += ns(str(e["args"]["sum_us"]))
        elif e["ph"] == "M" and e["name"] == "thread_name":
            names[row] = e["args"]["name"]
    have, want, total = +have, by_thread(live), summary(live)
    assert have == want, differ(have, want)
    check_nests(slices)
    if "segments" in options:
        assert any(e["ph"] == "b" for e in events), "nothing in sums"
    else:
        check_flows(flows, slices)
        waited = sum(n for key, n in want.items() if key[2] == "wait_ns")
        assert integral(counts, total["start_ns"] + total["duration_ns"]) == waited, "the counter of waiters"
        assert flows and waited, "nothing was handed over"
    pids = [proc["pid"] for proc in total["processes"]]
    for proc in total["processes"]:
        for t in proc["threads"] if pids.count(proc["pid"]) == 1 else ():
            row = proc["pid"], t["tid"]
            assert row not in slices or names[row] == t["name"], "%s is called %r, not %r" % (row, names.get(row), t["name"])
    assert abs(other["real_ns"] - other["mono_ns"] - clock_offset()) < 5e9, "clocks: %s" % other
    if "two-gils" in options:
        assert any(row[1] > TID_LIMIT for row in slices), "no row of a second GIL"


def clock_offset():
    return time.time_ns() - time.monotonic_ns()


OWN_ROW = 65 * 4194304  # doc/merge.jq


def crossing(slices):
    """Of slices on one row: those that neither nest nor follow one another."""
    found, outer = [], []
    for begin, end in sorted(slices, key=lambda s: (s[0], -s[1])):
        while outer and outer[-1] <= begin:
            outer.pop()
        if outer and outer[-1] < end:
            found.append((begin, end))
        outer.append(end)
    return found


def check_merged(path):
    """Each long wait lies in one span of the program, and a nap ends when its wait has."""
    events = trace(path)[1]
    rows, spans = collections.defaultdict(list), []
    for e in events:
        if e["ph"] == "X":
            begin = round(float(e["ts"]) * 1000)
            rows[e["tid"], e["name"]].append((begin, begin + round(float(e["dur"]) * 1000)))
    works = next(tid for tid, name in rows if name == "nap")
    for tid in {t for t, _ in rows} - {works}:
        assert not crossing([s for (t, _), some in rows.items() if t == tid for s in some]), "slices of %d cross" % tid
    assert {name for tid, name in rows if tid == works} == {"work", "nap"}, "others are on the row of the program's spans"
    spans = sorted((begin, end, name) for name in ("work", "nap") for begin, end in rows[works, name])
    waits = [w for w in rows[works + OWN_ROW, "Waiting for GIL"] if w[1] - w[0] > 1000000 and spans[0][0] < w[0] < spans[-1][1]]
    late = []
    for begin, end in waits:
        around = [s for s in spans if s[0] + 1000 < end and begin < s[1] - 1000]  # a double has quarters of us of the epoch
        assert len(around) == 1, "the wait from %d to %d is in %s" % (begin, end, around)
        if around[0][2] == "nap":
            late.append(around[0][1] - end)
    late.sort()
    assert len(late) > 5 and len(waits) > len(late), "%d naps of %d waits" % (len(late), len(waits))
    assert late[len(late) // 2] < 1000000, "half of the naps end %d ns after their waits" % late[len(late) // 2]
    names = {e["tid"]: e["args"]["name"] for e in events if e["ph"] == "M" and e["name"] == "thread_name"}
    assert names[works] == "works" and names[works + OWN_ROW] == "works: GIL", names


if __name__ == "__main__":
    {"csv": check_csv, "light": check_light, "rows": check_rows, "no-formula": check_no_formula,
     "chrome": check_chrome, "merged": check_merged}[sys.argv[1]](*sys.argv[2:])
