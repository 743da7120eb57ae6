# SPDX-License-Identifier: BSD-2-Clause
"""What the Firefox Profiler's command line answered, against giltop report --json of the same recording: gecko.py sums LIVE.json DIR"""
import collections
import json
import os
import sys

STATES = {"Waiting for GIL": "wait", "Has GIL": "hold", "Yielding": "yield"}


def load(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return json.load(f)


def summary(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f][-1]


def ns(ms):
    return round(ms * 1e6)


def sums(live, folder):
    want, markers, samples, blame = (collections.Counter() for _ in range(4))
    for p in summary(live)["processes"]:
        for t in p["threads"]:
            for kind in ("wait", "hold", "yield"):
                want[str(p["pid"]), t["tid"], kind] += t[kind + "_ns"] or 0
            blame["want"] += t["blame_ns"]
    threads = load(folder, "threads")["threads"]
    for t in threads:
        key = t["pid"], t["tid"]
        found = load(folder, "markers." + t["threadHandle"])
        assert len(found["flatMarkers"]) == found["totalMarkerCount"]
        for m in found["flatMarkers"]:
            if not m["name"].startswith("on-"):
                markers[(*key, STATES[m["name"]])] += ns(m["duration"])
        for node in load(folder, "samples." + t["threadHandle"])["regularCallTree"].get("children", []):
            if t["tid"] == "blame":
                assert node["name"] == "Makes others wait", node["name"]
                blame["have"] += ns(node["totalSamples"])
            else:
                samples[(*key, STATES[node["name"]])] += ns(node["totalSamples"])
    for what, have in (("markers", markers), ("samples", samples)):
        bad = [k for k in want.keys() | have.keys() if have[k] != want[k]]
        assert not bad, "%s: %s" % (what, [(k, have[k], want[k]) for k in bad])
    assert blame["have"] == blame["want"], blame
    assert sum(n for k, n in want.items() if k[2] == "wait") > 0, "nobody waited"
    counters = load(folder, "counters")["counters"]
    assert [c["name"] for c in counters] == ["GIL waiters"] and counters[0]["rangeSampleCount"] > 0, counters
    print("%d threads, blame %.6f s" % (len(threads), blame["want"] / 1e9))


if __name__ == "__main__":
    {"sums": sums}[sys.argv[1]](*sys.argv[2:])
