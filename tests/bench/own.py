# SPDX-License-Identifier: BSD-2-Clause
"""giltop's own figures while it is exact: time to start and to detach, memory, CPU time."""
import time

from rig import Giltop, LiveView, Load, median, spread

# Bounds for a quiet machine.
START_S = 0.3
DETACH_S = 0.5
PEAK_MIB = 20
CPU_SHARE = 0.02
IDLE_SHARE = 0.01
LIVE_SHARE = 0.03


def share(giltop, load, *command):
    """giltop's share of one CPU while the load runs, and what the load says."""
    cpu, wall = giltop.cpu_ns(), time.monotonic_ns()
    done = load.run(*command)
    return (giltop.cpu_ns() - cpu) / (time.monotonic_ns() - wall), done


def starts(args, python, report, until):
    """Fresh processes each time: attach, run a little, detach."""
    start, stop = [], []
    for _ in until:
        load = Load(python)
        try:
            giltop = Giltop(args.giltop, load.pid, args.exact)
            start.append(giltop.start_s)
            load.read_ns(10000)
            stop.append(giltop.stop()[0])
        finally:
            load.close()
    report.figure("start: exec to all probes active", median(start) * 1e3, "ms", START_S * 1e3,
                  spread(start))
    report.figure("detach: SIGINT to its end", median(stop) * 1e3, "ms", DETACH_S * 1e3, spread(stop))


def steady(args, plan, python, report):
    """One giltop at one process, under three loads in a row."""
    seconds = plan.steady_s
    load = Load(python)
    giltop = Giltop(args.giltop, load.pid, args.exact)
    try:
        load.run("idle", 0.5)
        idle, _ = share(giltop, load, "idle", seconds)
        paced, done = share(giltop, load, "paced", seconds, 100000)
        rate = done["count"] / done["wall_ns"] * 1e9
        threads, done = share(giltop, load, "threads", 50, seconds, 10000)
        wall_s = done["wall_ns"] / 1e9
        peak = giltop.peak_kib() / 1024
    finally:
        _, summary = giltop.stop()
        load.close()
    switches = sum(gil["switches"] for proc in summary["processes"] for gil in proc["gils"])
    report.figure("giltop's CPU, target idle", idle * 100, "% of a CPU", IDLE_SHARE * 100)
    report.figure("giltop's CPU, %.0f k GIL cycles/s" % (rate / 1e3), paced * 100, "% of a CPU",
                  CPU_SHARE * 100)
    report.figure("giltop's CPU, 50 threads, %.1f k hand-overs/s" % (switches / wall_s / 1e3),
                  threads * 100, "% of a CPU", CPU_SHARE * 100)
    report.figure("giltop's memory (VmHWM) after these", peak, "MiB", PEAK_MIB)
    if summary["lost_events"] or summary["violations"]:
        report.figure("events lost and invariants violated", summary["lost_events"] +
                      summary["violations"], "", 0)


def live(args, plan, python, report):
    """The same load, looked at in the live view."""
    seconds = plan.steady_s
    load = Load(python)
    view = None
    try:
        view = LiveView(args.giltop, load.pid)
        load.run("threads", 50, 1.5, 10000)  # its first screens
        threads, _ = share(view, load, "threads", 50, seconds, 10000)
        load.run("idle", 1.5)
        idle, _ = share(view, load, "idle", seconds)
    finally:
        if view:
            view.close()
        load.close()
    report.figure("live view's CPU, target idle", idle * 100, "% of a CPU", IDLE_SHARE * 100)
    report.figure("live view's CPU, 50 threads, 10 k hand-overs/s", threads * 100, "% of a CPU",
                  LIVE_SHARE * 100)


def measure_own(args, plan, python, report, until):
    starts(args, python, report, until)
    steady(args, plan, python, report)
    live(args, plan, python, report)
