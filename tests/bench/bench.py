#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What giltop costs, measured side by side in one run: bare, with giltop, with a naive tracer.

bench.py [--quick] [--python FILE] [--symbols-python FILE] [--giltop FILE] BUILD

All variants run at the same time as parked processes, each with its tracer attached from beginning to
end, and take turns in slices of some 50 ms, in a new order each round: what drifts (clock rate, other
load on the machine) meets all alike. A figure is the median over the rounds of a ratio or a difference
within one round. Loops that only compute are measured in CPU time, so other processes cost them
caches but not turns. Each generation starts all processes anew: a process's layout in memory is worth
a few per cent of such a loop.

Absolute figures are this machine's; the ratios are what to compare. Exit status 0, also where a
bound is exceeded (the machine may be busy: read the spread); 1 if something could not be measured.
"""
import argparse
import json
import os
import platform
import random
import subprocess
import sys
import time

from own import measure_own
from report import Report
from rig import CPUS, Child, Failure, Giltop, Load, Python, say

SLICE_S = 0.05
STATS_SWITCH = "/proc/sys/kernel/bpf_stats_enabled"


class Plan:
    """How often at most, and for how long: a busy machine gets fewer rounds, not a longer run."""

    def __init__(self, quick):
        self.generations = 2 if quick else 3
        self.read_rounds = 14 if quick else 30  # in each generation
        self.read_s = 12 if quick else 30
        self.turns = 7 if quick else 15  # of each contended workload
        self.turn_s = 2.5 if quick else 5
        self.starts = 3 if quick else 7
        self.start_s = 4 if quick else 15
        self.steady_s = 2.0 if quick else 4.0


class Until:
    """for _ in Until(30, 12): at most 30 times, no more after 12 s, but 3 times in any case."""

    def __init__(self, times, seconds):
        self.left = times
        self.done = 0
        self.end = time.monotonic() + seconds

    def __iter__(self):
        return self

    def __next__(self):
        if not self.left or (self.done >= 3 and time.monotonic() >= self.end):
            raise StopIteration
        self.left -= 1
        self.done += 1
        return self.done


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
        self.start("giltop", pythons["stock"], args.giltop)
        self.start("no-stacks", pythons["other"], args.giltop, ["--no-stacks"])
        if "symbols" in pythons:
            python = pythons["symbols"]
            self.start("symbols bare", python)
            self.start("symbols giltop", python, args.giltop)
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


def programs(args, python, report):
    """The kernel's own statistic: ns for one run of each program (the clock that measures included)."""
    try:
        with open(STATS_SWITCH) as f:
            before = f.read().strip()
        load = Load(python)
        giltop = Giltop(args.giltop, load.pid)
        try:
            with open(STATS_SWITCH, "w") as f:
                f.write("1\n")
            load.read_ns(300000)
            load.run("spin", 0.5)
            ids = giltop.prog_ids()
            out = subprocess.run([args.bpftool, "-j", "prog", "show"], capture_output=True, check=True)
        finally:
            with open(STATS_SWITCH, "w") as f:
                f.write(before + "\n")
            giltop.stop()
            load.close()
        for prog in json.loads(out.stdout):
            if prog["id"] in ids and prog.get("run_cnt"):
                report.figure("BPF program " + prog["name"], prog["run_time_ns"] / prog["run_cnt"], "ns",
                              note="%d runs; the kernel's statistic, its clock included"
                              % prog["run_cnt"])
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        report.skipped("BPF program run times", str(error))


def find_symbols_python():
    """A CPython with symbols for the naive tracer: of pyenv, 3.11 before others."""
    try:
        root = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=True).stdout
        root = root.strip()
    except (OSError, subprocess.CalledProcessError):
        root = os.path.expanduser("~/.pyenv")
    versions = os.path.join(root, "versions")
    names = os.listdir(versions) if os.path.isdir(versions) else []
    for prefix in ("3.11.", "3.12.", "3.10.", "3.9."):
        for name in sorted(names):
            if name.startswith(prefix):
                return os.path.join(versions, name, "bin", "python3")
    return None


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", help="the build directory, with giltop and bench/ in it")
    parser.add_argument("--quick", action="store_true", help="a minute: to try, not to claim")
    parser.add_argument("--python", default="/usr/bin/python3", help="the stock interpreter")
    parser.add_argument("--symbols-python", default=find_symbols_python(),
                        help="one with symbols, for the naive tracer")
    parser.add_argument("--giltop", help="another giltop than BUILD/giltop")
    parser.add_argument("--only", choices=["cycle", "contended", "own", "programs"],
                        help="this part alone")
    args = parser.parse_args()
    args.giltop = args.giltop or os.path.join(args.build, "giltop")
    args.hit = os.path.join(args.build, "bench", "hit")
    args.naive = os.path.join(args.build, "bench", "naive")
    args.cost_bpf = os.path.join(args.build, "bench", "cost.bpf.o")
    args.bpftool = "/usr/sbin/bpftool" if os.path.exists("/usr/sbin/bpftool") else "bpftool"
    return args


def copy_pythons(args, report):
    place = os.path.join(args.build, "bench", "python-")
    pythons = {"stock": Python(args.python, place + "stock"),
               "other": Python(args.python, place + "other")}
    if args.symbols_python and os.path.exists(args.symbols_python):
        python = Python(args.symbols_python, place + "symbols")
        if python.has_symbols():
            pythons["symbols"] = python
            return pythons
    report.skipped("naive tracer", "no interpreter with take_gil and drop_gil in its symbols "
                   "(--symbols-python FILE)")
    return pythons


def run(args, report):
    plan = Plan(args.quick)
    pythons = copy_pythons(args, report)
    cycle, turns = {}, {}
    for i in range(plan.generations):
        if args.only in ("own", "programs"):
            break
        say("generation %d of %d .." % (i + 1, plan.generations))
        generation = Generation()
        try:
            generation.begin(args, pythons)
            if args.only != "contended":
                rounds(generation.variants(), Until(plan.read_rounds, plan.read_s), cycle)
            if args.only != "cycle":
                contended(generation, plan, turns)
        finally:
            generation.close()
    if cycle:
        report.cycle(cycle)
    if turns:
        report.contended(turns)
    if args.only in (None, "own"):
        say("giltop's own figures ..")
        measure_own(args, plan, pythons["stock"], report, Until(plan.starts, plan.start_s))
    if args.only in (None, "programs"):
        programs(args, pythons["stock"], report)


def main():
    args = parse_args()
    if os.geteuid():
        say("bench: needs root, to attach probes")
        return 1
    random.seed(1)
    os.sched_setaffinity(0, {CPUS[0]})
    report = Report(args.quick, {
        "machine": platform.machine(), "kernel": platform.release(), "cpus": len(CPUS),
        "python": os.path.realpath(args.python), "symbols_python": args.symbols_python,
        "load_average": os.getloadavg()[0]})
    start = time.monotonic()
    try:
        run(args, report)
    except Failure as error:
        say("bench: %s" % error)
        report.skipped("the rest", str(error))
    report.print(time.monotonic() - start)
    report.write(os.path.join(args.build, "bench.json"))
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
