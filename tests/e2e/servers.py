#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Workers of a real server, as giltop's JSON lines say, against what they counted themselves (tests/workloads/served.py).

  servers.py see FILE MASTER N [--not PID..]   are N workers of MASTER measured at the moment, none of these, and has each
                                               used its GIL? Prints their pids, the worst first; 1: not yet
  servers.py judge FILE MASTER N ENDED COUNTS  hold the summary against COUNTS, and copies of it: COUNTS.before, of each
                                               worker when it was known to be measured, COUNTS.after, when all still were
What a process did between these must have been seen, and no more than all that it has ever done.
"""
import argparse
import json
import os
import sys

TOUCHES = 200  # of served.py, in a unit of work
# Besides its work: a server takes the GIL some times for a request, and now and then without any.
REQUEST_MAX, IDLE_MAX = 100, 200
IN_FLIGHT = 8  # units that a process was at when it was killed, or when the measurement ended


def fail(text, *args):
    print(text % args)
    sys.exit(1)


def records(path):
    """All whole lines."""
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.endswith("\n")]


def group_of(record, master):
    groups = [g for g in record["groups"] if g["parent"] == master]
    if len(groups) > 1:
        fail("%d groups of %d: %s", len(groups), master, groups)
    return groups[0] if groups else None


def acquisitions(record, pid):
    return sum(g["acquisitions"] or 0 for p in record["processes"] if p["pid"] == pid for g in p["gils"])


def see(args):
    last = records(args.file)[-1]
    group = group_of(last, args.master) if last["type"] == "snapshot" else None
    pids = group["workers"] if group else []
    if len(pids) != args.workers or set(pids) & set(args.absent):
        return 1
    if not all(acquisitions(last, pid) for pid in pids):
        return 1
    print(*pids)
    return 0


def counts(folder):
    return {int(name): os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder) if name.isdigit()}


def judge(args):
    total = records(args.file)[-1]
    group = group_of(total, args.master)
    if total["type"] != "summary" or not group:
        fail("no group of %d in the %s: %s", args.master, total["type"], total["groups"])
    pids = group["workers"] + group["ended_workers"]
    if len(group["workers"]) != args.workers or not args.ended <= group["ended"] == len(group["ended_workers"]):
        fail("not %d workers, %d ended: %s", args.workers, args.ended, group)
    for key in ("lost_events", "lost_detail", "violations"):
        if total[key]:
            fail("%s: %d; %s", key, total[key], total["stats"])
    done, before, after = (counts(args.counts + name) for name in ("", ".before", ".after"))
    surely = 0
    for pid in pids:
        row = next(p for p in total["processes"] if p["pid"] == pid)
        seen, units = acquisitions(total, pid), done.get(pid, 0)
        least = TOUCHES * (after[pid] - before[pid]) if pid in before else 0
        most = (TOUCHES + REQUEST_MAX) * (units + IN_FLIGHT) + int(IDLE_MAX * (1 + row["span_ns"] / 1e9))
        print("%d: %d units, %d before, %d acquisitions of %d .. %d" % (pid, units, before.get(pid, units), seen, least, most))
        surely += least
        if not least <= seen <= most:
            fail("%d: not so many", pid)
    if surely < TOUCHES * args.units:
        fail("too little work to say anything")
    if sum(acquisitions(total, pid) for pid in pids) != group["total"]["acquisitions"]:
        fail("the group's total: %s", group["total"])
    return 0


def main():
    ap = argparse.ArgumentParser()
    sub = ap.add_subparsers(dest="what", required=True)
    one = sub.add_parser("see")
    one.add_argument("file")
    one.add_argument("master", type=int)
    one.add_argument("workers", type=int)
    one.add_argument("--not", dest="absent", type=int, nargs="*", default=[])
    one = sub.add_parser("judge")
    one.add_argument("file")
    one.add_argument("master", type=int)
    one.add_argument("workers", type=int)
    one.add_argument("ended", type=int)
    one.add_argument("counts")
    one.add_argument("--units", type=int, default=20)
    args = ap.parse_args()
    return see(args) if args.what == "see" else judge(args)


if __name__ == "__main__":
    sys.exit(main())
