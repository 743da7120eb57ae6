# SPDX-License-Identifier: BSD-2-Clause
"""200 threads that all want the GIL: half of them only compute, half of them also sleep.

many.py [SECONDS]
"""
import threading
import time

import parked

THREADS = 200


def compute(end):
    n = 0
    while time.monotonic() < end:
        for i in range(200):
            n += i
    return n


def compute_and_sleep(end):
    while time.monotonic() < end:
        sum(range(200))
        time.sleep(0.002)


def load(seconds):
    end = time.monotonic() + seconds
    work = [compute, compute_and_sleep]
    parked.run_all([threading.Thread(target=work[i % 2], name="worker-%d" % i, args=(end,))
                    for i in range(THREADS)])


if __name__ == "__main__":
    parked.main(load, 2.0)
