#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What giltop costs, measured side by side in one run.

bench.py [--quick] [--python FILE] [--symbols-python FILE] [--giltop FILE] [--page DIR] BUILD [PART ..]

Without PART all of them. A figure is the median over the rounds of a ratio or a difference within one
round, so that what drifts (clock rate, other load on the machine) cancels. Loops that only compute are
measured in CPU time: other processes cost them caches but not turns. Results are in BUILD/bench/PART.json,
and as cost.md and cost.svg, of the last run of each part, in BUILD/bench; a whole run writes these to doc/.

Absolute figures are this machine's; the ratios are what to compare. Exit status 0, also where a
bound is exceeded (the machine may be busy: read the spread); 1 if something could not be measured.
"""
import argparse
import os
import platform
import random
import subprocess
import sys
import time

from exports import measure_exports
from generations import measure_generations
from kernel_stat import run_times
from listing import measure_list
from modes import measure_modes
from own import measure_own
from page import write_page
from peers import measure_peers
from recording import measure_recording
from report import Report
from rig import CPUS, HERE, Failure, Giltop, Load, Python, Until, say
from scale import measure_scale
from service import measure_service
from sweep import measure_sweep
from swing import measure_swing


class Plan:
    """How often at most, and for how long: a busy machine gets fewer rounds, not a longer run."""

    def __init__(self, quick):
        self.quick = quick
        self.generations = 2
        self.read_rounds = 14 if quick else 30  # in each generation
        self.read_s = 8 if quick else 15
        self.turns = 7 if quick else 15  # of each contended workload
        self.turn_s = 1.5 if quick else 3
        self.starts = 3 if quick else 7
        self.start_s = 4 if quick else 12
        self.steady_s = 2.0 if quick else 3.0
        self.mode_rounds, self.mode_s = (3, 20) if quick else (30, 80)
        self.sweep_rounds, self.sweep_s = (3, 15) if quick else (10, 30)
        self.many_rounds, self.many_s = (2, 3) if quick else (7, 12)
        self.many_window_s = 0.3 if quick else 0.6
        self.many_steady_s = 8.0
        self.peer_rounds, self.peer_s = (3, 10) if quick else (10, 25)
        self.swing_s = 8 if quick else 30
        self.record_rounds, self.record_s = (2, 5) if quick else (5, 15)
        self.export_rounds = 3 if quick else 9
        self.window_pairs = 4 if quick else 10
        self.window_s = 1.5 if quick else 3


def programs(args, _plan, pythons, report):
    """The kernel's own statistic: ns for one run of each program (the clock that measures included)."""
    report.section = "own"
    load = Load(pythons["stock"])
    giltop = Giltop(args.giltop, load.pid, args.exact)
    try:
        with run_times(args, giltop) as times:
            load.read_ns(300000)
            load.run("spin", 0.5)
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        report.skipped("BPF program run times", str(error))
        return
    finally:
        giltop.stop()
        load.close()
    for prog in times.programs:
        if prog["run_cnt"]:
            report.figure("BPF program " + prog["name"], prog["run_time_ns"] / prog["run_cnt"], "ns",
                          note="%d runs; the kernel's statistic, its clock included" % prog["run_cnt"])


# In the order of a whole run; each takes (args, plan, pythons, report).
PARTS = {
    "cycle": lambda a, p, py, r: measure_generations(a, p, py, r, ("cycle",)),
    "contended": lambda a, p, py, r: measure_generations(a, p, py, r, ("contended",)),
    "modes": lambda a, p, py, r: measure_modes(a, py["stock"], r, Until(p.mode_rounds, p.mode_s)),
    "sweep": lambda a, p, py, r: measure_sweep(a, p, py["stock"], r, Until(p.sweep_rounds, p.sweep_s)),
    "scale": lambda a, p, py, r: measure_scale(a, p, py["stock"], r),
    "peers": lambda a, p, py, r: measure_peers(a, p, py["stock"], r),
    "swing": lambda a, p, py, r: measure_swing(a, p, py["stock"], r),
    "service": lambda a, p, py, r: measure_service(a, p, py["stock"], r),
    "own": lambda a, p, py, r: measure_own(a, p, py["stock"], r, Until(p.starts, p.start_s)),
    "programs": programs,
    "list": lambda a, p, py, r: measure_list(a, p, py, r),
    "recording": lambda a, p, py, r: measure_recording(a, p, py, r),
    "exports": lambda a, p, py, r: measure_exports(a, p, py, r),
}


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


