# SPDX-License-Identifier: BSD-2-Clause
"""Eight daemon threads want the GIL when the main thread ends; the interpreter's end runs Python for a while.

daemons.py [SECONDS]      of that while. Prints "ready PID"; the main thread ends at a line on stdin. From then on nothing lets go
of the GIL but for who asks for it.
"""
import os
import sys
import threading
import time


def spin():
    n = 0
    while True:
        n ^= 1


class Late:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0

    def __del__(self, clock=time.monotonic):
        end = clock() + self.seconds
        while clock() < end:
            pass


threading.late = Late()  # not a global of this module: the daemons keep those alive
del Late
for i in range(8):
    threading.Thread(target=spin, name="daemon-%d" % i, daemon=True).start()
os.write(1, b"ready %d\n" % os.getpid())
os.read(0, 100)
