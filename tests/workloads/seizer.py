# SPDX-License-Identifier: BSD-2-Clause
"""Two threads that spin, and one that sleeps in C for 0.3 s with the GIL, once, SECONDS after the start (0: never):
seizer.py SECONDS

It ends after LASTS seconds (environment; 120).
"""
import ctypes
import os
import sys
import threading
import time

LIBC = ctypes.PyDLL(None)


def spin():
    n = 0
    while True:
        n += 1


def seize(after):
    time.sleep(after)
    LIBC.usleep(300000)


for name in ("spin-1", "spin-2"):
    threading.Thread(target=spin, name=name, daemon=True).start()
if float(sys.argv[1]):
    threading.Thread(target=seize, name="seizer", args=(float(sys.argv[1]),), daemon=True).start()
print("ready", flush=True)
time.sleep(float(os.environ.get("LASTS", "120")))