def has_modes(giltop):
    out = subprocess.run([giltop, "--help"], capture_output=True, text=True, check=False).stdout
    return "--mode " in out


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", help="the build directory, with giltop and bench/ in it")
    parser.add_argument("parts", nargs="*", metavar="PART", help="only these of: %s" % ", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="two minutes: to try, not to claim")
    parser.add_argument("--page", metavar="DIR", help="where cost.md and cost.svg go")
    parser.add_argument("--python", default="/usr/bin/python3", help="the stock interpreter")
    parser.add_argument("--symbols-python", default=find_symbols_python(),
                        help="one with symbols, for the naive tracer")
    parser.add_argument("--giltop", help="another giltop than BUILD/giltop")
    args = parser.parse_intermixed_args()
    unknown = set(args.parts) - set(PARTS)
    if unknown:
        parser.error("no such part: %s" % ", ".join(sorted(unknown)))
    whole = not args.parts and not args.quick
    args.parts = args.parts or list(PARTS)
    args.giltop = args.giltop or os.path.join(args.build, "giltop")
    args.results = os.path.join(args.build, "bench")
    args.page = args.page or (os.path.join(HERE, "..", "..", "doc") if whole else args.results)
    args.hit = os.path.join(args.results, "hit")
    args.naive = os.path.join(args.results, "naive")
    args.cost_bpf = os.path.join(args.results, "cost.bpf.o")
    args.bpftool = "/usr/sbin/bpftool" if os.path.exists("/usr/sbin/bpftool") else "bpftool"
    args.debian_arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "")
    args.has_modes = has_modes(args.giltop)
    args.exact = ["--mode", "exact"] if args.has_modes else []
    return args


def copy_pythons(args):
    place = os.path.join(args.results, "python-")
    pythons = {"stock": Python(args.python, place + "stock"),
               "other": Python(args.python, place + "other")}
    if args.symbols_python and os.path.exists(args.symbols_python):
        python = Python(args.symbols_python, place + "symbols")
        if python.has_symbols():
            pythons["symbols"] = python
    return pythons


def run_part(name, args, plan, pythons, report):
    say("%s .." % name)
    if name == "cycle" and "symbols" not in pythons:
        report.section = name
        report.skipped("naive tracer", "no interpreter with take_gil and drop_gil in its symbols "
                       "(--symbols-python FILE)")
    try:
        PARTS[name](args, plan, pythons, report)
    except Failure as error:
        say("bench: %s" % error)
        report.skipped("the rest of '%s'" % name, str(error))


def main():
    args = parse_args()
    if os.geteuid():
        say("bench: needs root, to attach probes")
        return 1
    random.seed(1)
    os.sched_setaffinity(0, {CPUS[0]})
    pythons = copy_pythons(args)
    about = {
        "machine": platform.machine(), "kernel": platform.release(), "cpus": len(CPUS),
        "python": os.path.realpath(args.python), "title": pythons["stock"].title,
        "symbols_python": args.symbols_python, "load_average": os.getloadavg()[0], "quick": args.quick,
        "start": time.time()}
    print("giltop bench: Linux %s, %s, %d CPUs (load average %.1f), %s%s\n"
          "+- is half the distance of the quartiles of all rounds." % (
              about["kernel"], about["machine"], about["cpus"], about["load_average"], about["title"],
              ", --quick: to try, not to claim" if args.quick else ""))
    failed = False
    for name in args.parts:
        report = Report(about)
        start = time.monotonic()
        run_part(name, args, Plan(args.quick), pythons, report)
        report.print(time.monotonic() - start)
        report.write(os.path.join(args.results, name + ".json"))
        failed = failed or report.failed
    write_page(args.results, args.page)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
