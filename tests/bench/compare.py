#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Threads beside processes: the same work in both, I/O-bound and CPU-bound, each under giltop.

compare.py [--seconds S] [--workers N] [--python FILE] [--page [FILE]] BUILD

The work is tests/workloads/pool.py, which runs when giltop attaches to it. For S seconds (4) its pieces, its CPU time and
giltop's figures are taken, at the end its memory; then giltop looks once more, for its text. --page writes
doc/threads-or-processes.md, or FILE.
"""
import argparse
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
import time

from compare_page import notes, page, table
from rig import CPUS, HERE, Child, Failure, Giltop, cpu_of, family_of, say

ROOT = os.path.dirname(os.path.dirname(HERE))
WORKLOADS = os.path.join("tests", "workloads")
PAGE = os.path.join(ROOT, "doc", "threads-or-processes.md")


class Python(Child):
    """A workload of ours; nothing of it is left behind."""

    def __init__(self, python, *words):
        super().__init__([python, os.path.join(WORKLOADS, words[0]), *map(str, words[1:])], None)

    def close(self):
        family = family_of(self.pid)[1:]
        try:
            self.process.stdin.close()
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            for pid in [self.pid] + family:
                os.kill(pid, signal.SIGKILL)
        super().close()


def pss_of(pid):
    """Bytes: what others share with it is shared out."""
    with open("/proc/%d/smaps_rollup" % pid) as f:
        return sum(int(line.split()[1]) << 10 for line in f if line.startswith("Pss:"))


def busy_ns():
    """CPU time that the machine has spent, by all who run there."""
    with open("/proc/stat") as f:
        user, nice, system, _, _, irq, softirq, steal = map(int, f.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) * 1000000000 // os.sysconf("SC_CLK_TCK")


class Look:
    """What a pool has done until now."""

    def __init__(self, pool):
        said = json.loads(pool.ask(""))
        self.pieces, self.ns, self.workers = said["pieces"], said["ns"], said["workers"]
        self.cpu_ns = sum(cpu_of(pid) for pid in family_of(pool.pid))
        self.busy_ns = busy_ns()


def figures(before, after, summary):
    """One row: what the pool did and what giltop saw, in the same seconds."""
    ns = after.ns - before.ns
    gils = {proc["pid"]: proc["gils"] for proc in summary["processes"]}
    held = [max(gil["utilization"] or 0 for gil in gils[pid]) for pid in after.workers if gils.get(pid)]
    if not held:
        raise Failure("giltop saw no GIL of the pool")
    return {
        "rate": (after.pieces - before.pieces) * 1e9 / ns,
        "held": max(held), "held_median": statistics.median(held), "held_cnt": len(held),
        "waiting": sum(gil["wait_ns"] for found in gils.values() for gil in found) / summary["duration_ns"],
        "cpu": (after.cpu_ns - before.cpu_ns) / ns / len(CPUS),
        "others": max(0, after.busy_ns - before.busy_ns - (after.cpu_ns - before.cpu_ns)) / ns / os.cpu_count(),
        "lost": summary["lost_events"]}


def text_s(args):
    return max(args.seconds / 2, 1)


def text_of(args, pool):
    """What giltop says of it to a reader."""
    command = [args.giltop, "--markdown", "-s", "-p", str(pool.pid), "-d", "%g" % text_s(args)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.replace(args.giltop, "giltop").rstrip("\n")


def verdict_of(text):
    """Its headline, without the marks."""
    found = re.search(r"\*\*(.+?)\*\*", text, re.S)
    if not found:
        raise Failure("giltop gave no verdict")
    return re.sub(r"[\\`]", "", " ".join(found.group(1).split()))


def measure(args, port, work, kind, workers):
    pool = Python(args.python, "pool.py", kind, work, workers, *([port] if work == "io" else []))
    try:
        giltop = Giltop(args.giltop, pool.pid, ["-q", "-s", "--mode", "exact", "--no-stacks", "-i", "3600"])
        try:
            before = Look(pool)
            time.sleep(args.seconds)
            after = Look(pool)
            pss = sum(pss_of(pid) for pid in family_of(pool.pid))
            summary = giltop.stop()[1]
        finally:
            giltop.process.terminate()
            giltop.process.wait()
        row = figures(before, after, summary)
        row.update(work=work, kind=kind, workers=workers, pss=pss)
        if workers > 1:
            row["text"] = text_of(args, pool)
            row["verdict"] = verdict_of(row["text"])
        return row
    finally:
        pool.close()


def run(args):
    """The four rows, each with how many times the rate of one worker it has."""
    rows = []
    server = Python(args.python, "slow_server.py")
    try:
        port = server.first.split()[1]
        for work in ("io", "cpu"):
            alone = measure(args, port, work, "threads", 1)
            for kind in ("threads", "processes"):
                row = measure(args, port, work, kind, args.workers)
                row["times"] = row["rate"] / alone["rate"]
                rows.append(row)
    finally:
        server.close()
    return rows


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], prog="demo-compare")
    parser.add_argument("build", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=4, metavar="S", help="measure each case for S seconds (4)")
    parser.add_argument("--workers", type=int, default=max(8, min(len(CPUS), 32)), metavar="N",
                        help="threads, and processes, of a pool (8, or one for each CPU, at most 32)")
    parser.add_argument("--python", default="/usr/bin/python3", metavar="FILE", help="the interpreter (/usr/bin/python3)")
    parser.add_argument("--page", nargs="?", const=PAGE, metavar="FILE", help="write doc/threads-or-processes.md, or FILE")
    args = parser.parse_args()
    if args.seconds <= 0 or args.workers < 2:
        parser.error("--seconds takes more than 0, --workers 2 or more")
    args.giltop = os.path.abspath(os.path.join(args.build, "giltop"))
    if args.page:
        args.page = os.path.abspath(args.page)
    return args


def about(args):
    version = subprocess.run([args.python, "-c", "import platform; print(platform.python_version())"],
                             capture_output=True, text=True, check=True).stdout.strip()
    return {"cpus": len(CPUS), "machine": platform.machine(), "python": version, "seconds": args.seconds,
            "workers": args.workers}


def main():
    args = parse_args()
    os.chdir(ROOT)
    try:
        facts = about(args)
        print("%d workers on %d CPU%s, CPython %s; each case is measured for %g s, some %.0f s in all .." % (
            args.workers, len(CPUS), "" if len(CPUS) == 1 else "s", facts["python"], args.seconds,
            6 * (args.seconds + 2) + 4 * (text_s(args) + 1)), flush=True)
        rows = run(args)
    except (Failure, OSError, subprocess.CalledProcessError) as error:
        say("demo-compare: %s" % error)
        return 1
    except KeyboardInterrupt:
        return 130
    print("\n".join(table(rows) + notes(facts, rows)))
    if args.page:
        with open(args.page, "w", encoding="utf-8") as f:
            f.write(page(facts, rows))
        print("\n" + os.path.relpath(args.page))
    return 0


if __name__ == "__main__":
    sys.exit(main())
