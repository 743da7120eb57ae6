# SPDX-License-Identifier: BSD-2-Clause
"""What tests/embed/embed.c lets its C threads call: two kinds compute, one sleeps, one reads files."""
import os
import time


def spin():
    n = 0
    for i in range(20000):
        n += i * i


def work(k):
    if k < 2:
        spin()
    elif k == 2:
        time.sleep(0.001)
    else:
        for _ in range(10):
            os.stat("/")
        time.sleep(0.0002)
