#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Judge giltop's numbers by the oracle's: compare.py GILTOP.jsonl ORACLE

GILTOP.jsonl is the output of `giltop -b --json -p PID` over exactly the window in which the oracle was
switched on (the process parked at both ends); its last summary record counts.

 * Counts (acquisitions, contended, releases, yields) are equal, thread by thread.
 * Times agree within the tolerances below, thread by thread and in sum.
 * giltop's own numbers keep the invariants of its accounting, in integers.

Prints a table, one PASS or FAIL line a check, and the largest errors. Exit 0: all pass; 1: not; 2: no
comparison possible.
"""
import argparse
import json
import signal
import sys

from oracle_log import OracleError, OracleFile, Thread

# giltop's clock and the oracle's are a moment apart: giltop's is in the uprobe's handler, the oracle's is
# behind it, about as far at both ends of a wait or hold. So what is granted for an event as such is little: by how much
# the usual ways of both ends differ in this run (ENDS in oracle_log.py). A thread that was interrupted between the
# two clocks is known to the oracle (less_ns, more_ns), and what that took is granted: giltop's time lies in an interval,
# and must not be farther from it than this.
# START_NS is for totals near zero: a handful of events on a path with cold caches. Of blame that is an end of a hold
# which is so much off once for each that waited meanwhile, and so long as START_WAYS of the usual ways from one of the
# oracle's clocks to the other, within BLAME_START_NS: what a probe's hit takes differs from machine to machine.
RELATIVE = {"wait_ns": 0.005, "yield_ns": 0.005, "hold_ns": 0.01, "blame_ns": 0.01}
START_NS = 20000
START_WAYS, BLAME_START_NS = 8, (START_NS, 200000)
# A largest wait or hold is one event, so one interrupt between the clocks can be all of the error:
# they are looked at for gross mistakes (a wrong maximum, units) only.
MAX_RELATIVE, MAX_START_NS = 0.05, 10000000
# A table of pairs of this size may be full (BPF hash maps are preallocated in powers of two).
PAIRS_FULL = 4096
# Relative errors of totals below this say nothing; they are checked, but not listed as errors.
LISTED_NS = 5000000


class Report:
    """.failed: something is wrong; .unsteady: a time is off, which a thread that was preempted between
    the two clocks (for milliseconds, on a busy machine) makes true as well: worth a second measurement.
    """

    def __init__(self):
        self.failed = self.unsteady = False

    def check(self, ok, what, detail="", steady=True):
        self.failed |= not ok and steady
        self.unsteady |= not ok and not steady
        print("%s %s%s" % ("PASS" if ok else "FAIL", what, ": " + detail if detail else ""))


def read_summary(path):
    """The last summary record of a JSON lines file, or None."""
    summary = None
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.strip():
                record = json.loads(line)
                if record.get("type") == "summary":
                    summary = record
    return summary


def by_thread(log):
    """The oracle's totals by tid, all GILs together: giltop has one row a thread."""
    rows = {}
    for (tid, _), thread in log.threads.items():
        rows.setdefault(tid, Thread(tid, thread.gil)).add(thread)
    return rows


def pair_up(process, rows):
    """-> [(label, giltop row, oracle Thread)], [giltop rows without a partner].

    giltop folds many ended threads into one row (tid 0 or null): its partner is the sum of all threads
    that have no row of their own.
    """
    matched, strangers, folded = [], [], []
    left = dict(rows)
    for row in process["threads"]:
        if not row.get("tid"):
            folded.append(row)
        elif row["tid"] in left:
            matched.append((str(row["tid"]), row, left.pop(row["tid"])))
        else:
            strangers.append(row)
    if folded:
        rest = Thread(0, 0)
        for thread in left.values():
            rest.add(thread)
        matched.append(("ended", add_rows(folded), rest))
        left = {}
    empty = {name: 0 for name in Thread.COUNTS + Thread.TIMES}
    matched += [(str(tid), dict(empty, tid=tid, name="missing"), t) for tid, t in left.items()]
    return matched, strangers


def add_rows(rows):
    total = dict(rows[0])
    for row in rows[1:]:
        for name in Thread.COUNTS + Thread.TIMES + ("released_ns",):
            if name in row:
                total[name] = total.get(name, 0) + row[name]
        for name in Thread.MAXIMA:
            total[name] = max(total.get(name) or 0, row.get(name) or 0)
    return total


