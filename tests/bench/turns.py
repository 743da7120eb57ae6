# SPDX-License-Identifier: BSD-2-Clause
"""Turns: one running process, in slices bare and under each tracer, in a new order each round.

One process because its layout in memory is worth more of a loop than what is to be seen here; ratios
within a round because what drifts then meets all alike; of the short slices of a turn the lower quartile,
because what else runs on a machine only ever makes a loop slower. `bare` takes part twice: what the
second differs from the first is what this machine cannot tell apart.
"""
import random

from rig import CPUS, LOAD_CPU, Giltop, half_quartiles, lower_quartile, median

TURN_S = 0.12
# Of one thread, of threads that hand over all the time, and of those that do so once in a switch interval.
SLICE_S = {"read": 0.005, "crc": 0.005, "pingpong": 0.01, "queue": 0.03, "spin4": 0.03}
BARE, AGAIN = "bare", "bare again"


class Contestant:
    """How a tracer is attached: attach(pid) returns what has stop(). settle_s: what it is given to
    make up its mind, under the fastest load."""

    def __init__(self, name, attach=None, settle_s=0.0):
        self.name = name
        self.attach = attach
        self.settle_s = settle_s


class Job:
    """A load of loops.py, on one CPU or on all."""

    def __init__(self, name, loop, pinned=True):
        self.name = name
        self.loop = loop
        self.cpus = {LOAD_CPU} if pinned else set(CPUS)

    def run(self, load, seconds):
        """CPU ns per operation, operations a second."""
        done = load.run("loop", self.loop, seconds, cpus=self.cpus)
        return done["cpu_ns"] / done["ops"], done["ops"] / done["wall_ns"] * 1e9

    def turn(self, load):
        slice_s = SLICE_S[self.loop]
        return lower_quartile([self.run(load, slice_s) for _ in range(round(TURN_S / slice_s))])


def modes_of(args):
    """(name, options) of the ways that this giltop measures; one that has no choice is exact."""
    names = [mode for mode in ("exact", "light", "auto") if args.has_modes] or ["exact"]
    return [(name, ["--mode", name] if args.has_modes else args.exact) for name in names]


def contestants(args):
    result = [Contestant(BARE), Contestant(AGAIN)]
    for name, options in modes_of(args):
        # auto is what it is after its first look at the rate, which costs what exact does.
        result.append(Contestant(name, lambda pid, options=options: Giltop(args.giltop, pid, options),
                                 0.4 if name == "auto" else 0))
    return result


class Samples:
    """(CPU ns per operation, operations a second) of each job under each contestant, by round."""

    def __init__(self):
        self.values = {}

    def add(self, job, who, value):
        self.values.setdefault((job, who), []).append(value)

    def ratios(self, job, who, which=0):
        """To bare, round by round; bare is the mean of its two, but for itself the first."""
        first, second = self.values[job, BARE], self.values.get((job, AGAIN))
        if who == AGAIN or not second:
            base = [value[which] for value in first]
        else:
            base = [(a[which] + b[which]) / 2 for a, b in zip(first, second)]
        return [value[which] / b for value, b in zip(self.values[job, who], base)]

    def ratio(self, job, who, which=0):
        """The median; how far one round usually is from it; how far the median may be."""
        values = self.ratios(job, who, which)
        half = half_quartiles(values) or 0.0
        return median(values), half, half / len(values) ** 0.5

    def bare(self, job, which=0):
        return median([value[which] for value in self.values[job, BARE]])


def turn(load, who, jobs, samples):
    tracer = who.attach(load.pid) if who.attach else None
    try:
        if who.settle_s:
            load.run("loop", "read", who.settle_s)
        for job in random.sample(jobs, len(jobs)):
            samples.add(job.name, who.name, job.turn(load))
    finally:
        if tracer:
            tracer.stop()


def take_turns(load, whos, jobs, until):
    samples = Samples()
    for job in jobs:
        job.turn(load)  # its code is warm
    for _ in until:
        for who in random.sample(whos, len(whos)):
            turn(load, who, jobs, samples)
    return samples
