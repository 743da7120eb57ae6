# SPDX-License-Identifier: BSD-2-Clause
"""What the programs that people open exports with say of them, against giltop report --json. Says what differs, and fails."""
import collections
import json
import sys

STATES = {"Waiting for GIL": "wait_ns", "Has GIL": "hold_ns", "Yielding": "yield_ns"}


def by_thread(live):
    with open(live, encoding="utf-8") as f:
        summary = [json.loads(line) for line in f][-1]
    want = collections.Counter()
    for proc in summary["processes"]:
        for t in proc["threads"]:
            for key in STATES.values():
                want[t["tid"], key] += t[key] or 0
    return +want


def markers(live, info, *threads):
    """Of the Firefox Profiler: the markers of each thread, whose times are doubles of milliseconds."""
    with open(info, encoding="utf-8") as f:
        tids = {t["threadHandle"]: str(t["tid"]).split(":")[-1] for p in json.load(f)["processes"] for t in p["threads"]}
    have, slack = collections.Counter(), collections.Counter()
    for path in threads:
        with open(path, encoding="utf-8") as f:
            found = json.load(f)
        for kind in found["byType"]:
            if kind["markerName"] in STATES:
                key = int(tids[found["threadHandle"]]), STATES[kind["markerName"]]
                have[key] += kind["count"] * kind["durationStats"]["avg"] * 1e6
                slack[key] += 10 + kind["count"] * 0.01  # ns
    want = by_thread(live)
    assert want and have.keys() == want.keys(), "markers of %s, not of %s" % (sorted(have), sorted(want))
    for key, ns in want.items():
        assert abs(have[key] - ns) <= slack[key], "%s: %d, not %d" % (key, have[key], ns)


if __name__ == "__main__":
    {"markers": markers}[sys.argv[1]](*sys.argv[2:])
