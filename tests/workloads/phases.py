# SPDX-License-Identifier: BSD-2-Clause
"""A command with phases, each of which is new code in new threads: it may be over before anybody has looked.

phases.py NAME:SECONDS..      two threads NAME-0, NAME-1 compute in a function NAME; "uploader" wants the GIL meanwhile
"""
import sys
import threading
import time

SOURCE = """
def %s(end):
    while time.monotonic() < end:
        for i in range(1000): pass
"""


def upload(end):
    while time.monotonic() < end:
        time.sleep(0.002)


for phase in sys.argv[1:]:
    name, seconds = phase.split(":")
    scope = {"time": time}
    exec(compile(SOURCE % name, __file__, "exec"), scope)
    until = time.monotonic() + float(seconds)
    threads = [threading.Thread(target=scope[name], args=(until,), name="%s-%d" % (name, i)) for i in range(2)]
    threads.append(threading.Thread(target=upload, args=(until,), name="uploader"))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
