#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Judge what giltop says in light mode by the oracle's numbers: compare_light.py GILTOP.jsonl ORACLE

As compare.py, with what light mode promises (doc/accounting.md, Exact and light):

 * Contended acquisitions and yields are equal, thread by thread.
 * Waits and yields are within 0.5 % or 0.3 us an event, whichever is more, thread by thread.
 * Blame is that of whom the waiters saw: half the sum of what the shares of the threads differ is at most POINTS, and
   GAP_PART of the gap's share of the waiting: time in which nobody held it is somebody's in light books, whose it is depends on
   who wakes when. (By itself it could make that share differ, all of it.)
 * What is only known of all holds is null; what is known balances in integers.

Exit 0: all pass; 1: not; 2: no comparison possible.
"""
import argparse
import sys

import compare
from oracle_log import OracleError, OracleFile

RELATIVE, EVENT_NS = 0.005, 300
EVENTS = {"wait_ns": "contended", "yield_ns": "yields"}
POINTS = 3.0
GAP_PART = 0.25
UNKNOWN = ("acquisitions", "releases", "hold_ns", "hold_max_ns", "hold_p99_ns", "released_ns", "asked", "hold_offcpu_ns")
UNKNOWN_GIL = ("held_ns", "gap_ns", "gap_wall_ns", "switches", "acquisitions")


def allowed(name, thread, log):
    """Tolerance (ns) around the interval of a total: where a hit takes long so does the way from one clock to the other."""
    event_ns = max(EVENT_NS, log.event_ns[name]) * getattr(thread, EVENTS[name])
    return max(RELATIVE * getattr(thread, name), event_ns) + compare.START_NS


def check_counts(report, matched):
    for name in ("contended", "yields"):
        wrong = ["thread %s: giltop %s, oracle %d" % (label, row.get(name), getattr(t, name))
                 for label, row, t in matched if row.get(name, 0) != getattr(t, name)]
        report.check(not wrong, name, "%d of %d threads differ, e.g. %s" % (len(wrong), len(matched), wrong[0]) if wrong else
                     "%d in %d threads, equal" % (sum(getattr(t, name) for _, _, t in matched), len(matched)))


def check_times(report, matched, log):
    for name, events in EVENTS.items():
        wrong, sums = [], [0, 0, 0]
        for label, row, thread in matched:
            bounds = compare.interval(name, thread)
            diff, limit = compare.distance(row[name], bounds), allowed(name, thread, log)
            if diff > limit:
                wrong.append("thread %s: giltop %d, oracle %d .. %d, allowed +-%d" % ((label, row[name]) + bounds + (limit,)))
            sums = [a + b for a, b in zip(sums, (row[name], getattr(thread, name), getattr(thread, events)))]
        off = sums[0] - sums[1]
        detail = "%d, oracle %d: %+.3f%%, %+.0f ns an event" % (sums[0], sums[1], 100 * off / max(1, sums[1]),
                                                                off / max(1, sums[2]))
        report.check(not wrong, name, detail + ("; %s, and %d more" % (wrong[0], len(wrong) - 1) if wrong else ""), steady=False)


def share_diff(matched, strangers):
    """Of the blame, in points: 0 is the same, 100 has nothing in common."""
    pairs = [(row["blame_ns"], t.blame_ns) for _, row, t in matched] + [(row["blame_ns"], 0) for row in strangers]
    said, true = (max(1, sum(pair[i] for pair in pairs)) for i in (0, 1))
    return 50 * sum(abs(a / said - b / true) for a, b in pairs)


def check_blame(report, process, matched, strangers, log, points):
    diff = share_diff(matched, strangers)
    runnable = sum(g["runnable_ns"] for g in process["gils"])
    unsure = sum(g["unsure_ns"] for g in process["gils"])
    wait = max(1, sum(t.wait_ns for _, _, t in matched))
    gap = 100 * sum(log.gap_ns.values()) / wait
    limit = points + GAP_PART * gap
    report.check(diff <= limit, "blame by thread", "%.1f points, allowed %.1f; in %% of the waiting: true gap %.1f, "
                 "runnable %.1f, unsure %.1f" % (diff, limit, gap, 100 * runnable / wait, 100 * unsure / wait), steady=False)


def check_books(report, summary, process):
    report.check(process["mode"] == "light" and not process["mode_auto"], "it is light, as asked for")
    rows = [("thread %s" % r["tid"], r, UNKNOWN) for r in process["threads"]]
    rows += [("gil %d" % g["id"], g, UNKNOWN_GIL) for g in process["gils"]]
    wrong = ["%s of %s: %s" % (name, label, row[name]) for label, row, names in rows for name in names if row[name] is not None]
    report.check(not wrong, "what is not known is null", str(wrong[:3] or ""))
    for name in ("lost_events", "lost_detail", "violations"):
        report.check(summary[name] == 0, "no %s" % name.replace("_", " "), str(summary[name] or ""))
    for gil in process["gils"]:
        own = [r for r in process["threads"] if r["gil"] == gil["id"]]
        wait, blame = (sum(r[name] for r in own) for name in ("wait_ns", "blame_ns"))
        rest = gil["runnable_ns"] + gil["unsure_ns"]
        report.check(wait == gil["wait_ns"] == blame + rest, "wait = blame + runnable + unsure of gil %d" % gil["id"],
                     "%d, %d = %d + %d" % (wait, gil["wait_ns"], blame, rest))
    pairs = sum(p["ns"] for p in process["pairs"])
    blame = sum(r["blame_ns"] for r in process["threads"])
    unsure = sum(g["unsure_ns"] for g in process["gils"])
    report.check(pairs == blame + unsure, "pairs = blame + unsure", "%d = %d + %d" % (pairs, blame, unsure))


def judge(summary, oracle_pid, log, points=POINTS):
    """-> compare.Report"""
    report = compare.Report()
    process = next((p for p in summary["processes"] if p["pid"] == oracle_pid), None)
    if process is None:
        report.check(False, "process %d is in the summary" % oracle_pid)
        return report
    matched, strangers = compare.pair_up(process, compare.by_thread(log))
    compare.print_table(matched, 6)
    report.check(log.event_cnt > 0 and bool(matched), "something was measured")
    check_counts(report, matched)
    check_times(report, matched, log)
    check_blame(report, process, matched, strangers, log, points)
    check_books(report, summary, process)
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("giltop")
    parser.add_argument("oracle")
    parser.add_argument("--points", type=float, default=POINTS, help="how much the shares of blame may differ")
    args = parser.parse_args()
    try:
        summary = compare.read_summary(args.giltop)
        oracle = OracleFile(args.oracle)
        log = oracle.log(light=True)
    except (OSError, ValueError, OracleError) as err:
        print("compare_light: %s" % err, file=sys.stderr)
        return 2
    if summary is None:
        print("compare_light: %s has no summary record" % args.giltop, file=sys.stderr)
        return 2
    report = judge(summary, oracle.pid, log, args.points)
    return 1 if report.failed or report.unsteady else 0


if __name__ == "__main__":
    sys.exit(main())
