#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Check the oracle against what Python can measure by itself: selfcheck.py ORACLE.so INTERPRETER

tests/workloads/known.py makes one thread hold the GIL and another wait for it, and measures both with
its own clock. Those times must be found again in the oracle's log. No giltop, no root.
"""
import os
import subprocess
import sys
import tempfile
import time

from oracle_log import OracleFile

HERE = os.path.dirname(os.path.abspath(__file__))
ROUNDS = 10
# Timer slack, and the time in which a thread wants to run and gets no CPU, are in Python's times and
# not in the log.
SLACK_NS = ROUNDS * 4 * 1000 * 1000
SLACK = 0.05


def run(library, python, path):
    oracle = OracleFile.create(path, 64 << 20)
    workload = os.path.join(os.path.dirname(HERE), "workloads", "known.py")
    process = subprocess.Popen([python, "-S", workload, str(ROUNDS)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE,
                               env=dict(os.environ, LD_PRELOAD=os.path.abspath(library),
                                        GILTOP_ORACLE=path))
    process.stdout.readline()
    time.sleep(0.2)
    oracle.enable(True)
    process.stdin.write(b"go\n")
    process.stdin.flush()
    times = process.stdout.readline().split()
    process.stdout.readline()
    time.sleep(0.2)
    oracle.enable(False)
    process.stdin.close()
    process.wait(10)
    return oracle.pid == process.pid, int(times[1]), int(times[2]), oracle.log()


def judge(claimed, sort_ns, late_ns, log):
    """-> number of failures"""
    failures = 0

    def check(ok, text):
        nonlocal failures
        failures += not ok
        print("%s %s" % ("PASS" if ok else "FAIL", text))

    check(claimed, "the library is active in the interpreter")
    threads = [t for t in log.threads.values() if t.acquisitions]
    check(len(threads) == 3 and len(log.held_ns) == 1, "one GIL, three threads")
    if failures:
        return failures
    one, two = sorted(threads, key=lambda t: t.tid)[1:]
    sorter, waiter = (one, two) if one.hold_ns > two.hold_ns else (two, one)
    gap_ns = sum(log.gap_ns.values())
    check(abs(sorter.hold_ns - sort_ns) < SLACK_NS + SLACK * sort_ns,
          "sorter: %.2f ms in sorts, holds %.2f ms" % (sort_ns / 1e6, sorter.hold_ns / 1e6))
    check(abs(late_ns - waiter.wait_ns) < SLACK_NS + SLACK * late_ns,
          "waiter: %.2f ms late, waits %.2f ms" % (late_ns / 1e6, waiter.wait_ns / 1e6))
    check(sorter.blame_ns + gap_ns >= (1 - SLACK) * waiter.wait_ns,
          "sorter is to blame for %.2f ms of it, the rest is hand-over" % (sorter.blame_ns / 1e6))
    check(sum(log.held_ns.values()) <= log.off_ns - log.on_ns, "held at most all the time")
    check(all(t.acquisitions == t.releases for t in threads), "each hold has its end")
    check(log.foreign == 0, "no call that fits no GIL")
    return failures


def main():
    """On a machine too busy to keep the naps in step, the answer is not known: three attempts."""
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "oracle.bin")
            if not judge(*run(sys.argv[1], sys.argv[2], path)):
                return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
