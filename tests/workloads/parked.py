# SPDX-License-Identifier: BSD-2-Clause
"""The common frame of the workloads: between loads the process is parked.

Parked means: one thread, blocked in read(0), which does not hold the GIL. Whoever measures switches on
and off while the process is parked, so that no wait, hold or yield is cut in two. The protocol:

    -> "ready PID\n"    .. parks
    <- any bytes        runs the load; when all its threads have ended:
    -> "done\n"         .. parks again
    <- end of file      exits

Output goes through os.write() alone, directly before the next read, so that after "done" nothing
but that read's release of the GIL is still to come. Runs on Python 3.7 and later.
"""
import os
import sys


def say(text):
    os.write(1, text.encode())


def main(load, default):
    """Park, and run load(amount) at every message; amount is the first argument or the default."""
    amount = type(default)(sys.argv[1]) if len(sys.argv) > 1 else default
    say("ready %d\n" % os.getpid())
    while os.read(0, 4096):
        load(amount)
        say("done\n")


def run_all(threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
