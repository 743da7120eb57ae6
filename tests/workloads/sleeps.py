# SPDX-License-Identifier: BSD-2-Clause
"""Holders that sleep with the GIL, in known system calls and lines, for a known time.

sleeps.py LIBRARY FD      LIBRARY: sleeps.c, compiled; FD: to read from; somebody writes to it now and then

A thread each: `napper` calls usleep() with the GIL, `reader` read(), `locker` waits for a futex, and `free` sleeps without it.
Prints "ready PID". Ends at a line "FROM TO" on stdin (CLOCK_MONOTONIC, ns), and prints for how long each was in its call between
FROM and TO, and how often for more than a moment, as one line of JSON: {"napper": {"ns", "count", "tid", "line"}, ..}; of `free`
only the tid. In those calls they slept, but for microseconds. A tid of 0: Python 3.7 does not say.
"""
import ctypes
import json
import os
import sys
import threading
import time

sleeps = ctypes.PyDLL(sys.argv[1])
KINDS = ["napper", "reader", "locker"]
SLEEP_NS = 50000  # a shorter call had no reason to: the byte was there
LINES = {}
TIDS = {}


def line_after():
    return sys._getframe(1).f_lineno + 2


def napper():
    LINES["napper"] = line_after()
    while True:
        sleeps.nap(7000)
        time.sleep(0.003)


def reader():
    fd = int(sys.argv[2])
    LINES["reader"] = line_after()
    while True:
        sleeps.read_one(fd)
        time.sleep(0.001)


def locker():
    LINES["locker"] = line_after()
    while True:
        sleeps.lock(4)
        time.sleep(0.005)


def free():
    while True:
        time.sleep(0.005)


def run(fn):
    TIDS[fn.__name__] = threading.get_native_id() if hasattr(threading, "get_native_id") else 0
    fn()


def told(start, end):
    cnt = (ctypes.c_int * 3).in_dll(sleeps, "call_cnt")
    calls = (ctypes.c_int64 * 2 * 100000 * 3).in_dll(sleeps, "calls")
    ret = {"free": {"tid": TIDS["free"]}}
    for kind, name in enumerate(KINDS):
        inside = [min(b, end) - max(a, start) for a, b in calls[kind][:cnt[kind]] if b > start and a < end]
        asleep = sum(ns >= SLEEP_NS for ns in inside)
        ret[name] = {"ns": sum(inside), "count": asleep, "tid": TIDS[name], "line": LINES[name]}
    return ret


def main():
    for fn in (napper, reader, locker, free):
        threading.Thread(target=run, args=(fn,), daemon=True).start()
    print("ready", os.getpid(), flush=True)
    line = sys.stdin.readline().split()
    print(json.dumps(told(int(line[0]), int(line[1]))), flush=True)
    os._exit(0)


main()
