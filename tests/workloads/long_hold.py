# SPDX-License-Identifier: BSD-2-Clause
"""One thread keeps the GIL for seconds at a time, three others want it.

long_hold.py KIND [HOLD_S] [LIBRARY]

  lines    many lines of Python, each one long multiplication. From 3.11 on this is a single hold (nothing
           in it looks whether others want the GIL), before it is one hold a line
  regex    one C call of the interpreter's own
  sleep    one call of libc's usleep through ctypes.PyDLL, which keeps the GIL
  burn     one call of burn() in LIBRARY, the same way: it computes

Says "ready PID" before the first hold, holds when told to (a byte on stdin) and says "done SECONDS" after
it; ends at end of file.
"""
import ctypes
import os
import re
import sys
import threading
import time

RUN = [True]
LINES = 40


def nap_a():
    while RUN[0]: time.sleep(0.002)  # noqa: E701


def nap_b():
    while RUN[0]: time.sleep(0.003)  # noqa: E701


def nap_c():
    while RUN[0]: time.sleep(0.004)  # noqa: E701


def timed(fn, *args, clock=time.perf_counter):
    start = clock()
    fn(*args)
    return clock() - start


def cpu_time(fn, *args):
    """A busy machine must not make the hold shorter."""
    return timed(fn, *args, clock=time.thread_time)


def hold_lines(number):
    """Its lines are made below."""


def hold_regex(text):
    return re.match("(a+)+$", text)


def hold_sleep(usleep, microseconds):
    return usleep(microseconds)


def hold_burn(burn, seconds):
    return burn(seconds)


def prepare(kind, seconds, library):
    """-> a function and its arguments that hold for about so many seconds"""
    if kind == "lines":
        body = "".join("    number * number\n" for _ in range(LINES))
        scope = {}
        exec(compile("def hold_lines(number):\n" + body, __file__, "exec"), scope)
        exponent = 1000
        while cpu_time(pow, 3 ** exponent, 2) < seconds / LINES:
            exponent += exponent // 3
        number = 3 ** exponent
        return scope["hold_lines"], (number,)
    if kind == "regex":
        size = 15
        while cpu_time(hold_regex, "a" * size + "b") < seconds / 2:
            size += 1
        return hold_regex, ("a" * (size + 1) + "b",)
    if kind == "sleep":
        return hold_sleep, (ctypes.PyDLL(None).usleep, int(seconds * 1e6))
    burn = ctypes.PyDLL(library).burn
    burn.argtypes = [ctypes.c_double]
    return hold_burn, (burn, seconds)


def main():
    kind = sys.argv[1]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 2.0
    hold, args = prepare(kind, seconds, sys.argv[3] if len(sys.argv) > 3 else None)
    threads = [threading.Thread(target=fn, name=fn.__name__) for fn in (nap_a, nap_b, nap_c)]
    for thread in threads:
        thread.start()
    os.write(1, b"ready %d\n" % os.getpid())
    while os.read(0, 1):
        took = timed(hold, *args)
        os.write(1, b"done %.3f\n" % took)
    RUN[0] = False
    for thread in threads:
        thread.join()


main()
