# SPDX-License-Identifier: BSD-2-Clause
"""Holds the GIL in C for known times: triggers_subject.py GO COUNT MIN_MS MAX_MS WAITERS [INTERVAL]

Says "ready", waits for the file GO, then holds COUNT times and prints "hold BEGIN_NS END_NS US" (CLOCK_MONOTONIC; and for
how long it asked) for each, "done" at the end. WAITERS threads want the GIL every few milliseconds. INTERVAL: the switch interval, in seconds.
"""
import ctypes
import os
import random
import sys
import threading
import time

libc = ctypes.PyDLL(None)  # calls with the GIL held
over = threading.Event()


def want_it():
    while not over.is_set():
        time.sleep(0.003)


def hold_it(us):
    libc.usleep(us)


def main():
    go, cnt, least, most, waiters = sys.argv[1], *map(int, sys.argv[2:6])
    if len(sys.argv) > 6:
        sys.setswitchinterval(float(sys.argv[6]))
    rnd = random.Random(7)
    for i in range(waiters):
        threading.Thread(target=want_it, name="waiter-%d" % i, daemon=True).start()
    print("ready", flush=True)
    while not os.path.exists(go):
        time.sleep(0.01)
    time.sleep(0.3)
    for _ in range(cnt):
        time.sleep(rnd.uniform(0.02, 0.12))
        us = rnd.randint(least * 1000, most * 1000)
        begin = time.monotonic_ns()
        hold_it(us)
        print("hold", begin, time.monotonic_ns(), us, flush=True)
    time.sleep(0.3)
    print("done", flush=True)
    over.set()
    time.sleep(0.2)


main()
