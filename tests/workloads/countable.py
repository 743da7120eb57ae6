# SPDX-License-Identifier: BSD-2-Clause
"""A load whose GIL cycles can be counted without a second tool: one thread, N system calls that let go of
the GIL, N times taken again. From the line on stdin to the next wait for one: N + 2 (the reads of stdin and
the write of "done" belong to it).

countable.py [N]
"""
import os

import parked

FD = os.open("/dev/zero", os.O_RDONLY)


def load(n):
    read = os.read
    for _ in range(n):
        read(FD, 1)


if __name__ == "__main__":
    parked.main(load, 20000)
