# SPDX-License-Identifier: BSD-2-Clause
"""Cost over the rate: a thread with GIL cycles and a calibrated amount of work between them.

The cost of a mode at a rate is what a cycle takes longer than bare, times the rate that bare has: the
share of one CPU that the same work needs more. Above 100 % it cannot be had, and the program is slower.
Cycles are clocked (loops.py), so what happens beside them is not in it; the one thing that does, the
clock that looks where the holder is, is taken from the kernel's statistic and added.

auto is measured for seconds on end, since what it does depends on what it has seen: long enough for one
of its looks at the rate, and after its start, when it may spend what a minute allows (swing.py has that).
"""
import random
import subprocess

from cycles import Prices, Work, cost_ns, turn
from kernel_stat import run_times
from rig import Giltop, Load, half_quartiles, median
from turns import AGAIN, BARE, modes_of

RATES = (1e3, 3e3, 10e3, 30e3, 100e3, 300e3, 1e6)
AUTO_RATES = (1e3, 10e3, 30e3, 100e3, 1e6)
SETTLE_S = 12.0
AUTO_S = 10.0


def clock_share(args, python, options):
    """Of one CPU: what the programs that are no probes take while a load runs. None: no such statistic."""
    load = Load(python)
    giltop = Giltop(args.giltop, load.pid, options)
    try:
        load.run("loop", "read", 0.5)
        with run_times(args, giltop) as times:
            done = load.run("loop", "read", 2)
        return sum(prog["run_time_ns"] for prog in times.programs
                   if prog["type"] == "perf_event") / done["wall_ns"]
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None
    finally:
        giltop.stop()
        load.close()


def one_round(args, load, work, modes, cycles):
    whos = [(BARE, None), (AGAIN, None)] + modes
    for name, options in random.sample(whos, len(whos)):
        giltop = Giltop(args.giltop, load.pid, options) if options is not None else None
        try:
            for rate in RATES:
                cycles.setdefault((rate, name), []).append(turn(load, work, rate))
        finally:
            if giltop:
                giltop.stop()


def auto_at(args, load, work, rate, options):
    """What a cycle takes longer, on average over the time after its start."""
    prices = Prices(args, load, work, (rate,))
    giltop = Giltop(args.giltop, load.pid, options)
    try:
        load.run("chunks", SETTLE_S, work.passes(rate), work.chunk_s(rate))
        chunks = load.run("chunks", AUTO_S, work.passes(rate), work.chunk_s(rate))["chunks"]
    finally:
        giltop.stop()
    return sum(cost_ns(chunk, prices, rate) for chunk in chunks) / sum(chunk["ops"] for chunk in chunks)


def added_ns(cycles, rate, name):
    """What a cycle takes longer than bare, one value a round."""
    if name == "auto":
        return cycles.get((rate, name))
    first, second = cycles[rate, BARE], cycles[rate, AGAIN]
    if name == AGAIN:
        return [b - a for a, b in zip(first, second)]
    return [c - (a + b) / 2 for a, b, c in zip(first, second, cycles[rate, name])]


def measure_sweep(args, plan, python, report, until):
    load = Load(python)
    cycles = {}
    try:
        work = Work(load)
        modes = [mode for mode in modes_of(args) if mode[0] != "auto"]
        for _ in until:
            one_round(args, load, work, modes, cycles)
        for name, options in modes_of(args):
            for rate in AUTO_RATES[::2 if plan.quick else 1] if name == "auto" else ():
                cycles[rate, name] = [auto_at(args, load, work, rate, options)]
        rates = {rate: work.real(rate) for rate in RATES}
    finally:
        load.close()
    tell(args, python, report, cycles, rates)


def tell(args, python, report, cycles, rates):
    report.section = "sweep"
    table = report.data["sweep"] = {"rates": list(rates.values()), "percent": {}, "clock_percent": {},
                                     "settle_s": SETTLE_S, "auto_s": AUTO_S}
    for name, options in [(AGAIN, None)] + modes_of(args):
        clock = clock_share(args, python, options) if options is not None else 0.0
        if clock is None:
            report.absent("clock of %s" % name, "the kernel's statistic of BPF programs is not to be had")
        elif options is not None:
            report.figure("the clock that looks, in a busy process: %s" % name, clock * 100, "% of a CPU")
        table["clock_percent"][name] = None if clock is None else clock * 100
        table["percent"][name] = []
        for rate, real in rates.items():
            added = added_ns(cycles, rate, name)
            if not added:
                continue
            percent = median(added) * real * 1e-7 + (clock or 0) * 100
            half = (half_quartiles(added) or 0) * real * 1e-7
            table["percent"][name].append([real, percent, half])
            report.figure("%.3g k cycles/s: %s" % (real / 1e3, name), percent, "% of a CPU",
                          note="+- %.2g" % half)
