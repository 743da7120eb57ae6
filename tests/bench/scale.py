# SPDX-License-Identifier: BSD-2-Clause
"""Many processes of one interpreter file, all measured: what a GIL cycle in one of them costs, beside what it costs if that
one alone is measured; until when giltop has begun with all, how long it takes to let go of them, ended and killed; and
its own memory and CPU time while they hand over some 50,000 times a second. Ways to say whom: -p PID,PID.., -s of
their parent, -a."""
import os
import random
import time

from many import THREADS, Crowd, Places, Run, beyond_s, killed_s, memory_of, wait_untouched
from rig import Failure, cpu_of, half_quartiles, median, say
from turns import modes_of

COUNTS = (1, 10, 61, 100)
PERF_COUNTS = (1, 10, 61)
TIMES = ("bare_ns", "alone", "together", "ratio", "attach_s", "detach_s")
# Their end is waited for once more only if it takes less than this.
LONG_S = 30
ASKED_S = 2
AUTO_SETTLE_S = 2
HANDOVERS = 50000
MANY_THREADS = 1000
NAP_S = 0.3


class Cell:
    """One number of processes, one way to measure them."""

    def __init__(self, args, crowd, mode, way, perf):
        self.giltop, self.crowd = args.giltop, crowd
        self.places = Places(args.giltop, crowd.pids[0])
        self.name, self.way, self.perf = mode[0], way, perf
        self.options = mode[1] + (["--attach", "perf"] if perf else [])
        self.times = {key: [] for key in TIMES}
        self.once = {"beyond_s": None, "killed_s": None}

    def whom(self, way):
        """Options: alone is the first process."""
        return {"alone": ["-p", str(self.crowd.pids[0])], "-p": ["-p", ",".join(str(pid) for pid in self.crowd.pids)],
                "-s": ["-s", "-p", str(self.crowd.parent)], "-a": ["-a"]}[way]

    def turn(self, way, seconds):
        """-> (ns of a cycle, attach, detach), of a giltop of its own"""
        run = Run(self.giltop, self.options + self.whom(way), self.crowd.pids[:1] if way == "alone" else self.crowd.pids)
        try:
            attach = run.wait_all()
            # auto is what it is after its first look at the rate, and when what it decides on is done.
            cycle = self.crowd.cycle_ns(seconds, AUTO_SETTLE_S if self.name == "auto" else 0)
            return cycle, attach, run.stop()[0]
        finally:
            run.kill()

    def round(self, seconds):
        done = {}
        for way in random.sample(("bare", "alone", self.way), 3):
            wait_untouched(self.places, self.crowd.pids)
            done[way] = self.crowd.cycle_ns(seconds) if way == "bare" else self.turn(way, seconds)
        together, alone = done[self.way], done["alone"]
        values = (done["bare"], alone[0] / done["bare"], together[0] / done["bare"], together[0] / alone[0]) + together[1:]
        for key, value in zip(TIMES, values):
            self.times[key].append(value)

    def measure(self, plan):
        end = time.monotonic() + plan.many_s
        for number in range(plan.many_rounds):
            if number and time.monotonic() > end:
                break
            self.round(plan.many_window_s)
        if median(self.times["detach_s"]) > LONG_S:
            return
        options = self.options + self.whom(self.way)
        self.once["beyond_s"] = beyond_s(self.giltop, options, self.crowd.pids, ASKED_S)
        run = Run(self.giltop, options, self.crowd.pids)
        try:
            run.wait_all()
            self.once["killed_s"] = killed_s(run, self.places, self.crowd.pids)
        finally:
            run.kill()

    def row(self):
        row = {key: median(values) for key, values in self.times.items()}
        half = half_quartiles(self.times["ratio"])
        return dict(row, **self.once, ratio_half=half, rounds=len(self.times["ratio"]), processes=len(self.crowd.pids),
                    mode=self.name, way=self.way, tier="perf" if self.perf else "default")

    def put(self, report, row):
        what = "%d, %s, %s%s: " % (row["processes"], self.name, self.way, ", perf events" if self.perf else "")
        half = row["ratio_half"]
        report.figure(what + "a cycle", row["together"], "x bare")
        report.figure(what + "a cycle", row["ratio"], "x measured alone", None, half / row["ratio"] if half else None)
        for key, text in (("attach_s", "attach"), ("detach_s", "detach"), ("beyond_s", "beyond -d"),
                          ("killed_s", "probes gone after kill -9")):
            if row[key] is not None:
                report.figure(what + text, row[key] * 1e3, "ms")


