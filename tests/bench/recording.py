# SPDX-License-Identifier: BSD-2-Clause
"""What a recording costs: of a load of about a million hand-overs a minute, each event one by one."""
import json
import os
import re
import struct
import subprocess
import time

from rig import CPUS, HERE, TOOL_CPU, Child, Failure, median

LOAD = os.path.join(HERE, "handovers.py")
HEAD = struct.Struct("<IHHIIQQIIII")  # doc/format.md: a frame
START, EVENTS = 16, 3


def event_bytes(path):
    """Bytes of blocks of events, before they are packed and after; bytes of all else in the file."""
    raw = packed = other = 0
    with open(path, "rb") as f:
        data = f.read()
    at = START
    while at + HEAD.size <= len(data):
        _, kind, _, packed_len, length, *_ = HEAD.unpack_from(data, at)
        if kind == EVENTS:
            raw, packed = raw + length, packed + packed_len
        else:
            other += packed_len + HEAD.size
        at += HEAD.size + packed_len
    return raw, packed, other


def run(args, pid, seconds, options):
    """giltop beside it: its last JSON record, what it says, and the most memory it has had (MB)."""
    read, write = os.pipe()
    child = subprocess.Popen([args.giltop, *options, "--json", "--mode", "exact", "-p", str(pid), "-d", "%gs" % seconds],
                             stdout=write, stderr=subprocess.PIPE, text=True,
                             preexec_fn=lambda: os.sched_setaffinity(0, {TOOL_CPU}))
    os.close(write)
    with os.fdopen(read) as out:
        lines = out.read().splitlines()
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if status or not lines:
        raise Failure("giltop %s: %s" % (" ".join(options), said.strip()))
    return json.loads(lines[-1]), said, usage.ru_maxrss / 1024


def self_pct(summary):
    return 100 * summary["self_cpu_ns"] / summary["duration_ns"]


def measure_recording(args, plan, pythons, report):
    report.section = "recording"
    path = os.path.join(args.results, "load.giltop")
    play = os.path.join(args.results, os.pardir, "tools", "play")
    load = Child([pythons["stock"].exe, "-S", LOAD, "16700"], None)
    figures = {}
    try:
        for _ in range(plan.record_rounds):
            bare, _, _ = run(args, load.pid, plan.record_s, [])
            if os.path.exists(path):
                os.unlink(path)
            summary, said, memory = run(args, load.pid, plan.record_s, ["record", "-o", path])
            cnt = int(re.search(r"(\d+) events one by one, 0 in sums", said).group(1))
            raw, packed, _ = event_bytes(path)
            start = time.monotonic()
            subprocess.run([play, path], stdout=subprocess.DEVNULL, check=True,
                           preexec_fn=lambda: os.sched_setaffinity(0, CPUS))
            seconds = summary["duration_ns"] / 1e9
            for name, value in {
                    "hand-overs a minute": 60 * sum(g["switches"] for p in summary["processes"] for g in p["gils"]) / seconds,
                    "events/s": cnt / seconds,
                    "lost": summary["lost_events"] + summary["lost_detail"],
                    "giltop's own CPU time, without a recording": self_pct(bare),
                    "giltop's own CPU time": self_pct(summary),
                    "most memory": memory,
                    "an event, before it is packed": raw / cnt,
                    "an event, packed": packed / cnt,
                    "read again": cnt / (time.monotonic() - start) / 1e6}.items():
                figures.setdefault(name, []).append(value)
    finally:
        load.close()
    units = {"hand-overs a minute": ("", None), "events/s": ("", None), "lost": ("", 0),
             "giltop's own CPU time, without a recording": ("%", None), "giltop's own CPU time": ("%", 5),
             "most memory": ("MB", 40), "an event, before it is packed": ("B", 12),
             "an event, packed": ("B", 5), "read again": ("M events/s", None)}
    report.data["recording"] = {name: median(values) for name, values in figures.items()}
    for name, values in figures.items():
        unit, bound = units[name]
        report.figure("recording: " + name, median(values), unit, bound)
