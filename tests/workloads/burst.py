# SPDX-License-Identifier: BSD-2-Clause
"""Short programs, many a minute: burst.py PER_MINUTE [PASSES]

Each is Python with four threads that contend: each runs PASSES passes of a loop (so many that a life takes some 70 ms
where there are CPUs). A number of seconds on standard input: for so long they are started, paced by the clock; late ones are
made up for, but no more than ALIVE live at once. Prints a line for each when it has ended, "life PID BEGIN END": ns of
the monotonic clock just before it was started and just after it was reaped; then "done COUNT". The end of standard
input is its end. Python 3.8 and later.

burst.py -- PASSES is one of them.
"""
import os
import select
import sys
import threading
import time

import parked

THREADS = 4
PASSES = 20000
ALIVE = 64


def count(passes):
    n = 0
    for i in range(passes):
        n += i * i


def one(passes):
    parked.run_all([threading.Thread(target=count, args=(passes,), name="burst-%d" % i) for i in range(THREADS)])


def reap(begun):
    """Those that have ended."""
    while begun:
        pid = os.waitpid(-1, os.WNOHANG)[0]
        if not pid:
            break
        parked.say("life %d %d %d\n" % (pid, begun.pop(pid), time.monotonic_ns()))


def burst(command, per_minute, seconds):
    begun, started, begin = {}, 0, time.monotonic()
    while started < int(per_minute * seconds / 60):
        due = begin + started * 60 / per_minute
        while time.monotonic() < due or len(begun) >= ALIVE:
            reap(begun)
            select.select([], [], [], min(max(0.001, due - time.monotonic()), 0.005))
        now = time.monotonic_ns()
        begun[os.posix_spawn(command[0], command, os.environ)] = now
        started += 1
    while begun:
        reap(begun)
        time.sleep(0.002)
    parked.say("done %d\n" % started)


def main():
    command = [sys.executable, "-S", __file__, "--", sys.argv[2] if len(sys.argv) > 2 else str(PASSES)]
    parked.say("ready %d\n" % os.getpid())
    for line in sys.stdin:
        burst(command, float(sys.argv[1]), float(line))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--"]:
        one(int(sys.argv[2]))
    else:
        main()
