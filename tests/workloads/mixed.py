# SPDX-License-Identifier: BSD-2-Clause
"""A bit of everything: two spinners, a sleeper, a hasher that lets go of the GIL, a reader of files.

The last two pause now and then, so that two CPUs are enough for all: a thread that has to wait for a CPU
in the middle of a GIL call is late by milliseconds, and which side of the call it was is chance.

mixed.py [SECONDS]
"""
import hashlib
import os
import threading
import time
import zlib

import parked

BLOCK = bytes(range(256)) * 1024


def spin(end):
    n = 0
    while time.monotonic() < end:
        for i in range(500):
            n += i * i
    return n


def sleep(end):
    while time.monotonic() < end:
        time.sleep(0.001)


def hash_blocks(end):
    while time.monotonic() < end:
        hashlib.sha256(BLOCK).digest()
        zlib.crc32(BLOCK)
        time.sleep(0.001)


def stat_and_read(end):
    fd = os.open(__file__, os.O_RDONLY)
    while time.monotonic() < end:
        for _ in range(10):
            os.stat(__file__)
            os.lseek(fd, 0, os.SEEK_SET)
            os.read(fd, 512)
        time.sleep(0.0002)
    os.close(fd)


def load(seconds):
    end = time.monotonic() + seconds
    kinds = [("spin-1", spin), ("spin-2", spin), ("sleep", sleep), ("hash", hash_blocks)]
    kinds.append(("files", stat_and_read))
    parked.run_all([threading.Thread(target=f, name=n, args=(end,)) for n, f in kinds])


if __name__ == "__main__":
    parked.main(load, 2.0)
