# SPDX-License-Identifier: BSD-2-Clause
"""What a diff of two JSON files must say, computed from their summaries: diff.py A B, with giltop diff --json on stdin."""
import collections
import json
import os
import re
import sys


def summary(path):
    with open(path, encoding="utf-8") as f:
        return [r for r in map(json.loads, f) if r["type"] == "summary"][-1]


def pool_of(name):
    return name if "*" in name else re.sub(r"\d+(?=\D*$)", "*", name)


def leaf(frames):
    """The innermost line of Python; without one the innermost frame."""
    for f in reversed(frames):
        if f["line"]:
            return f["name"], os.path.basename(f["file"])
    return (frames[-1]["name"], os.path.basename(frames[-1]["file"])) if frames else ("[other]", "")


def figures(s):
    """{(kind, name, figure): value}"""
    out = {}
    sums = collections.defaultdict(lambda: collections.Counter())
    worst = collections.defaultdict(float)
    places = collections.Counter()
    for p in s["processes"]:
        for t in p["threads"]:
            for key in ("run", ""), ("threads", pool_of(t.get("pool", t["name"]))):
                sums[key]["delay"] += t["wait_ns"] + t["yield_ns"]
                sums[key]["span"] += t["span_ns"]
                for q in "wait_p50", "wait_p90", "wait_p99", "wait_max", "hold_p99", "hold_max":
                    v = t[q + "_ns"]
                    if v is not None:
                        worst[key + (q,)] = max(worst[key + (q,)], v)
        for st in p["stacks"]:
            if st["kind"] != "hold":
                kind = "blame" if st["kind"] == "blame" else "waiting"
                places[(kind + "_function",) + leaf(st["frames"]) + (kind,)] += st["ns"]
        out["run", "", "utilization"] = max(g["utilization"] for g in p["gils"])
        out["run", "", "load"] = max(g["load"] for g in p["gils"])
        for key, name in ("handovers", "switches"), ("acquisitions", "acquisitions"):
            out["run", "", key] = sum(g[name] / g["held_observed_ns"] for g in p["gils"]) * 1e9 \
                * p["span_ns"] / s["duration_ns"]
    for key, c in sums.items():
        out[key + ("delay",)] = c["delay"] / c["span"]
    out.update(worst)
    for key, ns in places.items():
        out[key] = ns / sums["run", ""]["span"]
    return out


def said(line):
    r = json.loads(line)
    if r["type"] != "diff":
        return None
    if r["kind"].endswith("_function"):
        return (r["kind"], r["function"], r["file"], r["figure"]), r
    if r["kind"] in ("run", "threads"):
        return (r["kind"], r.get("threads", ""), r["figure"]), r
    return None


def main():
    want = [figures(summary(path)) for path in sys.argv[1:3]]
    rows = dict(filter(None, map(said, sys.stdin)))
    bad = seen = 0
    for key in sorted(set(want[0]) | set(want[1]), key=str):
        row = rows.get(key)
        for side, letter in enumerate("ab"):
            v = want[side].get(key)
            if row is None or v is None:
                continue
            seen += 1
            if row[letter] is None or abs(row[letter] - v) > 1e-5 * abs(v) + 1e-9:
                print("%s: %s is %s, not %s" % (key, letter, row[letter], v))
                bad += 1
        if row is None and max(w.get(key, 0) for w in want) > 0:
            print("no row of", key)
            bad += 1
    print(seen, "figures compared,", bad, "wrong")
    return bad > 0 or seen < 30


if __name__ == "__main__":
    sys.exit(main())
