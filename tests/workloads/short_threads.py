# SPDX-License-Identifier: BSD-2-Clause
"""A command of about 100 ms whose named threads live 30 ms or less; says "TID NAME SECONDS" of each that has ended."""
import os
import sys
import threading
import time

LOG = []


def tid():
    # get_native_id() came with 3.8.
    return threading.get_native_id() if hasattr(threading, "get_native_id") else int(os.readlink("/proc/thread-self").split("/")[-1])


def work(number, seconds):
    begin = time.monotonic()
    while time.monotonic() < begin + seconds:
        if number % 2:
            time.sleep(0.001)
    LOG.append("%d %s %.4f" % (tid(), threading.current_thread().name, time.monotonic() - begin))


def main():
    threads = [threading.Thread(target=work, args=(i, 0.03), name="short-%d" % i) for i in range(6)]
    for t in threads:
        t.start()
        time.sleep(0.01)
    for t in threads:
        t.join()
    with open(sys.argv[1], "w") as out:
        out.write("\n".join(LOG) + "\n")


main()
