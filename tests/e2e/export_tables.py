# SPDX-License-Identifier: BSD-2-Clause
"""What giltop export has written for the Firefox Profiler or for speedscope, against giltop report --json of the same
recording. Says what differs, and fails.

export_tables.py gecko|speedscope LIVE.json FILE [TID: of this thread alone] | parts FILE KIND..
"""
import collections
import json
import re
import sys

STATES = {"Waiting for GIL": "wait", "Has GIL": "hold", "Yielding": "yield",
          "Short waits": "wait", "Short holds": "hold", "Short yields": "yield"}
KINDS = ("wait", "hold", "yield")


def load(path):
    """No two members of one name, no NaN, and UTF-8."""
    def members(pairs):
        assert len({k for k, _ in pairs}) == len(pairs), "a member twice: %s" % [k for k, _ in pairs]
        return dict(pairs)

    def constant(name):
        raise AssertionError("%s is no JSON" % name)

    with open(path, encoding="utf-8") as f:
        return json.load(f, object_pairs_hook=members, parse_constant=constant)


def summary(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f][-1]


def ns(ms):
    return round(ms * 1e6)


def same(what, have, want):
    keys = sorted((k for k in want.keys() | have.keys() if have[k] != want[k]), key=str)
    assert not keys, "%s differ:\n%s" % (what, "\n".join("%s: %d, not %d" % (k, have[k], want[k]) for k in keys[:20]))


def wanted(live, only):
    """Of each thread, and of those that ended and are one row in the JSON: by process and state."""
    want, folded = collections.Counter(), set()
    for p in summary(live)["processes"]:
        for t in p["threads"]:
            if only and t["tid"] != int(only):
                continue
            if not t["tid"]:
                folded.add(p["pid"])
            for kind in KINDS:
                want[p["pid"], t["tid"], kind] += t[kind + "_ns"] or 0
    return want, folded


def compare(what, have, live, only):
    want, folded = wanted(live, only)

    def merged(counts):
        out = collections.Counter()
        for (pid, tid, kind), n in counts.items():
            out[pid, "all" if pid in folded else tid, kind] += n
        return out

    same(what, merged(have), merged(want))
    return sum(n for key, n in want.items() if key[-1] == "wait")


def by_kind(live, only):
    out = collections.Counter()
    for p in summary(live)["processes"]:
        for s in p.get("stacks") or []:
            if not only or s["tid"] == int(only):
                out[p["pid"], s["kind"]] += s["ns"]
    return out


# ---- Firefox Profiler ----

def is_table(table):
    lengths = {len(column) for column in table.values() if isinstance(column, list)}
    assert lengths == {table["length"]}, "columns of different lengths: %s" % lengths


def root_of(strings, thread, stack):
    prefix = thread["stackTable"]["prefix"]
    while prefix[stack] is not None:
        assert prefix[stack] < stack, "a stack before what it stands on"
        stack = prefix[stack]
    return strings[thread["funcTable"]["name"][thread["frameTable"]["func"][thread["stackTable"]["frame"][stack]]]]


def check_marker(strings, thread, data):
    assert data["type"] in ("WaitingforGIL", "HasGIL", "Yielding", "ShortGIL", "GilTrigger"), data
    for key in ("holder", "from"):
        assert strings[data.get(key, 0)], "nobody"
    if "cause" in data:
        assert 0 <= data["cause"]["stack"] < thread["stackTable"]["length"], data


def thread_key(thread):
    return int(thread["pid"].split(".")[0]), thread["tid"]


def markers_of(strings, thread, sums):
    m = thread["markers"]
    is_table(m)
    for name, start, end, data in zip(m["name"], m["startTime"], m["endTime"], m["data"]):
        assert 0 <= start <= end, (start, end)
        check_marker(strings, thread, data)
        short = data["type"] == "ShortGIL"
        if data["type"] == "GilTrigger":
            assert strings[name] in ("on-wait", "on-hold", "on-delay"), strings[name]
            continue
        sums[(*thread_key(thread), STATES[strings[name]])] += ns(data["sum"]) if short else ns(end) - ns(start)


