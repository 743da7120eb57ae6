# SPDX-License-Identifier: BSD-2-Clause
"""The workloads of the benchmark in one process, run on command.

Says "ready PID"; answers each line with one line of JSON; ends at end of file.

  read N             N times os.read of one byte from /dev/zero: N uncontended GIL cycles; CPU time
  spin SECONDS       two threads that compute: a forced switch every 5 ms
  pingpong ROUNDS    tests/workloads/pingpong.py: as many hand-overs as there can be
  paced SECONDS RATE bursts of os.read, RATE GIL cycles a second
  threads N SECONDS RATE   N threads that sleep for a moment: RATE acquisitions a second in all
  idle SECONDS       sleep
  loop NAME SECONDS  one of loops.py
  chunks SECONDS WORK CHUNK   GIL cycles with work between them, each one clocked, in pieces
"""
import json
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "workloads"))

import loops  # noqa: E402
import parked  # noqa: E402
import pingpong  # noqa: E402


def read(count):
    fd, func = loops.ZERO, os.read
    start = time.thread_time_ns()
    for _ in range(count):
        func(fd, 1)
    return {"cpu_ns": time.thread_time_ns() - start}


def timed(func, *args):
    wall, cpu = time.monotonic_ns(), time.process_time_ns()
    result = func(*args) or {}
    result["cpu_ns"] = time.process_time_ns() - cpu
    result["wall_ns"] = time.monotonic_ns() - wall
    return result


def spin(seconds):
    end = time.monotonic() + seconds
    counts = []

    def compute():
        n = 0
        while not n or time.monotonic() < end:
            for _ in range(1000):
                pass
            n += 1
        counts.append(n)

    parked.run_all([threading.Thread(target=compute) for _ in range(2)])
    return {"count": sum(counts)}


def paced(seconds, rate):
    per_tick = int(rate * 0.005)
    tick = time.monotonic()
    end = tick + seconds
    count = 0
    while tick < end:
        read(per_tick)
        count += per_tick
        tick += 0.005
        left = tick - time.monotonic()
        if left > 0:
            time.sleep(left)
    return {"count": count}


def threads(count, seconds, rate):
    every = count / rate
    end = time.monotonic() + seconds

    def nap():
        tick = time.monotonic()
        while tick < end:
            tick += every
            time.sleep(max(tick - time.monotonic(), 0))

    parked.run_all([threading.Thread(target=nap) for _ in range(count)])


def answer(line):
    words = line.split()
    if words[0] == "loop":
        return timed(loops.loop, words[1], float(words[2]))
    args = [float(word) for word in words[1:]]
    if words[0] == "chunks":
        return loops.chunks(args[0], int(args[1]), args[2])
    if words[0] == "read":
        return read(int(args[0]))
    if words[0] == "spin":
        return timed(spin, args[0])
    if words[0] == "pingpong":
        return timed(pingpong.load, int(args[0]))
    if words[0] == "paced":
        return timed(paced, args[0], args[1])
    if words[0] == "threads":
        return timed(threads, int(args[0]), args[1], args[2])
    return timed(time.sleep, args[0])


def main():
    parked.say("ready %d\n" % os.getpid())
    for line in sys.stdin:
        parked.say(json.dumps(answer(line)) + "\n")


if __name__ == "__main__":
    main()
