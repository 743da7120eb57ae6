# SPDX-License-Identifier: BSD-2-Clause
"""A machine full of processes that do nothing: idlers.py OTHERS PYTHONS INTERPRETER..

OTHERS run cat; each tenth of them has as many libraries loaded as LIBRARIES, if there are so many here. PYTHONS run the
interpreters in turn. Says "python PID" for each of these, "other PID" for the others, "ready" when all are there; reads
lines "OTHERS PYTHONS", of so many more, and does the same. All end when stdin does, or when this process does.
"""
import os
import re
import subprocess
import sys

LIBRARIES = 20
IDLE = "import os; os.write(1, b'.'); os.read(0, 1)"


def libraries():
    """Some that any program may have loaded, together."""
    known = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    paths = sorted(set(map(os.path.realpath, re.findall(r"=> (\S+)", known))))
    found = []
    for path in paths:
        if len(found) == LIBRARIES:
            break
        if re.search(r"san\.|python|/libc[.-]|libpthread|libm\.", path):
            continue
        done = subprocess.run(["/bin/true"], env={"LD_PRELOAD": " ".join(found + [path])}, stdin=subprocess.DEVNULL,
                              capture_output=True, check=False)
        if not done.returncode and not done.stderr:
            found.append(path)
    return " ".join(found)


class Crowd:
    def __init__(self, interpreters):
        self.interpreters = interpreters
        self.heavy = dict(os.environ, LD_PRELOAD=libraries())
        self.end, self.hold = os.pipe()  # what the idle wait for: its other end goes with us
        self.dots, self.dot = os.pipe()
        self.children = []
        self.other_cnt = self.python_cnt = 0

    def start(self, command, stdout, env=None):
        child = subprocess.Popen(command, stdin=self.end, stdout=stdout, env=env)
        self.children.append(child)
        return child.pid

    def grow(self, others, pythons):
        said = []
        for _ in range(others):
            env = self.heavy if self.other_cnt % 10 == 9 else None
            said.append("other %d" % self.start(["/bin/cat"], subprocess.DEVNULL, env))
            self.other_cnt += 1
        for _ in range(pythons):
            python = self.interpreters[self.python_cnt % len(self.interpreters)]
            said.append("python %d" % self.start([python, "-S", "-c", IDLE], self.dot))
            self.python_cnt += 1
        missing = pythons
        while missing:
            missing -= len(os.read(self.dots, missing))
        print("\n".join(said + ["ready"]), flush=True)


def main():
    crowd = Crowd(sys.argv[3:])
    crowd.grow(int(sys.argv[1]), int(sys.argv[2]))
    for line in sys.stdin:
        crowd.grow(*map(int, line.split()))
    os.close(crowd.hold)
    for child in crowd.children:
        child.wait()


if __name__ == "__main__":
    main()
