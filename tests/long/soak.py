# SPDX-License-Identifier: BSD-2-Clause
"""Threads, processes and code that come and go for as long as it takes, beside some that stay: soak.py GO STOP

Begins when the file GO is there, with a flood that fills what keeps the latest or the first of something: threads, children,
functions. Says "flooded", and goes on until STOP is there, so many a second; says "done" and how many threads and children
there were. What must not make giltop grow from there on: ids that come again, names that never do, code that is made anew
each time, a new function now and then.
"""
import hashlib
import os
import sys
import threading
import time

ALIVE = 10
DEPTHS = 3
FLOOD = 70000
FLOOD_CHILDREN = 520
CHILDREN_ALIVE = 4
FUNCTIONS = 1000  # different ones that come again
ROUNDS_A_SECOND = 20
go, stop = sys.argv[1:]
started = 0
children = 0
rounds = 0


def work(depth):
    if depth > 0:
        return work(depth - 1)
    n = 0
    for i in range(300):
        n += i
    os.stat("/")
    return n


def made(number):
    """A function that was not there before; what it is called may have been."""
    names = {}
    exec(compile("def made_%d(f):\n    return f(0)\n" % number, "/srv/made_%d.py" % (number % 7), "exec"), names)
    return names["made_%d" % number]


def short_life(number):
    made(number % FUNCTIONS)(work)
    work(number % DEPTHS)


def spin(over):
    n = 0
    while not over.wait(0.002):
        for i in range(20000):
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


def child():
    global children
    children += 1
    pid = os.fork()
    if pid:
        return pid
    try:
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            work(1)
            time.sleep(0.02)
    finally:
        os._exit(0)


def flood():
    for _ in range(FLOOD_CHILDREN // CHILDREN_ALIVE):
        for pid in [child() for _ in range(CHILDREN_ALIVE)]:
            os.waitpid(pid, 0)
    while started < FLOOD:
        churn()


def one_round(begin):
    """So many a second, however long each takes; what is late is not made up for."""
    global rounds
    rounds += 1
    churn()
    if rounds % ROUNDS_A_SECOND == 0:
        pid = child()
        made(FUNCTIONS + rounds)(work)
        os.waitpid(pid, 0)
    pause = 1 / ROUNDS_A_SECOND - (time.monotonic() - begin)
    if pause > 0:
        time.sleep(pause)


def main():
    print("ready", os.getpid(), flush=True)
    while not os.path.exists(go):
        time.sleep(0.05)
    flood()
    print("flooded", flush=True)
    over = threading.Event()
    stay = [start(f.__name__, f, over) for f in (spin, sleep, hash_blocks)]
    while not os.path.exists(stop):
        one_round(time.monotonic())
    over.set()
    for t in stay:
        t.join()
    print("done", started, children, flush=True)
    time.sleep(1000)


main()
