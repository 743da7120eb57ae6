#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Are the bytes at giltop's probe points in a process those of the file?

probe_bytes.py GILTOP PID original|exact|light|all: exit 0 if
    original  all are the file's
    exact     all differ but those behind a wait, which are the file's
    light     all differ but those of acquisitions and releases, which are the file's
    all       all differ
"""
import os
import subprocess
import sys

KINDS = ("wait", "acquire", "release", "yield", "yield-end", "after")
UNTOUCHED = {"original": KINDS, "exact": ("after",), "light": ("acquire", "release"), "all": ()}

giltop, pid, want = sys.argv[1], int(sys.argv[2]), sys.argv[3]
text = subprocess.run([giltop, "doctor", "-p", str(pid)], stdout=subprocess.PIPE, universal_newlines=True).stdout
sites = {(l.split()[0], int(l.split()[2], 16)) for l in text.splitlines() if l.split()[:1] and l.split()[0] in KINDS}
opened = [l.split("opened as ")[1] for l in text.splitlines() if "opened as " in l][0]
low, high = (int(x, 16) for x in os.path.basename(opened).split("-"))
with open("/proc/%d/maps" % pid) as maps:
    start_off = next(int(l.split()[2], 16) for l in maps
                     if [int(x, 16) for x in l.split()[0].split("-")] == [low, high])
wrong = []
with open(opened, "rb") as f, open("/proc/%d/mem" % pid, "rb", 0) as mem:
    for kind, off in sorted(sites):
        f.seek(off)
        mem.seek(low + off - start_off)
        same = f.read(1) == mem.read(1)
        print("%-9s %#x %s" % (kind, off, "as in the file" if same else "probed"))
        if same != (kind in UNTOUCHED[want]):
            wrong.append((kind, off))
kinds = {kind for kind, _ in sites}
print("%d probe points, %d not as they are when it is %s" % (len(sites), len(wrong), want))
sys.exit(0 if len(sites) >= 5 and not wrong and (want not in ("light", "all") or "after" in kinds) else 1)
