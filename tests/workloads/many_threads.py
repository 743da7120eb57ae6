# SPDX-License-Identifier: BSD-2-Clause
"""Thousands of threads that all want the GIL, for a short loop each time: many_threads.py [THREADS]

parked.py says how it is started, but here the load goes on behind "done", until standard input ends. All threads are there
before the first one begins: to start one amid the others takes a turn of all of them. Python 3.7 and later.
"""
import os
import threading
import time

import parked

FUNCTIONS = 40


def make_functions():
    """So many functions of a few lines each: threads that stand in different places."""
    ret = []
    for i in range(FUNCTIONS):
        scope = {"time": time}
        exec("def spin_%d():\n    n = 0\n    for i in range(3000):\n        n += i * i\n    time.sleep(0.001)\n" % i, scope)
        ret.append(scope["spin_%d" % i])
    return ret


def spin_on(gate, function):
    os.read(gate, 1)  # its end comes to all at once
    while True:
        function()


def load(count):
    threading.stack_size(128 * 1024)
    functions = make_functions()
    gate, opener = os.pipe()
    for i in range(count):
        threading.Thread(target=spin_on, name="spin-%d" % i, args=(gate, functions[i % FUNCTIONS]), daemon=True).start()
    os.close(opener)


if __name__ == "__main__":
    parked.main(load, 5000)
    os._exit(0)
