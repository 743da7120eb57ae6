# SPDX-License-Identifier: BSD-2-Clause
"""A holder of the GIL that does not always run, and knows for how long it did: offcpu.py KIND [SECONDS]

  sleep    20 ms asleep in native code, with the GIL, then 10 ms of CPU time
  burn     10 ms of CPU time, however long they take

Another thread wants the GIL every millisecond. Parked as parked.py says; before "done" the thread "holder", which was
there for the load alone, says what it knows: "cpu NS slept NS queued NS stolen NS". What a hypervisor and interrupts took
meanwhile, of all CPUs, is nobody's running.
"""
import ctypes
import os
import sys
import threading
import time

import parked

NAP_US = 20000
LIBC = ctypes.PyDLL(None)
KIND = sys.argv.pop(1)


def stolen_ns():
    """Of irq, softirq and steal in /proc/stat."""
    with open("/proc/stat") as f:
        ticks = f.readline().split()[6:9]
    return sum(map(int, ticks)) * 1000000000 // os.sysconf("SC_CLK_TCK")


def holder(seconds, result):
    start, slept, stolen = time.monotonic(), 0, stolen_ns()
    while time.monotonic() < start + seconds:
        if KIND == "sleep":
            LIBC.usleep(NAP_US)
            slept += NAP_US * 1000
        end = time.thread_time() + 0.01
        while time.thread_time() < end:
            sum(range(100))
        time.sleep(0.0005)
    with open("/proc/thread-self/schedstat") as f:
        queued = f.read().split()[1]
    result.append("cpu %d slept %d queued %s stolen %d\n" % (time.thread_time() * 1e9, slept, queued, stolen_ns() - stolen))


def waiter(result):
    while not result:
        time.sleep(0.001)


def load(seconds):
    result = []
    parked.run_all([threading.Thread(target=holder, args=(seconds, result), name="holder"),
                    threading.Thread(target=waiter, args=(result,), name="waiter")])
    parked.say(result[0])


if __name__ == "__main__":
    parked.main(load, 2.5)
