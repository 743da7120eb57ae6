# SPDX-License-Identifier: BSD-2-Clause
"""Functions made of strings, run once and freed: ever new ones at the same addresses.

made_up.py [SECONDS]: two threads for so long, or until it is killed. Function call_N (line 4 and 5) calls work_N (line
1 to 3), both in <made-up-N>. Prints "ready PID".
"""
import os
import sys
import threading
import time

SOURCE = """def work_%d(sleep):
  sleep(0)
  for i in range(100): pass
def call_%d(sleep):
  work_%d(sleep)
"""


def make_and_run(n, until):
    while time.monotonic() < until:
        names = {}
        exec(compile(SOURCE % (n, n, n), "<made-up-%d>" % n, "exec"), names)
        names["call_%d" % n](time.sleep)
        n += 2


def main(argv):
    until = time.monotonic() + (float(argv[1]) if len(argv) > 1 else 600)
    threads = [threading.Thread(target=make_and_run, args=(n, until), daemon=True) for n in range(2)]
    print("ready", os.getpid(), flush=True)
    for t in threads:
        t.start()
    for t in threads:
        t.join()


main(sys.argv)
