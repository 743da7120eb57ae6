# SPDX-License-Identifier: BSD-2-Clause
"""Parked processes side by side: bare, with giltop that is exact, with a naive tracer, an empty uprobe.

Each has its tracer attached from beginning to end, and they take turns in slices of some 50 ms, in a new
order each round. Each generation starts all processes anew: a process's layout in memory is worth a few
per cent of such a loop, and here processes are compared, unlike in turns.py.
"""
import random

from rig import CPUS, Child, Giltop, Load, Until, say

SLICE_S = 0.05


class Variant:
    """One process that takes part, and what it measured: one value a round."""

    def __init__(self, name, measure):
        self.name = name
        self.measure = measure
        self.count = 1000

    def calibrate(self):
        per_call = max(self.measure(self.count), 0.1)
        self.count = int(SLICE_S * 1e9 / per_call) + 1


def rounds(variants, until, samples):
    for variant in variants:
        variant.calibrate()
    for _ in until:
        random.shuffle(variants)
        for variant in variants:
            samples.setdefault(variant.name, []).append(variant.measure(variant.count))


class Generation:
    """All processes of one generation, with their tracers."""

    def __init__(self):
        self.children = []
        self.loads = {}
        self.hit = None

    def begin(self, args, pythons):
        self.hit = self.add(Child([args.hit, args.cost_bpf], CPUS[-1]))
        self.start("bare", pythons["stock"])
        self.start("giltop", pythons["stock"], args.giltop, args.exact)
        self.start("no-stacks", pythons["other"], args.giltop, args.exact + ["--no-stacks"])
        if "symbols" in pythons:
            python = pythons["symbols"]
            self.start("symbols bare", python)
            self.start("symbols giltop", python, args.giltop, args.exact)
            load = self.start("symbols naive", python)
            self.add(Child([args.naive, args.cost_bpf, str(load.pid), python.runtime], CPUS[0]))

    def add(self, child):
        self.children.append(child)
        return child

    def start(self, name, python, giltop=None, options=()):
        load = self.loads[name] = self.add(Load(python))
        if giltop:
            self.add(Giltop(giltop, load.pid, options))
        return load

    def variants(self):
        def hit(name):
            return lambda count: int(self.hit.ask("%s %d" % (name, count))) / count

        return ([Variant(name, hit(name)) for name in self.hit.first.split()[1:]] +
                [Variant(name, load.read_ns) for name, load in self.loads.items()])

    def stock(self):
        return {name: self.loads[name] for name in ("bare", "giltop", "no-stacks")}

    def close(self):
        for child in reversed(self.children):
            if isinstance(child, Giltop):
                child.stop()
            else:
                child.close()


def contended(generation, plan, samples):
    """Two threads that compute; the ping-pong on one CPU and on all."""
    def turn(name, run):
        names = list(generation.stock())
        for _ in Until(plan.turns, plan.turn_s):
            random.shuffle(names)
            for who in names:
                samples.setdefault((name, who), []).append(run(generation.loads[who]))

    def spin_cpu(load):
        done = load.run("spin", 0.2)
        return done["count"] / done["cpu_ns"] * 1e9

    def spin_wall(load):
        done = load.run("spin", 0.2, cpus=CPUS)
        return done["count"] / done["wall_ns"] * 1e9

    def pingpong(cpus, rounds_cnt):
        return lambda load: 2 * rounds_cnt / load.run("pingpong", rounds_cnt,
                                                      cpus=cpus)["wall_ns"] * 1e9

    turn("spin, one CPU", spin_cpu)
    turn("spin, all CPUs", spin_wall)
    turn("pingpong, one CPU", pingpong(None, 4000))
    turn("pingpong, all CPUs", pingpong(CPUS, 3000))


def measure_generations(args, plan, pythons, report, parts):
    cycle, turns = {}, {}
    for i in range(plan.generations):
        say("generation %d of %d .." % (i + 1, plan.generations))
        generation = Generation()
        try:
            generation.begin(args, pythons)
            if "cycle" in parts:
                rounds(generation.variants(), Until(plan.read_rounds, plan.read_s), cycle)
            if "contended" in parts:
                contended(generation, plan, turns)
        finally:
            generation.close()
    if cycle:
        report.cycle(cycle)
    if turns:
        report.contended(turns)
