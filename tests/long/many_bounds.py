#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A hundred processes of ten threads: is giltop there soon, and gone soon? many_bounds.py GILTOP INTERPRETER FOLDER

Against one process in the same minute, so that a slow or busy machine is so for both: to begin with all, to end after
SIGINT, and until no breakpoint is left after kill -9 may take TIMES as long and GRACE_S (for each of a hundred something has
to be done: its file, its threads' names), by -p, -s and -a. `-d` may be late by the sum. What a cycle costs beside the others is
for scripts/bench scale. Exit status: 0 so it is, 1 not.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "bench"))

from many import Crowd, Places, Run, beyond_s, killed_s  # noqa: E402

COUNT, TIMES, GRACE_S = 100, 4, 5
NAMES = ("begin", "end", "after kill -9", "beyond -d")


def times(giltop, options, crowd, pids):
    """-> seconds, as NAMES"""
    options = ["-i", "1s", "--mode", "exact"] + options
    run = Run(giltop, options, pids)
    try:
        begin = run.wait_all()
        end = run.stop()[0]
        run = Run(giltop, options, pids)
        run.wait_all()
        killed = killed_s(run, Places(giltop, crowd.pids[0]), pids)
    finally:
        run.kill()
    return begin, end, killed, beyond_s(giltop, options, pids, 2)


def main():
    giltop, python, folder = sys.argv[1:4]
    bad = 0
    crowd = Crowd([python, "-S"], COUNT, os.path.join(folder, "board"))
    try:
        one = times(giltop, ["-p", str(crowd.pids[0])], crowd, crowd.pids[:1])
        print("1 process: " + ", ".join("%s %.2f s" % pair for pair in zip(NAMES, one)))
        for options in (["-p", ",".join(map(str, crowd.pids))], ["-s", "-p", str(crowd.parent)], ["-a"]):
            words = []
            for name, value, base in zip(NAMES, times(giltop, options, crowd, crowd.pids), one):
                over = value > TIMES * base + GRACE_S * (2 if name == "beyond -d" else 1)
                bad += over
                words.append("%s %.2f s%s" % (name, value, " TOO LONG" if over else ""))
            print("%d processes, %s: %s" % (COUNT, options[0], ", ".join(words)), flush=True)
    finally:
        crowd.close()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
