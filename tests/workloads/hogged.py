# SPDX-License-Identifier: BSD-2-Clause
"""Three workers that need the GIL now and then, with or without a thread that hogs it.

hogged.py KIND SECONDS [STATUS]

  calm  the workers alone
  hog   and a thread "hog" that computes all the time, in crunch()

Ends with STATUS (0).
"""
import sys
import threading
import time

END = time.monotonic() + float(sys.argv[2])


def crunch(n):
    x = 0
    for i in range(n):
        x += i * i
    return x


def spin():
    while time.monotonic() < END:
        crunch(20000)


def serve():
    while time.monotonic() < END:
        crunch(1000)
        time.sleep(0.002)


def main():
    threads = [threading.Thread(target=serve, name="worker-%d" % i) for i in range(3)]
    if sys.argv[1] == "hog":
        threads.append(threading.Thread(target=spin, name="hog"))
    for t in threads:
        t.start()
    for t in threads:
        t.join()


if __name__ == "__main__":
    main()
    sys.exit(int(sys.argv[3]) if len(sys.argv) > 3 else 0)
