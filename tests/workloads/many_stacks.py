# SPDX-License-Identifier: BSD-2-Clause
"""More different stacks than any table keeps: two threads compute, a third one waits in thousands of functions.

many_stacks.py [FUNCTIONS]: parked.py says how it is started and stopped. Python 3.7 and later.
"""
import sys
import threading
import time

import parked


def make_functions(count):
    """count functions of one line each, every one in a file of its own."""
    ret = []
    for i in range(count):
        scope = {"time": time}
        exec(compile("def nap_%d(): time.sleep(0)" % i, "/made/up/%d.py" % i, "exec"), scope)
        ret.append(scope["nap_%d" % i])
    return ret


def compute(running):
    while running:
        sum(range(50))


def nap_everywhere(functions, running):
    for function in functions:
        function()
    running.clear()


def load(count):
    functions = make_functions(count)
    running = [True]
    was = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    parked.run_all([threading.Thread(target=nap_everywhere, name="everywhere", args=(functions, running)),
                    threading.Thread(target=compute, name="compute-1", args=(running,)),
                    threading.Thread(target=compute, name="compute-2", args=(running,))])
    sys.setswitchinterval(was)


if __name__ == "__main__":
    parked.main(load, 8000)
