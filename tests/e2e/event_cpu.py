# SPDX-License-Identifier: BSD-2-Clause
"""event_cpu.py EVENTS PID: is the CPU time in events that of /proc/PID/task/TID/schedstat?

A sampler beside it knows each thread's CPU time every few milliseconds; the scheduler brings that up to date at its ticks.
"""
import bisect
import json
import os
import subprocess
import sys
import time

SLACK_NS = 12_000_000  # between two samples, and of a tick, at both ends


def sample(pid, seen):
    for tid in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{tid}/schedstat") as f:
                cpu = int(f.read().split()[0])
        except (OSError, IndexError, ValueError):
            continue
        seen.setdefault(int(tid), []).append((time.monotonic_ns(), cpu))


def at(samples, ns):
    i = bisect.bisect(samples, (ns, 0))
    return samples[min(i, len(samples) - 1)][1]


def main():
    program, pid = sys.argv[1:]
    seen, checked, wrong = {}, 0, 0
    with subprocess.Popen([program, pid, "2", "exact"], stdout=subprocess.PIPE) as run:
        while run.poll() is None:
            sample(pid, seen)
            time.sleep(0.005)
        told = json.load(run.stdout)
    for t in told["threads"]:
        if t["to_ns"] - t["from_ns"] < 1e9 or t["tid"] not in seen:
            continue
        cpu = at(seen[t["tid"]], t["to_ns"]) - at(seen[t["tid"]], t["from_ns"])
        print(f"thread {t['tid']}: by events {t['cpu_ns']} ns, by the scheduler {cpu}")
        checked += 1
        wrong += abs(t["cpu_ns"] - cpu) > SLACK_NS + cpu // 50
    return 0 if checked >= 4 and not wrong else 1


sys.exit(main())
