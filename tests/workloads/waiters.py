# SPDX-License-Identifier: BSD-2-Clause
"""COUNT threads that want the GIL again and again, for short times, from one moment on, for a minute: waiters.py COUNT"""
import sys
import threading
import time

GO = threading.Event()


def want():
    GO.wait()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        sum(range(2000))
        time.sleep(0.001)


for i in range(int(sys.argv[1])):
    threading.Thread(target=want, name=f"want-{i}", daemon=True).start()
print("ready", flush=True)
GO.set()
time.sleep(60)
