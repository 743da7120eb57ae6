# SPDX-License-Identifier: BSD-2-Clause
"""A load that swings: as many GIL cycles as one thread can make for so long, then a thousand a second for so long, and again.

swing.py FAST_SECONDS SLOW_SECONDS      says "ready PID", "fast", "slow", "fast", ..; until killed

Another thread computes for a millisecond now and then, so that there is always somebody who waits.
"""
import os
import sys
import threading
import time

ZERO = os.open("/dev/zero", os.O_RDONLY)


def say(word):
    os.write(1, word.encode() + b"\n")


def cycle(fast_s, slow_s):
    while True:
        say("fast")
        end = time.monotonic() + fast_s
        while time.monotonic() < end:
            for _ in range(100):
                os.read(ZERO, 1)
        say("slow")
        end = time.monotonic() + slow_s
        while time.monotonic() < end:
            time.sleep(0.001)


def compute():
    while True:
        end = time.monotonic() + 0.001
        while time.monotonic() < end:
            pass
        time.sleep(0.009)


if __name__ == "__main__":
    threading.Thread(target=compute, name="compute", daemon=True).start()
    say("ready %d" % os.getpid())
    cycle(float(sys.argv[1]), float(sys.argv[2]))
