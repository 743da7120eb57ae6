#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Of short programs (tests/workloads/burst.py), how many has giltop measured? burst.py LIVES GILTOP.jsonl GILTOP.err [OPTION..]

LIVES is what the workload printed. Counted are lives that lie in giltop's window as a whole; measured is one with
a row in the summary that has waits or acquisitions in it.

  --share PCT   measured must be at least so many of them, and no line of giltop's may say that it cannot attach to one of them
  --all         measured and processes_missed of the summary must be as many as began (where giltop sees no others)
  --some        .. at least as many (-a)
  --oracle DIR  the programs ran with an oracle in each, whose files are there: giltop may not have counted more than it in any
  --whole PCT   .. and as many contended waits in so many of those that it measured
Prints the figures; exit 1 if anything is wrong.
"""
import argparse
import collections
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "oracle"))

from oracle_log import OracleFile  # noqa: E402

REFUSED = re.compile(r"cannot attach to pid (\d+)")


def read_lives(path, window):
    """-> Counter of pids; those in the window"""
    ret = collections.Counter()
    with open(path) as f:
        for words in (line.split() for line in f):
            if words[:1] == ["life"] and int(words[2]) >= window[0] and int(words[3]) <= window[1]:
                ret[int(words[1])] += 1
    return ret


def compare_counts(folder, summary, lives):
    """-> how many have as many contended waits as the oracle saw, how many more of anything, how many were compared"""
    whole = more = compared = 0
    for proc in summary["processes"]:
        path = os.path.join(folder, "%d.0" % proc["pid"])
        if lives[proc["pid"]] != 1 or not os.path.exists(path) or not any(t["contended"] for t in proc["threads"]):
            continue
        oracle = OracleFile(path)
        oracle.enable(False)  # its end is now: there was nothing since
        threads = oracle.log().threads.values()
        oracle.close()
        pairs = [(sum(t[name] or 0 for t in proc["threads"]), sum(getattr(t, name) for t in threads))
                 for name in ("acquisitions", "contended")]
        compared += 1
        whole += pairs[1][0] == pairs[1][1]
        more += any(said > true for said, true in pairs)
        if any(said > true for said, true in pairs):
            print("pid %d: acquisitions, contended: (giltop, oracle) %s" % (proc["pid"], pairs))
    return whole, more, compared


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("lives", "giltop", "words"):
        parser.add_argument(name)
    parser.add_argument("--share", type=float)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--some", action="store_true")
    parser.add_argument("--oracle")
    parser.add_argument("--whole", type=float, default=0)
    args = parser.parse_args()
    with open(args.giltop) as f:
        summary = json.loads(collections.deque(f, 1)[0])
    if summary["type"] != "summary":
        print("giltop wrote no summary")
        return 1
    lives = read_lives(args.lives, (summary["start_ns"], summary["start_ns"] + summary["duration_ns"]))
    rows = collections.Counter(p["pid"] for p in summary["processes"] if any(t["acquisitions"] or t["contended"] for t in p["threads"]))
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
    if args.oracle:
        whole, more, compared = compare_counts(args.oracle, summary, lives)
        print("%d compared with an oracle: %d with all of its contended waits, %d with more than there were" % (compared, whole, more))
        ok = ok and compared > 0 and not more and 100 * whole >= args.whole * compared
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
