# SPDX-License-Identifier: BSD-2-Clause
"""What a workload notes about itself while it runs, and tells at its end.

main(threads, spans) says "ready PID" when the threads run; at a line "FROM TO" on stdin (CLOCK_MONOTONIC, ns) it stops them
and prints, as one line of JSON, for how long each thing in spans lasted between the two: {name: ns}.
"""
import json
import os
import sys
import threading
import time

STOP = []
clock = time.monotonic_ns


def main(functions, spans):
    """spans: a list of (name, start, end) that the functions, each a thread, append to"""
    threads = [threading.Thread(target=f, name=f.__name__) for f in functions]
    for thread in threads:
        thread.start()
    os.write(1, b"ready %d\n" % os.getpid())
    words = sys.stdin.readline().split()
    STOP.append(True)
    for thread in threads:
        thread.join()
    begin, end = (int(word) for word in words) if words else (0, clock())
    total = {}
    for name, start, stop in spans:
        total[name] = total.get(name, 0) + max(0, min(stop, end) - max(start, begin))
    os.write(1, (json.dumps(total) + "\n").encode())


def ping():
    """Wants the GIL all the time."""
    while not STOP:
        time.sleep(0.001)
