# SPDX-License-Identifier: BSD-2-Clause
"""A supervisor as gunicorn's: forks workers, waits for them, puts new ones in the place of those that end.

    prefork.py WORKERS [idle|busy]

Each worker has two threads that always want its GIL. The parent wakes once a second and looks about; busy: it computes
as well. Prints "worker PID" for each, "ready" when all are there; ends with its workers on SIGTERM.
"""

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_NAME, PR_SET_PDEATHSIG = 15, 1
LIBC = ctypes.CDLL(None)


def burn():
    n = 0
    while True:
        n += 1


def worker():
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    for i in range(2):
        thread = threading.Thread(target=burn, name="burner-%d" % i, daemon=True)
        thread.start()
    while True:
        time.sleep(1000)


def main():
    count, busy = int(sys.argv[1]), sys.argv[2:] == ["busy"]
    workers = set()

    def end(*_):
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    ready = False
    while True:
        while len(workers) < count:
            pid = os.fork()
            if not pid:
                worker()
            workers.add(pid)
            print("worker", pid, flush=True)
        if not ready:
            ready = True
            print("ready", flush=True)
            if busy:
                threading.Thread(target=burn, daemon=True).start()
        time.sleep(1)
        pid = -1
        while pid:
            pid = os.waitpid(-1, os.WNOHANG)[0]
            workers.discard(pid)


main()
