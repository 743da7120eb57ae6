# SPDX-License-Identifier: BSD-2-Clause
"""giltop list on a machine full of processes (tests/workloads/crowd.py): how long it takes."""
import os
import subprocess
import time

from rig import CPUS, Child, half_quartiles, median

COUNTS = (100, 1000, 2000)
PYTHON_EACH = 10  # so many processes have one that is a Python
CROWD = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "workloads", "idlers.py")


class Crowd(Child):
    """Processes that do nothing."""

    def __init__(self, pythons):
        super().__init__(["/usr/bin/python3", CROWD, "0", "0"] + [python.exe for python in pythons], None)
        self.cnt = 0

    def grow(self, cnt):
        """To so many."""
        more = cnt - self.cnt
        pythons = more // PYTHON_EACH
        line = self.ask("%d %d" % (more - pythons, pythons))
        while line != "ready":
            line = self.line()
        self.cnt = cnt


def process_cnt():
    return sum(name.isdigit() for name in os.listdir("/proc"))


def list_s(giltop):
    start = time.monotonic()
    subprocess.run([giltop, "list"], stdout=subprocess.DEVNULL, check=True,
                   preexec_fn=lambda: os.sched_setaffinity(0, CPUS))
    return time.monotonic() - start


def measure_list(args, plan, pythons, report):
    report.section = "list"
    before = process_cnt()
    crowd = Crowd(list(pythons.values()))
    try:
        for count in COUNTS[:2] if plan.quick else COUNTS:
            crowd.grow(max(count - before, crowd.cnt))
            list_s(args.giltop)  # what it reads is in memory from now on
            times = [list_s(args.giltop) for _ in range(plan.starts)]
            half, middle = half_quartiles(times), median(times)
            report.figure("giltop list, %d processes" % process_cnt(), middle * 1e3, "ms", None,
                          half / middle if half else None)
    finally:
        crowd.close()
