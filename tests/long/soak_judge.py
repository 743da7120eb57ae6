#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Does what runs for long go on as it began? The judge of the soak (soak.bats).

soak_judge.py sample FILE PID..    a line a second for each process, until all have ended: time, PID, KiB, descriptors, CPU seconds
soak_judge.py judge FILE FROM TO NAME=PID..
                                   the second minute after FROM beside the last one before TO (time.monotonic()): memory and
                                   CPU must not have grown by more than a tenth, descriptors not at all
soak_judge.py books THREADS < JSON lines
                                   every picture balances, all add up to the summary, and THREADS (a file, read at the end: its
                                   line "done N M") are all in it; bounded in memory however long it takes. The first lines that do not
                                   balance stay in THREADS.wrong

A tenth of little is less than the noise: MIB_FLOOR and CPU_FLOOR (of one CPU) are granted above it. Descriptors of children
come and go: the fewest of a minute count. Less is never wrong: a machine may have had less time for it.
"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import balance  # noqa: E402

MINUTE_S = 60
GROWTH = 1.10
MIB_FLOOR = 1.0
CPU_FLOOR = 0.02
TICKS = os.sysconf("SC_CLK_TCK")


# ---- samples ----

def sample_of(pid):
    with open("/proc/%d/status" % pid) as f:
        kib = next(int(l.split()[1]) for l in f if l.startswith("VmRSS:"))
    with open("/proc/%d/stat" % pid) as f:
        words = f.read().rpartition(")")[2].split()
    fds = len(os.listdir("/proc/%d/fd" % pid))
    return kib, fds, (int(words[11]) + int(words[12])) / TICKS


def sample(path, pids):
    with open(path, "w", buffering=1) as out:
        while True:
            now = time.monotonic()
            for pid in pids:
                try:
                    out.write("%.3f %d %d %d %.2f\n" % ((now, pid) + sample_of(pid)))
                except (OSError, StopIteration):
                    pids = [p for p in pids if p != pid]  # it has ended
            if not pids:
                return
            time.sleep(max(0, now + 1 - time.monotonic()))


class Minute:
    def __init__(self, samples, begin, end):
        rows = [s for s in samples if begin <= s[0] <= end]
        if len(rows) < 10:
            sys.exit("soak: %d samples of the minute from %.0f s on: too few to judge" % (len(rows), begin))
        self.mib = sum(s[1] for s in rows) / len(rows) / 1024
        self.fds = min(s[2] for s in rows)
        self.cpu = (rows[-1][3] - rows[0][3]) / (rows[-1][0] - rows[0][0])


def judge(path, begin, end, processes):
    wrong = 0
    with open(path) as f:
        lines = [l.split() for l in f]
    for name, pid in processes:
        samples = [(float(w[0]), int(w[2]), int(w[3]), float(w[4])) for w in lines if int(w[1]) == pid]
        second = Minute(samples, begin + MINUTE_S, begin + 2 * MINUTE_S)
        last = Minute(samples, end - MINUTE_S, end)
        ok = (last.mib <= second.mib * GROWTH + MIB_FLOOR and last.cpu <= second.cpu * GROWTH + CPU_FLOOR
              and last.fds <= second.fds)
        print("%s: %s: memory %.1f -> %.1f MiB, CPU %.1f -> %.1f %%, descriptors %d -> %d (second minute -> last)" % (
            name, "ok" if ok else "GREW", second.mib, last.mib, 100 * second.cpu, 100 * last.cpu, second.fds, last.fds))
        wrong += not ok
    return wrong != 0


# ---- books ----

class Everyone:
    """All threads' ids come again: what a row of one thread adds up to is for shorter tests."""

    def __contains__(self, key):
        return True

    def add(self, key):
        pass


class Books(balance.Books):
    def __init__(self):
        super().__init__(balance.argparse.Namespace(whole=False, stacks=False))
        self.reused = Everyone()

    def snapshot(self, r):
        super().snapshot(r)
        self.threads.clear()
        self.rows.clear()

    def summary(self, r):
        """What stays must add up. Of children that ended long ago only the latest are kept, pids come again, and a hold
        that was shown before a child's first event may have to be taken back: each must balance, that is all.
        """
        self.first, others = r["processes"][0], r["processes"][1:]
        self.children = len(set(self.totals) | {p["pid"] for p in others}) - 1
        for p in others:
            self.check_process(r, p)
        self.totals = balance.collections.defaultdict(balance.collections.Counter,
                                                      {self.first["pid"]: self.totals[self.first["pid"]]})
        super().summary(dict(r, processes=[self.first]))


def books(path):
    b = Books()
    b.first = None
    before = ""
    for line in sys.stdin:
        r = balance.json.loads(line)
        if r["type"] == "snapshot":
            b.snapshot(r)
        elif r["type"] == "summary":
            b.summary(r)
        if b.wrong and before is not None:
            with open(path + ".wrong", "w") as f:  # and the one before it
                f.write(before + line)
            before = None
        before = line if before is not None else None
    if b.first is None:
        print("books: no summary")
        return 1
    with open(path) as f:
        done = next(l.split() for l in f if l.startswith("done"))
    threads = sum(t.get("folded", 1) for t in b.first["threads"])
    if threads != int(done[1]) + 1:
        b.complain({"type": "summary"}, "threads", "%d threads, there were %d", threads, int(done[1]) + 1)
    for words in b.words:
        print(words)
    print("books: %d snapshots, %d with waits, %d threads, %d of %s children seen, %d things wrong" % (
        b.snapshots, b.with_waits, threads, b.children, done[2], sum(b.wrong.values())))
    return 1 if b.wrong or not b.snapshots else 0


def main():
    what, args = sys.argv[1], sys.argv[2:]
    if what == "sample":
        sample(args[0], [int(a) for a in args[1:]])
    elif what == "judge":
        processes = [(a.split("=")[0], int(a.split("=")[1])) for a in args[3:]]
        sys.exit(judge(args[0], float(args[1]), float(args[2]), processes))
    else:
        sys.exit(books(args[0]))


main()