class Scale:
    """What a tolerance depends on, from the oracle's totals."""

    def __init__(self, threads, log, event_ns):
        window_ns = log.off_ns - log.on_ns
        self.blame_start_ns = min(max(BLAME_START_NS[0], START_WAYS * log.way_ns), BLAME_START_NS[1])
        self.event_ns = {name: max(event_ns, ns) for name, ns in log.event_ns.items()}
        self.load = max(1.0, sum(t.wait_ns for t in threads) / max(1, window_ns))  # mean of waiters

    def waiters(self, thread):
        """How many waited while this thread held: a thread of one short hold may have met all of them."""
        return max(self.load, thread.blame_ns / max(1, thread.hold_ns))


def interval(name, thread):
    """-> (lowest, highest) that a total of this thread can be for giltop."""
    total = getattr(thread, name)
    if name in Thread.MAXIMA:
        return total - MAX_START_NS, total + MAX_START_NS
    return total - thread.less_ns[name], total + thread.more_ns[name]


def distance(value, bounds):
    """How far outside of bounds."""
    return max(bounds[0] - value, value - bounds[1], 0)


def allowed(name, thread, scale):
    """Tolerance (ns) around the interval of a total."""
    total = getattr(thread, name)
    if name in Thread.MAXIMA:
        return MAX_RELATIVE * total
    events = {"wait_ns": thread.contended, "yield_ns": thread.yields, "hold_ns": thread.acquisitions,
              "blame_ns": thread.acquisitions}[name]
    start_ns, times = START_NS, 1
    if name == "blame_ns":
        start_ns, times = scale.blame_start_ns, scale.waiters(thread)
    return RELATIVE[name] * total + (start_ns + scale.event_ns[name] * events) * times


def check_counts(report, matched):
    for name in Thread.COUNTS:
        if name == "releases" and not any(name in row for _, row, _ in matched):
            continue
        wrong = [(label, row.get(name), getattr(t, name)) for label, row, t in matched
                 if row.get(name) != getattr(t, name)]
        total = sum(getattr(t, name) for _, _, t in matched)
        detail = "%d in %d threads, equal" % (total, len(matched))
        if wrong:
            detail = "%d of %d threads differ, e.g. thread %s: giltop %s, oracle %s" % (
                (len(wrong), len(matched)) + wrong[0])
        report.check(not wrong, name, detail)


def check_times(report, matched, scale):
    """-> {name: (largest error of a thread, error of the sum)} as fractions, outside of the intervals."""
    errors = {}
    for name in Thread.TIMES + Thread.MAXIMA:
        wrong, worst = [], 0.0
        sums = [0, 0, 0, 0]  # giltop, oracle, lowest, highest
        for label, row, thread in matched:
            truth, value = getattr(thread, name), row.get(name)
            if value is None and name in Thread.MAXIMA and truth == 0:
                continue  # unknown: no wait or hold to have a maximum of
            bounds = interval(name, thread)
            diff = None if value is None else distance(value, bounds)
            limit = allowed(name, thread, scale)
            if diff is None or diff > limit:
                wrong.append("thread %s: giltop %s, oracle %d .. %d, allowed +-%d" % (
                    (label, value) + bounds + (limit,)))
            elif truth >= LISTED_NS:
                worst = max(worst, diff / truth)
            sums = [a + b for a, b in zip(sums, (value or 0, truth) + bounds)]
        off = distance(sums[0], sums[2:])
        errors[name] = worst, off / sums[1] if sums[1] else 0.0
        report.check(not wrong, name, wrong[0] + ", and %d more" % (len(wrong) - 1) if wrong else
                     "%d, oracle %d, worst thread %.3f%%" % (*sums[:2], 100 * worst), steady=False)
    return errors