def samples_of(strings, thread, sums, blame):
    s = thread["samples"]
    is_table(s)
    assert s["time"] == sorted(s["time"]), "samples are not in the order of time"
    for stack, weight in zip(s["stack"], s["weight"]):
        root = root_of(strings, thread, stack)
        if root in STATES:
            sums[(*thread_key(thread), STATES[root])] += ns(weight)
        elif root == "Makes others wait":
            blame[thread_key(thread)[0], "blame"] += ns(weight)
        else:
            assert root == "[without the GIL]" and not weight, root


def check_gecko(live, path, only=None):
    profile = load(path)
    strings = profile["shared"]["stringArray"]
    assert profile["meta"]["preprocessedProfileVersion"] == 57 and len(set(strings)) == len(strings)
    by_markers, by_samples, blame = collections.Counter(), collections.Counter(), collections.Counter()
    for thread in profile["threads"]:
        for table in ("stackTable", "frameTable", "funcTable", "resourceTable", "nativeSymbols"):
            is_table(thread[table])
        markers_of(strings, thread, by_markers)
        samples_of(strings, thread, by_samples, blame)
    for counter in profile["counters"]:
        is_table(counter["samples"])
        assert counter["samples"]["time"] == sorted(counter["samples"]["time"])
        assert profile["threads"][counter["mainThreadIndex"]]["pid"] == counter["pid"]
    waited = compare("markers", by_markers, live, only)
    compare("samples", by_samples, live, only)
    same("blame", blame, collections.Counter({k: n for k, n in by_kind(live, only).items() if k[1] == "blame"}))
    print("%d threads, waited for %.6f s" % (len(profile["threads"]), waited / 1e9))


# ---- speedscope ----

EVENTED = re.compile(r" \((\d+)\)(?: at GIL \d+)? of .* \((\d+)\)(?:, without (\d+) short states of ([\d.]+) s in sum)?$", re.S)
SAMPLED = re.compile(r" \((\d+)\) (makes others wait|waits for the GIL|has the GIL)$")
WEIGHTS = {"makes others wait": "blame", "waits for the GIL": "wait", "has the GIL": "hold"}


def states_of(frames, profile, sums):
    """As the importer reads it: balanced, in the order of time."""
    pid, tid = (int(n) for n in EVENTED.search(profile["name"]).group(2, 1))
    at, stack = profile["startValue"], []
    for e in profile["events"]:
        assert at <= e["at"] <= profile["endValue"], e
        at = e["at"]
        if e["type"] == "O":
            stack.append((e["frame"], at))
        else:
            frame, since = stack.pop()
            assert frame == e["frame"], "not balanced"
            if not stack:
                sums[pid, tid, STATES[frames[frame]["name"]]] += at - since
    assert not stack, "not balanced"


def check_speedscope(live, path, only=None):
    profile = load(path)
    frames = profile["shared"]["frames"]
    assert len({json.dumps(f, sort_keys=True) for f in frames}) == len(frames), "a frame twice"
    sums, totals, short = collections.Counter(), collections.Counter(), False
    for p in profile["profiles"]:
        if p["name"] == "no thread had to do with a GIL":
            assert len(profile["profiles"]) == 1 and not p["events"]
        elif p["type"] == "evented":
            short |= EVENTED.search(p["name"]).group(3) is not None
            states_of(frames, p, sums)
        else:
            pid, what = SAMPLED.search(p["name"]).groups()
            assert len(p["samples"]) == len(p["weights"]) and all(p["samples"]) and sum(p["weights"]) == p["endValue"]
            assert all(0 <= f < len(frames) for s in p["samples"] for f in s)
            totals[int(pid), WEIGHTS[what]] += sum(p["weights"])
    same("stacks", totals, by_kind(live, only))
    waited = 0 if short else compare("states", sums, live, only)
    active = profile["profiles"][profile["activeProfileIndex"]]["name"]
    print("%d profiles, %r first, waited for %.6f s" % (len(profile["profiles"]), active, waited / 1e9))


def check_parts(path, *kinds):
    """Each of these is in it: a name of a marker, a suffix of a thread's name or a pid, as text."""
    text = json.dumps(load(path), ensure_ascii=False)
    missing = [k for k in kinds if k not in text]
    assert not missing, "not in it: %s" % missing


if __name__ == "__main__":
    {"gecko": check_gecko, "speedscope": check_speedscope, "parts": check_parts}[sys.argv[1]](*sys.argv[2:])
