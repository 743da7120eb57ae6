# SPDX-License-Identifier: BSD-2-Clause
"""Four threads that only compute: each wait is for a whole switch interval at least.

spin4.py [SECONDS]
"""
import threading
import time

import parked


def spin(end):
    n = 0
    while time.monotonic() < end:
        for i in range(500):
            n += i * i
    return n


def load(seconds):
    end = time.monotonic() + seconds
    parked.run_all([threading.Thread(target=spin, name="spin-%d" % i, args=(end,)) for i in range(4)])


if __name__ == "__main__":
    parked.main(load, 2.0)
