# SPDX-License-Identifier: BSD-2-Clause
"""Threads that live for a moment: COUNT of them in a row, ten alive at a time.

churn.py [COUNT]
"""
import os
import threading

import parked

ALIVE = 10


def short_life():
    n = 0
    for i in range(300):
        n += i
    os.stat("/")
    return n


def load(count):
    while count > 0:
        batch = min(ALIVE, count)
        parked.run_all([threading.Thread(target=short_life) for _ in range(batch)])
        count -= batch


if __name__ == "__main__":
    parked.main(load, 10000)
