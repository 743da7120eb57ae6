#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Is all code of a process as in its files? text_bytes.py PID: prints what differs, exit 1 if anything does.

A uprobe is a breakpoint in the process's copy of a page of code: with one, that byte differs.
"""
import sys

pid = int(sys.argv[1])
differs = size = 0
with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as mem:
    for line in maps:
        words = line.split()
        if "x" not in words[1] or len(words) < 6 or not words[5].startswith("/"):
            continue
        low, high = (int(x, 16) for x in words[0].split("-"))
        mem.seek(low)
        now = mem.read(high - low)
        with open("/proc/%d/map_files/%x-%x" % (pid, low, high), "rb") as f:
            f.seek(int(words[2], 16))
            want = f.read(len(now))
        size += len(want)
        if now[:len(want)] != want:
            bad = [i for i in range(len(want)) if now[i] != want[i]]
            differs += len(bad)
            print("%s: %d bytes differ, the first at %#x: %#x" % (words[5], len(bad), low + bad[0], now[bad[0]]))
print("%d bytes of code, %d differ" % (size, differs))
sys.exit(1 if differs or not size else 0)
