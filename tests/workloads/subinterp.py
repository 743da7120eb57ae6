# SPDX-License-Identifier: BSD-2-Clause
"""Sub-interpreters with a GIL of their own, each with two threads that compute.

subinterp.py [plain]	on stdin: "new NAME" creates one, "end NAME" ends its threads and destroys it; end of
file ends all. Answers every line with "NAME new ID" (its threads run) or "NAME ended". Two threads of the
main interpreter compute as well. The sub-interpreters' threads are called NAME-0 and NAME-1. "plain" makes
interpreters that share the main one's GIL. Runs on Python 3.12 (private module) and later.
"""
import os
import sys
import tempfile
import threading
import time

NEW = sys.version_info >= (3, 13)
if NEW:
    import _interpreters as interpreters
else:
    import _xxsubinterpreters as interpreters

CODE = """
import os, threading, time
def compute():
    n = 0
    while os.path.exists(%(alive)r):
        for i in range(20000):
            n += i
threads = [threading.Thread(target=compute, name="%(name)s-%%d" %% i) for i in range(2)]
for t in threads:
    t.start()
os.close(os.open(%(alive)r + ".runs", os.O_CREAT))
for t in threads:
    t.join()
"""


def create(plain):
    if NEW:
        return interpreters.create("legacy" if plain else "isolated")
    return interpreters.create(isolated=not plain)


class Sub:
    def __init__(self, name, folder, plain):
        self.name, self.alive = name, os.path.join(folder, name)
        os.close(os.open(self.alive, os.O_CREAT))
        self.id = create(plain)
        self.thread = threading.Thread(target=self.run, name="runs-" + name)
        self.thread.start()
        while not os.path.exists(self.alive + ".runs"):
            time.sleep(0.01)

    def run(self):
        code = CODE % {"alive": self.alive, "name": self.name}
        failed = (interpreters.exec if NEW else interpreters.run_string)(self.id, code)
        if failed:
            print(failed, file=sys.stderr)
        interpreters.destroy(self.id)  # here: 3.12.1 hangs if another thread does it

    def end(self):
        os.unlink(self.alive)
        self.thread.join()
        os.unlink(self.alive + ".runs")


def compute(stop):
    n = 0
    while not stop:
        for i in range(20000):
            n += i


def say(*words):
    os.write(1, (" ".join(str(w) for w in words) + "\n").encode())


def main():
    subs, stop = {}, []
    mains = [threading.Thread(target=compute, args=(stop,), name="main-%d" % i) for i in range(2)]
    for t in mains:
        t.start()
    with tempfile.TemporaryDirectory() as folder:
        say("ready", os.getpid())
        for line in sys.stdin:
            verb, name = line.split()
            if verb == "new":
                subs[name] = Sub(name, folder, "plain" in sys.argv)
                say(name, "new", int(subs[name].id))
            else:
                subs.pop(name).end()
                say(name, "ended")
        for sub in subs.values():
            sub.end()
        stop.append(True)
        for t in mains:
            t.join()


if __name__ == "__main__":
    main()
