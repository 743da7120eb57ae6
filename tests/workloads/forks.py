# SPDX-License-Identifier: BSD-2-Clause
"""Workers that come and go: four, two at a time, each with two threads that want its GIL for half a second."""
import os
import threading
import time


def burn(end):
    while time.monotonic() < end:
        sum(range(1000))


def worker():
    threads = [threading.Thread(target=burn, name=f"burn-{i}", args=(time.monotonic() + 0.5,)) for i in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


for _ in range(2):
    pids = []
    for _ in range(2):
        pid = os.fork()
        if not pid:
            worker()
            os._exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)