def check_gils(report, process, log, scale):
    """Totals of each GIL against the oracle. GIL numbers are in order of appearance on both sides."""
    for gil in process["gils"]:
        number = gil["id"]
        if number not in log.held_ns:
            report.check(not gil["acquisitions"], "gil %d" % number, "unknown to the oracle")
            continue
        threads = [t for (_, g), t in log.threads.items() if g == number]
        acquisitions = sum(t.acquisitions for t in threads)
        report.check(gil["acquisitions"] == acquisitions, "gil %d acquisitions" % number,
                     "%d, oracle %d" % (gil["acquisitions"], acquisitions))
        # what an end of a gap is off counts once for every waiter
        events_ns = scale.event_ns["hold_ns"] * acquisitions
        for name, truth, rel, times in (("held_ns", log.held_ns[number], 0.01, 1.0),
                                        ("gap_ns", log.gap_ns[number], 0.02, scale.load)):
            limit = rel * truth + (log.unsure_ns[number] + START_NS + events_ns) * times
            report.check(abs(gil[name] - truth) <= limit, "gil %d %s" % (number, name),
                         "%d, oracle %d, allowed +-%d" % (gil[name], truth, limit), steady=False)


def check_invariants(report, summary, process):
    """giltop's own numbers, in integers; no oracle needed."""
    need = ("wait_ns", "yield_ns", "hold_ns", "released_ns", "blame_ns")
    unknown = [(r.get("tid"), n) for r in process["threads"] for n in need if r.get(n) is None]
    report.check(not unknown, "every total is known", str(unknown[:1] or ""))
    if unknown:
        return
    duration = summary["duration_ns"]
    lost = summary.get("lost_events")
    report.check(lost == 0, "nothing lost", "lost_events %s" % lost)
    violations = summary.get("violations", 0)
    report.check(violations == 0, "giltop itself saw no violation", str(violations or ""))
    for gil in process["gils"]:
        rows = [r for r in process["threads"] if r.get("gil") == gil["id"]]
        hold = sum(r["hold_ns"] for r in rows)
        report.check(hold <= duration, "invariant 1: gil %d held at most all the time" % gil["id"],
                     "%d of %d ns" % (hold, duration))
    wait = sum(r["wait_ns"] for r in process["threads"])
    blame = sum(r["blame_ns"] for r in process["threads"])
    gap = sum(g["gap_ns"] for g in process["gils"])
    report.check(wait == blame + gap, "invariant 2: wait = blame + gap",
                 "%d = %d + %d, off by %d ns" % (wait, blame, gap, wait - blame - gap))
    integral = [g["wait_ns"] for g in process["gils"] if g.get("wait_ns") is not None]
    report.check(not integral or sum(integral) == wait, "invariant 2: sum of waits = the integral",
                 "%s of %d" % (sum(integral), wait))
    wrong, exact = [], 0
    for row in process["threads"]:
        total = row["hold_ns"] + row["wait_ns"] + row["yield_ns"] + row["released_ns"]
        span = row.get("span_ns")
        exact += span is not None
        if total != span if span is not None else row.get("tid") and total > duration:
            wrong.append("thread %s: %d ns of %s" % (row.get("tid"), total, span or duration))
    report.check(not wrong, "invariant 3: hold + wait + yield + released = time known",
                 wrong[0] if wrong else "%d threads exactly" % exact)
    wrong = [r.get("tid") for r in process["threads"] if r.get("tid") and "releases" in r and
             r["acquisitions"] - r["releases"] not in (0, 1)]
    report.check(not wrong, "invariant 4: acquisitions - releases is 0 or 1", str(wrong or ""))
    if process.get("pairs"):
        check_pairs(report, process)


def check_pairs(report, process):
    by_waiter, by_holder = {}, {}
    for pair in process["pairs"]:
        by_waiter[pair["waiter"]] = by_waiter.get(pair["waiter"], 0) + pair["ns"]
        by_holder[pair["holder"]] = by_holder.get(pair["holder"], 0) + pair["ns"]
    rows = {r["tid"]: r for r in process["threads"] if r.get("tid")}
    wrong = [t for t, ns in by_waiter.items() if t in rows and ns > rows[t]["wait_ns"]]
    # Blame for waiters still waiting is not in the pairs yet; a ring overrun goes to "other".
    wrong += [t for t, ns in by_holder.items() if t in rows and ns > rows[t]["blame_ns"]]
    report.check(not wrong, "invariant 5: pairs within wait and blame", str(wrong or ""))
    other = sum(p["ns"] for p in process["pairs"] if not p["holder"] or not p["waiter"])
    total = sum(by_waiter.values())
    blame = sum(r["blame_ns"] for r in process["threads"])
    report.check(total <= blame, "invariant 5: sum of pairs within sum of blame",
                 "%d of %d, %d by others" % (total, blame, other))


