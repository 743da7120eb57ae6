# SPDX-License-Identifier: BSD-2-Clause
"""The judge, judged: python3 -m unittest discover -s tests/oracle

Known events must give known totals, a summary that says the same must pass, and a summary with any one
figure changed must not.
"""
import contextlib
import copy
import io
import os
import tempfile
import unittest

import compare
import oracle_log
from oracle_log import ACQUIRE, RELEASE, WAIT, YIELD, YIELD_END, OracleError, OracleFile

MS = 1000000
PID = 100

# (ms, tid, kind): 101 holds from 0 to 30; 102 and 103 wait since 10 and 20; a gap of 2 ms; 102 takes it
# at 32, lets go at 52 and is back at once without a wait; 103 waits from 20 to 60, ..
SCRIPT = [
    (0, 101, ACQUIRE), (10, 102, WAIT), (15, 102, WAIT), (20, 103, WAIT), (30, 101, RELEASE),
    (30, 101, YIELD), (32, 102, ACQUIRE), (33, 101, YIELD_END), (34, 101, WAIT),
    (52, 102, RELEASE), (60, 103, ACQUIRE), (80, 103, RELEASE), (85, 101, ACQUIRE),
    (90, 101, RELEASE), (95, 101, ACQUIRE), (99, 101, RELEASE),
]


def write_log(path, script=SCRIPT, scale=MS, lost=0, late=0, spread=lambda at, tid, kind: 0):
    oracle = OracleFile.create(path, 1 << 20)
    chunks = {}
    for at, tid, kind in script:
        chunks.setdefault(tid, []).append(
            oracle_log.event(at * scale, 0, kind, spread(at, tid, kind)))
    for i, (tid, events) in enumerate(chunks.items()):
        base = oracle_log.HEADER_SZ + i * oracle_log.CHUNK_SZ
        data = oracle_log.CHUNK_HEAD.pack(tid, len(events), 0)
        data += b"".join(events)
        oracle.map[base:base + len(data)] = data
    head = list(oracle_log.HEADER.unpack_from(oracle.map))
    head[2], head[5], head[6], head[7] = PID, len(chunks), 1, lost
    head[9], head[10], head[11] = 0, 100 * scale, late
    oracle.map[:oracle_log.HEADER.size] = oracle_log.HEADER.pack(*head)
    return oracle


def summary_of(log):
    """What a giltop without error would have said."""
    threads = []
    for (tid, gil), t in log.threads.items():
        row = {"tid": tid, "name": "t%d" % tid, "gil": gil, "state": "released"}
        for name in t.COUNTS + t.TIMES + t.MAXIMA:
            row[name] = getattr(t, name)
        row["released_ns"] = row["span_ns"] = log.off_ns - log.on_ns
        row["released_ns"] -= t.wait_ns + t.hold_ns + t.yield_ns
        threads.append(row)
    gils = [{"id": g, "held_ns": log.held_ns[g], "gap_ns": log.gap_ns[g],
             "wait_ns": sum(t["wait_ns"] for t in threads if t["gil"] == g),
             "acquisitions": sum(t["acquisitions"] for t in threads if t["gil"] == g)}
            for g in log.held_ns]
    pairs = [{"waiter": w, "holder": h, "ns": ns} for (w, h), ns in log.pairs.items()]
    return {"type": "summary", "v": 1, "duration_ns": log.off_ns - log.on_ns, "lost_events": 0,
            "processes": [{"pid": PID, "gils": gils, "threads": threads, "pairs": pairs}]}


def quiet_judge(summary, log):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        report = compare.judge(summary, PID, log)
    return not report.failed and not report.unsteady, out.getvalue()


