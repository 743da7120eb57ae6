#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compare the stacks that giltop's code reads out of an interpreter with what it says itself.

stacks_truth.py DUMP PYTHON [ARG..]: DUMP is the program pystack_dump, the rest starts the interpreter
under test (with all that belongs before it: "chroot /x python3.14"). Function, file and line of every
frame of every thread must agree, and the threads' names. Then the same threads run while their stacks
are read: nothing may fail but single torn frames. Prints one line; exit code 1: they differ.
"""
import json
import subprocess
import sys

from known import process_of, start

MAX_FRAMES = 127


def dump(program, pid):
    out = subprocess.run([program, str(pid)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if out.returncode != 0:
        raise SystemExit("pystack_dump %d: exit code %d: %s" % (pid, out.returncode, out.stderr.decode()))
    threads, head, gils, frames = {}, "", 0, None
    for line in out.stdout.decode("utf-8").splitlines():
        if line.startswith("thread "):
            _, tid, _interp, end, name = line.split(" ", 4)
            frames = []
            threads[int(tid)] = {"end": end, "name": name, "frames": frames}
        elif line.startswith("  #"):
            frames.append(None)
        elif line.startswith("  "):
            lineno, name, path = line[2:].split("\t")
            frames.append([name, path, int(lineno)])
        elif line.startswith("gil "):
            gils += 1
        else:
            head = head or line
    return threads, head, gils


def compare(truth, seen, minor):
    """Differences as text."""
    diffs = []
    for t in truth["threads"]:
        got = seen.get(t["tid"])
        who = "%s (%d)" % (t["name"], t["tid"])
        if got is None:
            diffs.append("%s: not found" % who)
            continue
        want = t["frames"][:MAX_FRAMES]
        end = "complete" if len(t["frames"]) <= MAX_FRAMES else "truncated"
        if got["end"] != end:
            diffs.append("%s: %s, expected %s" % (who, got["end"], end))
        # From 3.14 on the name is the kernel's, which has 15 bytes.
        if got["name"] != (t["name"] if minor <= 13 else t["name"][:15]):
            diffs.append("%s: called %s" % (who, got["name"]))
        if len(got["frames"]) != len(want):
            diffs.append("%s: %d frames, expected %d" % (who, len(got["frames"]), len(want)))
        for i, (g, w) in enumerate(zip(got["frames"], want)):
            if g != w:
                diffs.append("%s frame %d: %s, expected %s" % (who, i, g, w))
    return diffs


def main(argv):
    if len(argv) < 3:
        raise SystemExit(__doc__)
    program, command = argv[1], argv[2:]
    child = start(command, "known_parked.py")
    try:
        truth = json.loads(child.stdout.readline().decode("utf-8"))
        pid = process_of(child, truth["threads"][0]["tid"])
        seen, head, gils = dump(program, pid)
        minor = int(head.split()[1].split(".")[1])
        diffs = compare(truth, seen, minor)
        if gils < 1:
            diffs.append("no GIL found")
        frames = sum(len(t["frames"]) for t in seen.values())

        child.stdin.write(b"\n")
        child.stdin.flush()
        json.loads(child.stdout.readline().decode("utf-8"))
        parked = {t["tid"] for t in truth["threads"]}
        hot = torn = 0
        for _ in range(30):
            for tid, t in dump(program, pid)[0].items():
                if tid in parked:
                    continue
                hot += len(t["frames"])
                torn += t["frames"].count(None) + (t["end"] == "torn")
        # A walk of running threads from outside may be torn, but that is the exception.
        if torn * 5 > hot:
            diffs.append("running threads: %d of %d frames torn" % (torn, hot))
        child.stdin.write(b"\n")
        child.stdin.flush()
        child.wait(20)
    finally:
        child.kill()
        child.wait()
    for d in diffs[:20]:
        print("  " + d)
    print("%s: %d threads, %d frames, %d different; running: %d frames, %d torn" %
          (" ".join(head.split()[:3]), len(truth["threads"]), frames, len(diffs), hot, torn))
    return 1 if diffs else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