def check_pair_values(report, process, log, scale):
    """How much waiting is booked to another pair than it belongs to, over all pairs? What giltop
    itself has put under "other" (holds that it no longer remembered) is not wrong, only missing; so is
    what it could put under no pair because its table was full: said, not judged.
    """
    if not process.get("pairs"):
        return
    named, other = {}, 0
    for pair in process["pairs"]:
        if pair["holder"] and pair["waiter"]:
            named[pair["waiter"], pair["holder"]] = pair["ns"]
        else:
            other += pair["ns"]
    blame = sum(log.pairs.values())
    limit = 0.02 * blame + (sum(log.unsure_ns.values()) + START_NS) * scale.load
    unbooked = max(0, blame - other - sum(named.values()))
    full = len(process["pairs"]) >= PAIRS_FULL
    report.check(full or unbooked <= limit, "all waiting is in some pair", "%d of %d ns in none%s" % (
        unbooked, blame, ", the table is full" if full else ""), steady=False)
    wrong = sum(abs(named.get(key, 0) - log.pairs.get(key, 0)) for key in set(named) | set(log.pairs))
    wrong = max(0, wrong - other - (unbooked if full else 0))
    report.check(wrong <= limit, "pairs", "%d, oracle %d; %.1f%% of the waiting is under other, "
                 "%d ns wrong, allowed %d" % (len(named), len(log.pairs),
                                              100 * other / max(1, blame), wrong, limit),
                 steady=False)


def print_table(matched, limit):
    head = "%8s %-15s %8s %8s | %11s %8s | %11s %8s | %11s %8s | %11s %8s"
    print(head % ("tid", "name", "acquis.", "oracle", "wait us", "error", "yield us", "error",
                  "hold us", "error", "blame us", "error"))
    order = sorted(matched, key=lambda m: -(m[2].wait_ns + m[2].yield_ns + m[2].hold_ns))
    for label, row, thread in order[:limit]:
        cells = []
        for name in ("wait_ns", "yield_ns", "hold_ns", "blame_ns"):
            value, truth = row.get(name), getattr(thread, name)
            cells.append("?" if value is None else "%.1f" % (value / 1e3))
            cells.append("-" if not truth or value is None else
                         "%+.3f%%" % (100.0 * (value - truth) / truth))
        print(head % tuple([label, (row.get("name") or "?")[:15], row.get("acquisitions"),
                            thread.acquisitions] + cells))
    if len(order) > limit:
        print("%8s %d more threads" % ("..", len(order) - limit))


def judge(summary, oracle_pid, log, limit=12, event_ns=0):
    """event_ns: granted for each wait, yield or hold at least. -> Report"""
    report = Report()
    process = next((p for p in summary["processes"] if p["pid"] == oracle_pid), None)
    if process is None:
        report.check(False, "process %d is in the summary" % oracle_pid)
        return report
    matched, strangers = pair_up(process, by_thread(log))
    scale = Scale([t for _, _, t in matched], log, event_ns)
    print_table(matched, limit)
    report.check(log.event_cnt > 0 and bool(matched), "something was measured")
    wrong = [r["tid"] for r in strangers if r["acquisitions"] or r["wait_ns"] or r["hold_ns"]]
    report.check(not wrong, "no thread that the oracle has not seen", str(wrong or ""))
    check_counts(report, matched)
    errors = check_times(report, matched, scale)
    check_gils(report, process, log, scale)
    check_invariants(report, summary, process)
    check_pair_values(report, process, log, scale)
    print("errors, worst thread/sum: " + "  ".join(
        "%s %.3f%%/%.3f%%" % (n[:-3], 100 * errors[n][0], 100 * errors[n][1]) for n in errors))
    return report


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("giltop")
    parser.add_argument("oracle")
    parser.add_argument("--threads", type=int, default=12, help="rows of the table")
    args = parser.parse_args()
    try:
        summary = read_summary(args.giltop)
        oracle = OracleFile(args.oracle)
        log = oracle.log()
    except (OSError, ValueError, OracleError) as err:
        print("compare: %s" % err, file=sys.stderr)
        return 2
    if summary is None:
        print("compare: %s has no summary record" % args.giltop, file=sys.stderr)
        return 2
    report = judge(summary, oracle.pid, log, args.threads)
    return 1 if report.failed or report.unsteady else 0


if __name__ == "__main__":
    sys.exit(main())
