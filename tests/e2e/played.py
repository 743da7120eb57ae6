#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Hold what `w` wrote while a recording was shown against all of that recording.

played.py SCREEN.json ALL.json: the interval that was on the screen is in ALL.json (giltop report --json), and has the same
threads, GILs and pairs to the nanosecond. Prints its number, from 1, and how many there are; exit 1 if something differs.
"""
import json
import sys


def snapshots(path):
    records = [json.loads(line) for line in open(path, encoding="utf-8")]
    return [r for r in records if r["type"] == "snapshot"]


shown = snapshots(sys.argv[1])
all_of_it = snapshots(sys.argv[2])
assert len(shown) == 1, "%d intervals" % len(shown)
at = [i for i, s in enumerate(all_of_it) if s["start_ns"] == shown[0]["start_ns"] and s["duration_ns"] == shown[0]["duration_ns"]]
assert len(at) == 1, "the interval from %d on is %d times in the recording" % (shown[0]["start_ns"], len(at))
want = all_of_it[at[0]]
for key, value in want.items():
    if key != "processes":
        assert shown[0].get(key) == value, "%s: shown %r, recorded %r" % (key, shown[0].get(key), value)
assert len(want["processes"]) == len(shown[0]["processes"])
for p, q in zip(shown[0]["processes"], want["processes"]):
    for key, value in q.items():
        if key != "stacks" and key != "chains":  # of those only the largest are written
            assert p.get(key) == value, "%s: shown %r, recorded %r" % (key, p.get(key), value)
print(at[0] + 1, len(all_of_it))
