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


class Places:
    """Where giltop would put its probes in a process, and in those forked from it: [(kind, address, byte of the file)]."""

    def __init__(self, giltop, pid):
        text = subprocess.run([giltop, "doctor", "-p", str(pid)], stdout=subprocess.PIPE, universal_newlines=True).stdout
        lines = text.splitlines()
        sites = {(l.split()[0], int(l.split()[2], 16)) for l in lines if l.split()[:1] and l.split()[0] in KINDS}
        opened = [l.split("opened as ")[1] for l in lines if "opened as " in l][0]
        low, high = (int(x, 16) for x in os.path.basename(opened).split("-"))
        with open("/proc/%d/maps" % pid) as maps:
            start_off = next(int(l.split()[2], 16) for l in maps
                             if [int(x, 16) for x in l.split()[0].split("-")] == [low, high])
        self.all = []
        with open(opened, "rb") as f:
            for kind, off in sorted(sites):
                f.seek(off)
                self.all.append((kind, low + off - start_off, f.read(1)))

    def differ(self, pid):
        """-> [bool], as all: is another byte there? None: the process is gone."""
        ret = []
        try:
            with open("/proc/%d/mem" % pid, "rb", 0) as mem:
                for _, addr, byte in self.all:
                    mem.seek(addr)
                    there = mem.read(1)
                    if not there:
                        return None
                    ret.append(there != byte)
        except (FileNotFoundError, ProcessLookupError):
            return None
        return ret

    def probed(self, pids):
        """Is there a breakpoint in any of them?"""
        return any(any(self.differ(pid) or []) for pid in pids)


def main():
    giltop, pid, want = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    places = Places(giltop, pid)
    wrong, there = 0, places.differ(pid)
    if there is None:
        print("process %d is gone" % pid)
        return 1
    for (kind, addr, _), differs in zip(places.all, there):
        print("%-9s %#x %s" % (kind, addr, "probed" if differs else "as in the file"))
        wrong += differs == (kind in UNTOUCHED[want])
    kinds = {kind for kind, _, _ in places.all}
    print("%d probe points, %d not as they are when it is %s" % (len(places.all), wrong, want))
    return 0 if len(places.all) >= 5 and not wrong and (want not in ("light", "all") or "after" in kinds) else 1


if __name__ == "__main__":
    sys.exit(main())