class Judge(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "oracle.bin")
        # 100 times longer than the script says, so that every total is far above the start tolerance
        self.log = write_log(self.path, scale=100 * MS).log()
        self.summary = summary_of(self.log)
        self.process = self.summary["processes"][0]

    def row(self, tid):
        return next(r for r in self.process["threads"] if r["tid"] == tid)

    def assert_judged(self, expected, what):
        ok, out = quiet_judge(self.summary, self.log)
        self.assertEqual(ok, expected, "%s\n%s" % (what, out))

    def test_known_events_give_known_totals(self):
        log = write_log(self.path, scale=MS).log()
        one, two, three = (log.threads[tid, 0] for tid in (101, 102, 103))
        self.assertEqual(
            (one.acquisitions, one.contended, one.releases, one.yields), (3, 1, 3, 1))
        self.assertEqual((one.wait_ns, one.yield_ns, one.hold_ns), (51 * MS, 3 * MS, 39 * MS))
        self.assertEqual((two.wait_ns, two.hold_ns), (22 * MS, 20 * MS))
        self.assertEqual((three.wait_ns, three.wait_max_ns), (40 * MS, 40 * MS))
        # 101: 102 waited 20 of its ms, 103 10; 102: 101 waited 18, 103 20; 103: 101 waited 20
        self.assertEqual((one.blame_ns, two.blame_ns, three.blame_ns), (30 * MS, 38 * MS, 20 * MS))
        # two waiters from 30 to 32, two from 52 to 60, one from 80 to 85
        self.assertEqual(log.gap_ns[0], (4 + 16 + 5) * MS)
        self.assertEqual(log.held_ns[0], 79 * MS)
        self.assertEqual(log.pairs[103, 102], 20 * MS)

    def test_equal_numbers_pass(self):
        self.assert_judged(True, "the oracle's own numbers")

    def test_any_changed_count_fails(self):
        for name in ("acquisitions", "contended", "releases", "yields"):
            for row in self.process["threads"]:
                row[name] += 1
                self.assert_judged(False, "%s of %d + 1" % (name, row["tid"]))
                row[name] -= 1
        self.assert_judged(True, "all restored")

    def test_any_changed_time_fails(self):
        for name, off in (("wait_ns", 0.02), ("yield_ns", 0.02), ("hold_ns", 0.03),
                          ("blame_ns", 0.03), ("hold_max_ns", 0.2), ("wait_max_ns", 0.2)):
            for row in self.process["threads"]:
                was = row[name]
                row[name] += int(off * was)
                self.assert_judged(not was, "%s of %d" % (name, row["tid"]))
                row[name] = was
        self.assert_judged(True, "all restored")

    def test_consistent_but_wrong_times_fail(self):
        """Every sum is right here, only the clock runs fast: the comparison alone must find it."""
        for percent, expected in ((0.0, True), (0.2, True), (1.5, False)):
            path = self.path + ".fast"
            self.summary = summary_of(write_log(path, scale=int(100 * MS * (1 + percent / 100)))
                                      .log())
            self.assert_judged(expected, "clock %.1f%% fast" % percent)

    def test_one_nanosecond_breaks_an_invariant(self):
        for name in ("wait_ns", "blame_ns", "hold_ns", "released_ns"):
            self.row(102)[name] += 1
            self.assert_judged(False, name)
            self.row(102)[name] -= 1
        self.process["gils"][0]["gap_ns"] += 1
        self.assert_judged(False, "gap_ns")

    def test_changed_gil_totals_fail(self):
        gil = self.process["gils"][0]
        for name in ("held_ns", "gap_ns", "wait_ns", "acquisitions"):
            was = gil[name]
            gil[name] = int(was * 0.9) - 1
            self.assert_judged(False, name)
            gil[name] = was

    def test_missing_and_strange_threads_fail(self):
        row = self.row(103)
        self.process["threads"].remove(row)
        self.assert_judged(False, "a thread is missing")
        self.process["threads"].append(row)
        self.process["threads"].append(dict(row, tid=999))
        self.assert_judged(False, "a thread too many")

    def test_threads_folded_into_one_row_pass_by_their_sum(self):
        rows = [self.row(102), self.row(103)]
        folded = compare.add_rows(rows)
        folded.update(tid=0, span_ns=rows[0]["span_ns"] + rows[1]["span_ns"])
        self.process["threads"] = [self.row(101), folded]
        self.process["pairs"] = []
        self.assert_judged(True, "folded")
        folded["acquisitions"] -= 1
        self.assert_judged(False, "one acquisition short")

    def test_unknown_total_fails(self):
        saved = copy.deepcopy(self.row(102))
        for name in ("wait_ns", "hold_ns", "blame_ns"):
            self.row(102)[name] = None
            self.assert_judged(False, name + " null")
            self.row(102).update(saved)

    def test_loss_and_empty_records_fail(self):
        self.summary["lost_events"] = 1
        self.assert_judged(False, "lost events")
        self.summary["lost_events"] = 0
        self.summary["violations"] = 1
        self.assert_judged(False, "violations")
        self.summary["violations"] = 0
        self.process["threads"], self.process["gils"] = [], []
        self.assert_judged(False, "no threads")
        self.log = oracle_log.Log({}, 0, 0, 0, 100 * MS)
        self.assert_judged(False, "nothing measured at all")
        self.summary["processes"] = []
        self.assert_judged(False, "no process")

    def test_wrong_pair_fails(self):
        self.process["pairs"][0]["ns"] //= 2
        self.assert_judged(False, "pair")

    def test_only_times_are_worth_a_second_measurement(self):
        out = io.StringIO()
        for name, failed in (("acquisitions", True), ("yield_ns", False)):
            self.row(101)[name] += 1000 * MS
            self.row(101)["released_ns"] -= 1000 * MS * (name == "yield_ns")
            with contextlib.redirect_stdout(out):
                report = compare.judge(self.summary, PID, self.log)
            self.assertEqual((report.failed, report.unsteady), (failed, not failed), out.getvalue())
            self.summary = summary_of(self.log)
            self.process = self.summary["processes"][0]

    def interrupted_log(self, when, spread_ns):
        """All events take 1 us from one clock to the other, but one ACQUIRE or RELEASE."""
        return write_log(self.path, scale=100 * MS, spread=lambda at, tid, kind:
                         spread_ns if (at, kind) == when else 1000).log()

    def test_an_interruption_is_granted_where_it_was_and_no_more(self):
        ms = 300 * MS
        for when, factor in (((32, ACQUIRE), 1), ((52, RELEASE), -1)):
            self.log = self.interrupted_log(when, ms)
            for change, expected in ((0.9, True), (1.2, False), (-0.5, False)):
                self.summary = summary_of(self.log)
                self.process = self.summary["processes"][0]
                row = self.row(102)
                row["hold_ns"] += int(factor * change * ms)
                row["released_ns"] -= int(factor * change * ms)
                self.assert_judged(expected, "%s, hold %+.1f of it" % (when, factor * change))

    def test_usual_spreads_grant_nothing(self):
        self.log = write_log(self.path, scale=100 * MS, spread=lambda at, tid, kind: 300 * MS).log()
        self.summary = summary_of(self.log)
        self.process = self.summary["processes"][0]
        self.assert_judged(True, "equal")
        self.row(102)["hold_ns"] += 100 * MS
        self.assert_judged(False, "hold longer than one per cent")

    def test_of_many_short_holds_each_may_be_off_by_what_its_ends_differ(self):
        """20 us each: 0.3 us are more than the per cent, 1 us is wrong all the same."""
        script = []
        for i in range(2000):
            script += [(40 * i, 1, ACQUIRE), (40 * i + 20, 1, RELEASE)]
        for ways, more_ns, expected in (((4000, 4300), 300, True), ((4000, 4300), 1000, False),
                                        ((4000, 4000), 300, True), ((1000, 1000), 300, False)):
            self.log = write_log(self.path, script, scale=1000, spread=lambda at, tid, kind:
                                 ways[kind == RELEASE]).log()
            self.log.off_ns = 100 * MS
            self.summary = summary_of(self.log)
            self.process = self.summary["processes"][0]
            row = self.row(1)
            row["hold_ns"] += more_ns * 2000
            row["released_ns"] -= more_ns * 2000
            self.process["gils"][0]["held_ns"] += more_ns * 2000
            self.assert_judged(expected, "ways %s, %d ns more each" % (ways, more_ns))

    def test_a_stepped_wait_begins_before_its_step(self):
        def spread(at, tid, kind):
            return 16 * MS if kind in (WAIT, YIELD) else MS

        now, late = (write_log(self.path, scale=100 * MS, late=late, spread=spread).log()
                     for late in (0, 1))
        for thread in now.threads.values():
            other = late.threads[thread.tid, 0]
            self.assertEqual(other.wait_ns - thread.wait_ns, thread.contended * 15 * MS)
            self.assertEqual(other.yield_ns - thread.yield_ns, thread.yields * 15 * MS)
            self.assertEqual(other.hold_ns, thread.hold_ns)

    def test_an_interruption_is_granted_to_the_blame_of_who_held_then(self):
        """.. once per waiter: one waits from 32 on (103; 102 has it then), two at 52; 101 holds at 20."""
        ms = 300 * MS
        for when, tid, side, times in (((32, ACQUIRE), 102, "more_ns", 1), ((52, RELEASE), 102, "less_ns", 2),
                                       ((20, WAIT), 101, "more_ns", 1)):
            log = self.interrupted_log(when, ms)
            granted = {(t.tid, s): getattr(t, s)["blame_ns"] for t in log.threads.values()
                       for s in ("less_ns", "more_ns") if getattr(t, s)["blame_ns"]}
            self.assertEqual(granted, {(tid, side): times * (ms - 1000)}, when)

    def test_blame_of_a_short_hold_that_all_wait_for(self):
        """1 us more of a hold is 50 us more of blame with 50 that wait; far more is wrong all the same."""
        script = [(0, 1, ACQUIRE)] + [(1000 + i, 100 + i, WAIT) for i in range(50)]
        script += [(2000, 1, RELEASE), (2010, 99, ACQUIRE), (2012, 99, RELEASE)]
        for i in range(50):
            script += [(2020 + 1000 * i, 100 + i, ACQUIRE), (3000 + 1000 * i, 100 + i, RELEASE)]
        self.log = write_log(self.path, script, scale=1000).log()  # in us
        self.log.off_ns = 100 * MS
        for more_ns, expected in ((50000, True), (2000000, False)):
            self.summary = summary_of(self.log)
            self.process = self.summary["processes"][0]
            self.process["pairs"] = []
            self.row(99)["blame_ns"] += more_ns
            self.process["gils"][0]["gap_ns"] -= more_ns
            self.assert_judged(expected, "%d ns of blame more" % more_ns)

    def test_log_with_a_hole_is_refused(self):
        with self.assertRaises(OracleError):
            write_log(self.path, lost=1).log()

    def test_impossible_log_is_refused(self):
        for script in ([(0, 101, ACQUIRE), (1, 101, ACQUIRE)], [(0, 101, RELEASE)],
                       [(0, 101, ACQUIRE), (5, 102, ACQUIRE), (6, 102, RELEASE)]):
            with self.assertRaises(OracleError):
                write_log(self.path, script).log()


if __name__ == "__main__":
    unittest.main()
