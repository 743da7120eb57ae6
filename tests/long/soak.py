# SPDX-License-Identifier: BSD-2-Clause
"""Threads that come and go for as long as it takes, beside some that stay: soak.py GO STOP

Begins when the file GO is there, with a flood of threads that fills every table that keeps the latest or the first of
something, and says "flooded"; goes on until STOP is there, and says "done" and how many threads there were. What must not
make giltop grow from there on: ids that come again, names that never do, always the same stacks.
"""
import hashlib
import os
import sys
import threading
import time

ALIVE = 10
DEPTHS = 3
FLOOD = 70000
go, stop = sys.argv[1:]
started = 0


def work(depth):
    if depth > 0:
        return work(depth - 1)
    n = 0
    for i in range(300):
        n += i
    os.stat("/")
    return n


def short_life(number):
    work(number % DEPTHS)


def spin(over):
    n = 0
    while not over.is_set():
        for i in range(2000):
            n += i * i


def sleep(over):
    while not over.wait(0.001):
        pass


def hash_blocks(over):
    block = bytes(1 << 18)
    while not over.wait(0.001):
        hashlib.sha256(block).digest()


def start(name, function, *args):
    global started
    started += 1
    ret = threading.Thread(target=function, name=name, args=args)
    ret.start()
    return ret


def churn():
    batch = [start("life-%d" % started, short_life, started) for _ in range(ALIVE)]
    for t in batch:
        t.join()


def main():
    print("ready", os.getpid(), flush=True)
    while not os.path.exists(go):
        time.sleep(0.05)
    while started < FLOOD:
        churn()
    print("flooded", flush=True)
    over = threading.Event()
    stay = [start(f.__name__, f, over) for f in (spin, sleep, hash_blocks)]
    while not os.path.exists(stop):
        churn()
    over.set()
    for t in stay:
        t.join()
    print("done", started, flush=True)
    time.sleep(1000)


main()
