# SPDX-License-Identifier: BSD-2-Clause
"""A supervisor whose workers are forked from it, every second one of which executes the interpreter again: workers.py [SECONDS]

It is told what to do by bytes on standard input, and answers each, as each worker does, with a line:

    -> "ready PID"          .. parked, as in parked.py: one thread, blocked in read(0)
    <- "f"  forks WORKERS   "worker PID" of each, "forked PID" of the supervisor; all are parked
    <- "g"  all of them run the load of mixed.py     "done PID" of each; all are parked
    <- end of file          all exit

"now" as a second argument: workers do not park before the load, but run it as soon as they are there, and an oracle in them
(tests/oracle) is on from their first event. Python 3.7 and later.
"""
import os
import sys

import mixed
import parked

WORKERS = 4


def work(seconds, go, end, now):
    """go, end: pipes, open for reading; their ends are the signals. Parked means blocked in read(0)."""
    parked.say("worker %d\n" % os.getpid())
    os.dup2(go, 0)
    if not now:
        os.read(0, 1)
    mixed.load(seconds)
    parked.say("done %d\n" % os.getpid())
    os.dup2(end, 0)
    os.read(0, 1)
    os._exit(0)


def start(number, seconds, pipes, now):
    (go, go_in), (end, end_in) = pipes
    if os.fork():
        return
    os.close(go_in)
    os.close(end_in)
    if number % 2:
        for fd in (go, end):
            os.set_inheritable(fd, True)
        os.execv(sys.executable, [sys.executable, "-S", __file__, str(seconds), now, str(go), str(end)])
    work(seconds, go, end, now)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 0.5
    now = "now" if sys.argv[2:3] == ["now"] else ""
    if len(sys.argv) > 3:
        work(seconds, int(sys.argv[3]), int(sys.argv[4]), now)
    pipes = os.pipe(), os.pipe()
    parked.say("ready %d\n" % os.getpid())
    os.read(0, 1)
    if now:
        os.environ["GILTOP_ORACLE_ON"] = "1"
    for i in range(WORKERS):
        start(i, seconds, pipes, now)
    parked.say("forked %d\n" % os.getpid())
    os.read(0, 1)
    os.close(pipes[0][1])
    mixed.load(seconds)
    parked.say("done %d\n" % os.getpid())
    os.read(0, 1)
    os.close(pipes[1][1])
    for _ in range(WORKERS):
        os.wait()


if __name__ == "__main__":
    main()
