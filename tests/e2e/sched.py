#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The sleeps of holders that giltop --sched tells, against tests/workloads/sleeps.py, which knows them.

sched.py [--no-stacks] GILTOP LIBRARY SECONDS PYTHON..      LIBRARY: sleeps.c, compiled; PYTHON..: the interpreter and its options

Exit status 1 if a time is off by more than 40 us a sleep, or if a call, line or count is wrong. A call in which the thread was
preempted took longer than it slept: of all of them 6 %, on a busy machine. And who lets go of the GIL may have to wait for its
mutex, some microseconds, and has the GIL until then: that is a sleep in futex(), too, wherever it was.
"""
import json
import os
import subprocess
import sys
import threading

WORKLOAD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "workloads", "sleeps.py")
CALLS = {"napper": "clock_nanosleep", "reader": "read", "locker": "futex"}
PREEMPTED, A_SLEEP_NS = 0.06, 40000
MUTEX_NS = 500000  # such a wait for a mutex; sleeps of the workload are of milliseconds


def is_mutex(row):
    return row["syscall"] == "futex" and row["ns"] < MUTEX_NS * row["count"]


def feed(fd, stop):
    while not stop.wait(0.018):
        os.write(fd, b"x")


def measure(giltop, library, seconds, options, python):
    """All records, and what was true meanwhile."""
    out_fd, feed_fd = os.pipe()
    os.set_inheritable(out_fd, True)
    stop = threading.Event()
    threading.Thread(target=feed, args=(feed_fd, stop)).start()
    with subprocess.Popen(python + [WORKLOAD, library, str(out_fd)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True, close_fds=False) as target:
        try:
            pid = target.stdout.readline().split()[1]
            out = subprocess.run([giltop, "--sched", "--json", "-p", pid, "-i", "300ms", "-d", seconds]
                                 + options, stdout=subprocess.PIPE, text=True, check=True).stdout
            records = [json.loads(line) for line in out.splitlines()]
            last = records[-1]
            end = last["start_ns"] + last["duration_ns"]
            truth = target.communicate("%d %d\n" % (last["start_ns"], end))[0]
        finally:
            target.kill()
            stop.set()
    return records, json.loads(truth)


def rows_of(record):
    return record["processes"][0]["offcpu"]


def judge(records, truth, stacks):
    wrong = []
    last = records[-1]
    rows = rows_of(last)
    by_call = {}
    for row in rows:
        by_call.setdefault(row["syscall"], []).append(row)
    for name, call in CALLS.items():
        true = truth[name]
        mine = [r for r in by_call.get(call, ()) if (r["tid"] == true["tid"] or not true["tid"]) and not is_mutex(r)]
        ns = sum(r["ns"] for r in mine)
        cnt = sum(r["count"] for r in mine)
        print("%-8s %-16s slept %8.1f ms, true %8.1f ms; %d sleeps, %d calls"
              % (name, call, ns / 1e6, true["ns"] / 1e6, cnt, true["count"]))
        room = A_SLEEP_NS * true["count"]
        if not true["ns"] * (1 - PREEMPTED) - room <= ns <= true["ns"] + room:
            wrong.append("%s: the time" % name)
        most = true["count"] + 2 if call != "futex" else 1.25 * true["count"] + 2  # with its own waits for the mutex, without stacks
        if not 0.9 * true["count"] - 2 <= cnt <= most:
            wrong.append("%s: the number of sleeps" % name)
        for row in mine if stacks else ():
            frames = [f for f in row["frames"] if f["line"]]
            if not frames or (frames[-1]["name"], frames[-1]["line"]) != (name, true["line"]):
                wrong.append("%s: the line: %s" % (name, row["frames"][-2:]))
        if stacks and not any(f["name"].startswith("[") for r in mine for f in r["frames"]):
            wrong.append("%s: no native leaf" % name)
        if not stacks and any(r["frames"] for r in mine):
            wrong.append("%s: stacks though not wanted" % name)
    if any(r["tid"] == truth["free"]["tid"] and not is_mutex(r) for r in rows):
        wrong.append("one that sleeps without the GIL: %s" % rows)
    # Intervals add up to the whole.
    total = sum(r["ns"] for r in rows)
    parts = sum(r["ns"] for rec in records if rec["type"] == "snapshot" for r in rows_of(rec))
    if parts != total:
        wrong.append("the intervals add up to %d, the whole is %d" % (parts, total))
    held = {t["tid"]: t["hold_ns"] for t in last["processes"][0]["threads"]}
    for tid, hold in held.items():
        if sum(r["ns"] for r in rows if r["tid"] == tid) > hold + 1000000:
            wrong.append("thread %d slept longer with the GIL than it held it" % tid)
    if last["violations"] or last["lost_events"]:
        wrong.append("violations or losses: %s" % last["stats"])
    return wrong


def main():
    args = sys.argv[1:]
    options = [args.pop(0)] if args[0] == "--no-stacks" else []
    records, truth = measure(args[0], args[1], args[2], options, args[3:])
    wrong = judge(records, truth, not options)
    for line in wrong:
        print("wrong:", line)
    sys.exit(bool(wrong))


main()
