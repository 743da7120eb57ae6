# SPDX-License-Identifier: BSD-2-Clause
"""auto's own check: GIL cycles at a rate that swings between one that it can afford and one that it cannot.

Cost is that of the probes which its cycles met (cycles.py), in pieces of 20 ms, one after the other."""
import json
import time

from cycles import Prices, Work, cost_ns
from rig import Giltop, Load
from turns import modes_of

CALM, FAST = 1e3, 500e3
WINDOW_S = 60
BUDGET = 1.0  # giltop's default, in % of a CPU
# Besides the budget: points of a CPU, and the time until holds are seen again.
BOUND_POINTS = 1.0
AGAIN_S = 20


class Modes:
    """What giltop said of its mode, and when: [(monotonic seconds, "exact" or "light")]."""

    def __init__(self):
        self.said = []

    def __call__(self, line):
        record = json.loads(line)
        if record["type"] == "snapshot" and record["processes"]:
            self.said.append((time.monotonic(), record["processes"][0].get("mode")))

    def until_exact(self, start, end):
        """Seconds from start to the first interval that is exact, and stays so until end. None: not."""
        at = None
        for moment, mode in self.said:
            if start <= moment <= end:
                at = None if mode != "exact" else at or moment
        return None if at is None else at - start


class Second:
    """Of a load at a rate: what its cycles took longer."""

    def __init__(self, load, work, prices, rate):
        chunks = load.run("chunks", 0.97, work.passes(rate), 0.02)["chunks"]
        self.added_ns = sum(cost_ns(chunk, prices, rate) for chunk in chunks)
        self.wall_ns = sum(chunk["wall_ns"] for chunk in chunks)


def rolling(seconds, width):
    """Cost of one CPU over each so many seconds on end."""
    def cost(some):
        return sum(s.added_ns for s in some) / sum(s.wall_ns for s in some)

    return [cost(seconds[i:i + width]) for i in range(max(1, len(seconds) - width + 1))]


def measure_swing(args, plan, python, report):
    report.section = "swing"
    options = dict(modes_of(args)).get("auto")
    if options is None:
        report.absent("auto", "this giltop has no --mode")
        return
    load, modes = Load(python), Modes()
    seconds, calm = [], []
    try:
        work = Work(load)
        prices = Prices(args, load, work, (CALM, FAST))
        giltop = Giltop(args.giltop, load.pid, options, modes)
        try:
            for rate in (FAST, CALM) * 2:
                start = time.monotonic()
                while time.monotonic() - start < plan.swing_s:
                    seconds.append(Second(load, work, prices, rate))
                if rate == CALM:
                    calm.append((start, time.monotonic()))
        finally:
            giltop.stop()
        real = {rate: work.real(rate) for rate in (CALM, FAST)}
    finally:
        load.close()
    known = any(mode for _, mode in modes.said)
    tell(report, seconds, real, [modes.until_exact(*span) for span in calm] if known else [], plan)


def tell(report, seconds, real, again, plan):
    rolled = rolling(seconds, min(WINDOW_S, len(seconds)))
    first = seconds[0]
    report.figure("cost, the worst %d s of it" % min(WINDOW_S, len(seconds)), max(rolled) * 100,
                  "% of a CPU", BUDGET + BOUND_POINTS)
    report.figure("cost, all of it", rolling(seconds, len(seconds))[0] * 100, "% of a CPU", BUDGET)
    report.figure("cost, its first second, fast", first.added_ns / first.wall_ns * 100, "% of a CPU")
    if not again:
        report.absent("exact again after the load is calm", "this giltop does not say in which mode it is")
    for i, took in enumerate(again):
        name = "exact again after the load is calm, time %d" % (i + 1)
        if took is None:
            report.skipped(name, "not within %d s" % plan.swing_s)
        else:
            report.figure(name, took, "s", AGAIN_S)
    report.data["swing"] = {
        "calm": real[CALM], "fast": real[FAST], "period_s": plan.swing_s, "worst": max(rolled) * 100,
        "all": rolling(seconds, len(seconds))[0] * 100, "again_s": again,
        "seconds": [100 * s.added_ns / s.wall_ns for s in seconds]}
