# SPDX-License-Identifier: BSD-2-Clause
"""GIL cycles at a rate: how much work lies between them, and what each costs."""
import time

from rig import Giltop, lower_quartile
from turns import TURN_S, modes_of

CHUNKS = 5  # at least


class Work:
    """How many passes of an empty loop make a rate: from readings of the bare process."""

    def __init__(self, load):
        self.load = load
        few, many = (self.period(passes) for passes in (200, 20000))
        self.pass_ns = (many - few) / (20000 - 200)
        self.none_ns = self.period(0)

    def period(self, passes):
        """ns: the least of a few moments apart from each other."""
        best = []
        for _ in range(4):
            done = self.load.run("chunks", 0.2, passes, 0.02)["chunks"]
            best += [chunk["cpu_ns"] / chunk["ops"] for chunk in done]
            time.sleep(0.1)
        return min(best)

    def passes(self, rate):
        return max(0, int((1e9 / rate - self.none_ns) / self.pass_ns))

    def real(self, rate):
        """What it really is while nothing disturbs."""
        return 1e9 / self.period(self.passes(rate))

    @staticmethod
    def chunk_s(rate):
        """Long enough for a hundred cycles: a mean of a few would say more of its outliers."""
        return max(0.005, 100 / rate)


def turn(load, work, rate):
    """ns of a cycle, as in turns.py."""
    chunk_s = work.chunk_s(rate)
    done = load.run("chunks", max(TURN_S, CHUNKS * chunk_s), work.passes(rate), chunk_s)["chunks"]
    return lower_quartile([chunk["cycle_ns"] for chunk in done])


class Prices:
    """ns of a cycle bare, and what exact tracing adds to it, by rate."""

    def __init__(self, args, load, work, rates):
        self.bare = {rate: turn(load, work, rate) for rate in rates}
        giltop = Giltop(args.giltop, load.pid, modes_of(args)[0][1])
        try:
            self.exact_ns = {rate: turn(load, work, rate) - self.bare[rate] for rate in rates}
        finally:
            giltop.stop()


def cost_ns(chunk, prices, rate):
    """What probes cost a chunk under auto: they were there or not, which is told by its cycles. All that
    these took longer would be more than that: over minutes a machine's noise does not cancel."""
    exact_ns = prices.exact_ns[rate]
    return exact_ns * chunk["ops"] if chunk["cycle_ns"] > prices.bare[rate] + exact_ns / 2 else 0.0
