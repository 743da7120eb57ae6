# SPDX-License-Identifier: BSD-2-Clause
"""One thread runs functions that come and go, each where the last one was; another one wants the GIL.

reused.py [FUNCTIONS]

Each function holds the GIL for half a second of its own time, then it is gone; the next one has another name, and
most likely the same address. 3.8 and later. Prints "ready PID", starts at a byte on stdin, prints "done ADDRESSES WALL..":
the number of different addresses, and how many seconds passed in each function.
"""
import os
import sys
import threading
import time

RUN = [True]


def base(end, clock):
    n = 0
    while clock() < end:
        n += sum(range(300))
    return n


def renamed(name):
    """Another code object, alike but for its name."""
    more = {"co_qualname": name} if hasattr(base.__code__, "co_qualname") else {}
    return base.__code__.replace(co_name=name, **more)


def want():
    while RUN[0]:
        time.sleep(0.0005)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    thread = threading.Thread(target=want)
    thread.start()
    os.write(1, b"ready %d\n" % os.getpid())
    os.read(0, 1)
    addresses = set()
    wall = []
    function = type(base)(base.__code__, globals())
    for i in range(count):
        function.__code__ = base.__code__  # the last one goes
        function.__code__ = renamed("made_%d" % i)
        addresses.add(id(function.__code__))
        began = time.monotonic()
        function(time.thread_time() + 0.5, time.thread_time)
        wall.append("%.3f" % (time.monotonic() - began))
    os.write(1, ("done %d %s\n" % (len(addresses), " ".join(wall))).encode())
    os.read(0, 1)
    RUN[0] = False
    thread.join()


main()