def cells(args, crowd, count, quick):
    modes = modes_of(args)
    for way in ("-p", "-s", "-a"):
        for mode in modes if way == "-p" or not quick else modes[:1]:
            yield Cell(args, crowd, mode, way, False)
    if count in PERF_COUNTS:
        yield Cell(args, crowd, modes[0], "-p", True)


def measure_cells(args, plan, python, report, board):
    for count in (COUNTS[0], COUNTS[-1]) if plan.quick else COUNTS:
        crowd = Crowd(python.command_of(), count, board)
        try:
            for cell in cells(args, crowd, count, plan.quick):
                try:
                    cell.measure(plan)
                except Failure as error:
                    report.skipped("%d, %s, %s" % (count, cell.name, cell.way), str(error))
                    continue
                row = cell.row()
                report.data["scale"]["cells"].append(row)
                cell.put(report, row)
                say("  %(processes)d %(way)s %(mode)s %(tier)s: %(together).2f x bare, %(ratio).2f x alone" % row)
        finally:
            crowd.close()


def own(args, plan, crowd, nap_s, mode, text, report):
    """giltop's memory and CPU time at a refresh of 1 s, over all processes but the first."""
    pids = crowd.pids[1:]
    run = Run(args.giltop, mode[1] + ["-p", ",".join(str(pid) for pid in pids)], pids)
    try:
        run.wait_all()
        crowd.naps(nap_s)  # now: beside a thousand threads that are always awake a newcomer may get no CPU for minutes
        since = time.monotonic_ns()
        time.sleep(2)  # names are read
        cpu, wall = cpu_of(run.pid), time.monotonic_ns()
        time.sleep(plan.many_steady_s)
        share = (cpu_of(run.pid) - cpu) / (time.monotonic_ns() - wall)
        rss, peak, maps = memory_of(run.pid)
        loaded_ns = time.monotonic_ns() - since
        crowd.naps(NAP_S)
        _, summary = run.stop()
    finally:
        run.kill()
        crowd.naps(NAP_S)
    gils = [gil for proc in summary["processes"] for gil in proc["gils"]]
    # Where no hold is seen it is not known.
    rate = sum(gil["switches"] or 0 for gil in gils) / loaded_ns * 1e9
    row = {"what": text, "mode": mode[0], "handovers": rate, "cpu": share, "rss_kib": rss, "peak_kib": peak,
           "maps_kib": maps, "lost": summary["lost_events"], "violations": summary["violations"]}
    report.data["scale"]["own"].append(row)
    what = "%s, %s: " % (text, mode[0])
    report.figure(what + "hand-overs seen", rate, "/s")
    report.figure(what + "giltop's CPU", share * 100, "% of a CPU")
    report.figure(what + "giltop's memory (VmHWM)", peak / 1024, "MiB")
    report.figure(what + "its maps", maps / 1024, "MiB")


def measure_scale(args, plan, python, report):
    report.section = "scale"
    report.data["scale"] = {"threads": THREADS, "asked_s": ASKED_S, "cells": [], "own": []}
    board = os.path.join(args.results, "board")
    measure_cells(args, plan, python, report, board)
    count = COUNTS[-1]
    for count, threads, kind, nap_s in ((count, THREADS, (), (count - 1) * THREADS / HANDOVERS), (2, MANY_THREADS, ("ring",), 0)):
        crowd = Crowd(python.command_of(), count, board, threads, kind)
        text = "%d process%s of %d threads" % (count - 1, "es" if count > 2 else "", threads)
        try:
            for mode in modes_of(args):
                if mode[0] != "light":
                    own(args, plan, crowd, nap_s, mode, text, report)
        finally:
            crowd.close()
    os.unlink(board)
