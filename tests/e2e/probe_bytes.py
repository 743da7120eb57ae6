#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Are the bytes at giltop's probe points in a process those of the file?

probe_bytes.py GILTOP PID original|probed: exit 0 if all are the file's (original), or all differ (probed).
"""
import os
import subprocess
import sys

giltop, pid, want = sys.argv[1], int(sys.argv[2]), sys.argv[3]
text = subprocess.run([giltop, "doctor", "-p", str(pid)], stdout=subprocess.PIPE, universal_newlines=True).stdout
kinds = ("wait", "acquire", "release", "yield", "yield-end")
offsets = sorted({int(l.split()[2], 16) for l in text.splitlines() if l.split()[:1] and l.split()[0] in kinds})
opened = [l.split("opened as ")[1] for l in text.splitlines() if "opened as " in l][0]
low, high = (int(x, 16) for x in os.path.basename(opened).split("-"))
with open("/proc/%d/maps" % pid) as maps:
    start_off = next(int(l.split()[2], 16) for l in maps
                     if [int(x, 16) for x in l.split()[0].split("-")] == [low, high])
with open(opened, "rb") as f, open("/proc/%d/mem" % pid, "rb", 0) as mem:
    same = 0
    for off in offsets:
        f.seek(off)
        mem.seek(low + off - start_off)
        same += f.read(1) == mem.read(1)
print("%d probe points, %d as in the file" % (len(offsets), same))
sys.exit(0 if len(offsets) >= 5 and same == (len(offsets) if want == "original" else 0) else 1)
