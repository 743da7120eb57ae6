# SPDX-License-Identifier: BSD-2-Clause
"""One thread makes jobs, another does them: a queue between the two, and many short waits.

handoff.py [SECONDS]
"""
import queue
import threading
import time

import parked


def produce(jobs, end):
    while time.monotonic() < end:
        jobs.put(sum(range(300)))
    jobs.put(None)


def consume(jobs):
    while jobs.get() is not None:
        sum(range(200))


def load(seconds):
    jobs = queue.Queue(16)
    end = time.monotonic() + seconds
    parked.run_all([threading.Thread(target=produce, name="produce", args=(jobs, end)),
                    threading.Thread(target=consume, name="consume", args=(jobs,))])


if __name__ == "__main__":
    parked.main(load, 2.0)
