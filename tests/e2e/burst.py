#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Of short programs (tests/workloads/burst.py), how many has giltop measured? burst.py LIVES GILTOP.jsonl GILTOP.err [OPTION..]

LIVES is what the workload printed. Counted are lives that lie in giltop's window as a whole; measured is one with
a row in the summary that has acquisitions in it.

  --share PCT   measured must be at least so many of them, and no line of giltop's may say that it cannot attach to one of them
  --all         measured and processes_missed of the summary must be as many as began (where giltop sees no others)
  --some        .. at least as many (-a)
Prints the figures; exit 1 if anything is wrong.
"""
import argparse
import collections
import json
import re
import sys

REFUSED = re.compile(r"cannot attach to pid (\d+)")


def read_lives(path, window):
    """-> Counter of pids; those in the window"""
    ret = collections.Counter()
    with open(path) as f:
        for words in (line.split() for line in f):
            if words[:1] == ["life"] and int(words[2]) >= window[0] and int(words[3]) <= window[1]:
                ret[int(words[1])] += 1
    return ret


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("lives", "giltop", "words"):
        parser.add_argument(name)
    parser.add_argument("--share", type=float)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--some", action="store_true")
    args = parser.parse_args()
    with open(args.giltop) as f:
        summary = json.loads(collections.deque(f, 1)[0])
    if summary["type"] != "summary":
        print("giltop wrote no summary")
        return 1
    lives = read_lives(args.lives, (summary["start_ns"], summary["start_ns"] + summary["duration_ns"]))
    rows = collections.Counter(p["pid"] for p in summary["processes"] if any(t["acquisitions"] for t in p["threads"]))
    began = sum(lives.values())
    measured = sum(min(count, rows[pid]) for pid, count in lives.items())
    missed = summary.get("processes_missed")
    share = 100 * measured / began if began else 0
    with open(args.words, errors="replace") as f:
        refused = [line for line in f if any(int(pid) in lives for pid in REFUSED.findall(line))]
    print("%d lives in the window, %d measured (%.1f %%), missed by giltop's own count: %s, refused: %d" % (
        began, measured, share, "not known" if missed is None else missed, len(refused)))
    sys.stdout.writelines(refused[:3])
    ok = began > 0 and (args.share is None or (share >= args.share and not refused))
    if args.all:
        ok = ok and missed is not None and measured + missed == began
    if args.some:
        ok = ok and missed is not None and measured + missed >= began
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
