# SPDX-License-Identifier: BSD-2-Clause
"""At a line on stdin the main thread ends, and runs Python for 2 s while its interpreter finalizes and daemon threads
want the GIL: they are ended then, or (3.13 late, 3.14+) parked for ever."""
import os
import sys
import threading
import time


class Late:
    def __del__(self):
        self.spin(2.0)


# Names that finalization has not taken away yet when it runs.
def spin(self, seconds, clock=time.monotonic, write=os.write):
    end = clock() + seconds
    while clock() < end:
        pass
    write(1, b"done\n")


def daemon():
    while True:
        pass


Late.spin = spin
threading.late = Late()
for number in range(8):
    threading.Thread(target=daemon, name="daemon-%d" % number, daemon=True).start()
print("ready", os.getpid(), flush=True)
sys.stdin.readline()
