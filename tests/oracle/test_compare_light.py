# SPDX-License-Identifier: BSD-2-Clause
"""The judge of light mode, judged, as in test_compare.py."""
import contextlib
import io
import os
import tempfile
import unittest

import compare_light
from oracle_log import ACQUIRE, AFTER, RELEASE, WAIT, YIELD, YIELD_END
from test_compare import MS, PID, summary_of, write_log

# As there, and what a wait's end shows: 102 finds the GIL free 0.5 ms before it says so, 103 at once.
SCRIPT = [
    (0, 101, ACQUIRE), (10, 102, WAIT), (15, 102, WAIT), (20, 103, WAIT), (30, 101, RELEASE),
    (30, 101, YIELD), (31.5, 102, AFTER), (32, 102, ACQUIRE), (33, 101, YIELD_END), (34, 101, WAIT),
    (52, 102, RELEASE), (60, 103, AFTER), (60, 103, ACQUIRE), (80, 103, RELEASE), (85, 101, AFTER), (85, 101, ACQUIRE),
    (90, 101, RELEASE), (95, 101, ACQUIRE), (99, 101, RELEASE),
]
WAITS = [(10, 102, 101, 21.5), (20, 103, 101, 11.5), (31.5, 103, 102, 28.5), (34, 101, 102, 26), (60, 101, 103, 25)]


def light_summary(log):
    """What a giltop without error would have said: the gap is of who held last."""
    summary = summary_of(log)
    process = summary["processes"][0]
    process.update(mode="light", mode_auto=False)
    pairs = {}
    for _, waiter, holder, ms in WAITS:
        pairs[waiter, holder] = pairs.get((waiter, holder), 0) + int(ms * 100 * MS)
    process["pairs"] = [{"waiter": w, "holder": h, "ns": ns} for (w, h), ns in pairs.items()]
    for row in process["threads"]:
        row["blame_ns"] = sum(ns for (_, holder), ns in pairs.items() if holder == row["tid"])
        row.update(dict.fromkeys(compare_light.UNKNOWN))
    for gil in process["gils"]:
        gil.update(dict.fromkeys(compare_light.UNKNOWN_GIL), runnable_ns=0, unsure_ns=0)
    summary.update(lost_detail=0, violations=0)
    return summary


class Judge(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        script = [(int(10 * at), tid, kind) for at, tid, kind in SCRIPT]
        self.oracle = write_log(os.path.join(folder.name, "oracle.bin"), script, scale=10 * MS)
        self.log = self.oracle.log(light=True)
        self.log.off_ns = 10000 * MS
        self.summary = light_summary(self.log)
        self.process = self.summary["processes"][0]

    def row(self, tid):
        return next(r for r in self.process["threads"] if r["tid"] == tid)

    def move_blame(self, ns):
        """From 101 to 103."""
        for tid, pair, change in ((101, 0, -ns), (103, -1, ns)):
            self.row(tid)["blame_ns"] += change
            self.process["pairs"][pair]["ns"] += change

    def assert_judged(self, expected, what, points=15):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            report = compare_light.judge(self.summary, PID, self.log, points)
        self.assertEqual(not report.failed and not report.unsteady, expected, "%s\n%s" % (what, out.getvalue()))

    def test_a_wait_ends_when_the_gil_was_found_free(self):
        exact, light = (self.oracle.log(light).threads[102, 0] for light in (False, True))
        self.assertEqual(exact.wait_ns - light.wait_ns, 50 * MS)
        self.assertEqual(light.hold_ns - exact.hold_ns, 50 * MS)
        self.assertEqual((exact.contended, exact.acquisitions), (light.contended, light.acquisitions))

    def test_equal_numbers_pass(self):
        self.assert_judged(True, "the oracle's own numbers")

    def test_any_changed_count_fails(self):
        for name in ("contended", "yields"):
            for row in self.process["threads"]:
                row[name] += 1
                self.assert_judged(False, "%s of %d + 1" % (name, row["tid"]))
                row[name] -= 1

    def test_any_changed_time_fails(self):
        for name in ("wait_ns", "yield_ns"):
            for row in self.process["threads"]:
                was = row[name]
                row[name] += int(0.01 * was)
                self.assert_judged(not was, "%s of %d" % (name, row["tid"]))
                row[name] = was

    def test_one_nanosecond_breaks_a_balance(self):
        for rows, name in ((self.process["threads"], "wait_ns"), (self.process["threads"], "blame_ns"),
                           (self.process["gils"], "runnable_ns"), (self.process["gils"], "unsure_ns"),
                           (self.process["pairs"], "ns")):
            rows[0][name] += 1
            self.assert_judged(False, name)
            rows[0][name] -= 1
        self.assert_judged(True, "all restored")

    def test_shares_of_blame_may_differ_by_so_much(self):
        for ns, points, expected in ((0, 5, True), (1000 * MS, 5, False), (1000 * MS, 15, True), (3000 * MS, 15, False)):
            self.move_blame(ns)
            self.assert_judged(expected, "%d ns of blame moved, %d points" % (ns, points), points)
            self.move_blame(-ns)

    def test_where_nobody_held_for_long_they_may_differ_by_more(self):
        self.move_blame(1000 * MS)
        wait = sum(t.wait_ns for t in self.log.threads.values())
        for part, expected in ((0, False), (0.6, True)):
            self.log.gap_ns = {0: int(wait * part)}
            self.assert_judged(expected, "%.1f of the waiting is gap" % part, 5)

    def test_what_cannot_be_known_is_null(self):
        for rows, names in ((self.process["threads"], compare_light.UNKNOWN), (self.process["gils"], compare_light.UNKNOWN_GIL)):
            for name in names:
                rows[0][name] = 0
                self.assert_judged(False, name)
                rows[0][name] = None

    def test_exact_books_and_loss_fail(self):
        for where, name, value in ((self.process, "mode", "exact"), (self.process, "mode_auto", True),
                                   (self.summary, "lost_events", 1), (self.summary, "violations", 1)):
            was = where[name]
            where[name] = value
            self.assert_judged(False, name)
            where[name] = was


if __name__ == "__main__":
    unittest.main()
