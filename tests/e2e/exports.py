# SPDX-License-Identifier: BSD-2-Clause
"""What giltop export has written, against giltop report --json of the same recording. Says what differs, and fails."""
import collections
import csv
import json
import sys

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


if __name__ == "__main__":
    {"csv": check_csv, "light": check_light, "rows": check_rows, "no-formula": check_no_formula}[sys.argv[1]](*sys.argv[2:])
