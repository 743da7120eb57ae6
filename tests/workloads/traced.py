# SPDX-License-Identifier: BSD-2-Clause
"""A program that traces itself, by the clocks that others do it by: a thread that works and naps, beside one that only computes.

traced.py OUT.json SECONDS CLOCK	torch: times since baseTimeNanoseconds; monotonic: as VizTracer's; epoch: of the epoch
"""
import json
import os
import sys
import threading
import time

EVENTS = []
CLOCK = sys.argv[3]
BASE = (time.time_ns() // 10**9 - 1000) * 10**9 if CLOCK == "torch" else 0
now = time.monotonic_ns if CLOCK == "monotonic" else time.time_ns


def tid():
    return threading.get_native_id()


def spin(end):
    while time.monotonic() < end:
        sum(range(2000))


def span(name, begin):
    end = now()
    EVENTS.append({"name": name, "cat": "python", "ph": "X", "ts": (begin - BASE) / 1000, "dur": (end - begin) / 1000, "pid": os.getpid(), "tid": tid()})
    return end


def work(end):
    begin = now()
    while time.monotonic() < end:
        spin(time.monotonic() + 0.02)
        begin = span("work", begin)
        time.sleep(0.01)  # and it waits for the GIL before it returns
        begin = span("nap", begin)


def main():
    end = time.monotonic() + float(sys.argv[2])
    threads = [threading.Thread(target=spin, args=(end,), name="spins"), threading.Thread(target=work, args=(end,), name="works")]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    with open(sys.argv[1], "w") as f:
        json.dump({"traceEvents": EVENTS, **({"baseTimeNanoseconds": BASE} if BASE else {})}, f)


main()
