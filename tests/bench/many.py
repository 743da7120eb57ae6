# SPDX-License-Identifier: BSD-2-Clause
"""Many processes of one interpreter (tests/workloads/crowd.py), and one giltop that measures all of them: until when it
has begun with each, how long its end takes, what it leaves in their memory and for how long."""
import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time

from rig import HERE, LOAD_CPU, TOOL_CPU, Failure, lower_quartile

TESTS = os.path.dirname(HERE)
for place in ("workloads", "e2e"):
    sys.path.append(os.path.join(TESTS, place))

import crowd  # noqa: E402
from probe_bytes import Places  # noqa: E402

THREADS = 10
SLICE_S = 0.05
PROGRESS_S = 30
PATIENCE_S = 600  # perf events of a hundred processes take minutes to go
OTHERS_S = 120
POLL_S = 0.002
BEGUN = re.compile(r"pid (\d+): CPython ")


class Crowd:
    """The processes; the first of them turns cycles when it is asked to."""

    def __init__(self, command, count, board, threads=THREADS, kind=()):
        """command: the interpreter's; board: the path of a file that is made here."""
        with open(board, "wb") as f:
            f.truncate(crowd.BOARD_SZ)
        self.board = crowd.map_board(board)
        self.process = subprocess.Popen(
            command + [os.path.join(TESTS, "workloads", "crowd.py"), str(count), str(threads), board, *kind],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        words = self.process.stdout.readline().decode().split()
        if words[:1] != ["ready"] or len(words) != count + 1:
            raise Failure("the crowd said %r" % words)
        self.parent = self.process.pid
        self.pids = [int(word) for word in words[1:]]
        os.sched_setaffinity(self.pids[0], {LOAD_CPU})
        self.wait_threads(threads)

    def wait_threads(self, count):
        end = time.monotonic() + 60
        while any(len(os.listdir("/proc/%d/task" % pid)) < count for pid in self.pids[1:]):
            if time.monotonic() > end:
                raise Failure("the crowd's threads did not start")
            time.sleep(0.05)

    def naps(self, seconds):
        """For how long each of the threads sleeps, again and again."""
        self.board[crowd.NAP_US] = int(seconds * 1e6)

    def cycle_ns(self, seconds, settle_s=0.0):
        """CPU time of a cycle of the first process: of short slices the lower quartile."""
        board, slices = self.board, []
        board[crowd.CYCLING] = 1
        try:
            time.sleep(0.05 + settle_s)
            end = time.monotonic() + PROGRESS_S  # others may keep the CPU to themselves for a while
            while len(slices) < max(3, round(seconds / SLICE_S)) and time.monotonic() < end:
                cycles, cpu = board[crowd.CYCLES], board[crowd.CPU_NS]
                time.sleep(SLICE_S)
                done = board[crowd.CYCLES] - cycles
                if done:
                    slices.append((board[crowd.CPU_NS] - cpu) / done)
        finally:
            board[crowd.CYCLING] = 0
        if len(slices) < 3:
            raise Failure("the process that turns cycles did not get a CPU")
        return lower_quartile(slices)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Run:
    """giltop --json, from its exec on. options say whom it measures; pids: of these it is asked when it has begun.

    all_s: until it has begun with the last of them; lines are counted and, but for the last, thrown away."""

    def __init__(self, binary, options, pids):
        self.missing = set(pids)
        self.last, self.words = "{}", []
        self.all_s = None
        self.all_there = threading.Event()
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [binary, "--json", "-v", *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, preexec_fn=lambda: os.sched_setaffinity(0, {TOOL_CPU}))
        self.pid = self.process.pid
        self.readers = [threading.Thread(target=func, daemon=True) for func in (self.read_records, self.read_words)]
        for reader in self.readers:
            reader.start()

    def begun(self, pids):
        self.missing.difference_update(pids)
        if not self.missing and self.all_s is None:
            self.all_s = time.monotonic() - self.started
            self.all_there.set()

    def read_records(self):
        for line in self.process.stdout:
            self.last = line
            if self.missing and line.startswith('{"type":"snapshot"'):
                self.begun(proc["pid"] for proc in json.loads(line)["processes"])

    def read_words(self):
        for line in self.process.stderr:
            self.words.append(line)
            found = BEGUN.search(line)
            if found:
                self.begun([int(found.group(1))])

    def wait_all(self, seconds=PATIENCE_S):
        end = time.monotonic() + seconds
        while not self.all_there.wait(0.1):
            if self.process.poll() is not None or time.monotonic() > end:
                left = len(self.missing)
                self.kill()
                raise Failure("giltop has not begun with %d processes: %s" % (left, "".join(self.words[-3:])))
        return self.all_s

    def wait_end(self):
        """Seconds from now to its end."""
        start = time.monotonic()
        fd = os.pidfd_open(self.pid)
        ended = select.select([fd], [], [], PATIENCE_S)[0]
        os.close(fd)
        took = time.monotonic() - start
        if not ended:
            self.kill()
            raise Failure("giltop did not end in %d s" % PATIENCE_S)
        self.process.wait()
        for reader in self.readers:
            reader.join()
        return took

    def stop(self):
        """-> (seconds from SIGINT to its end, its summary)"""
        self.process.send_signal(signal.SIGINT)
        took = self.wait_end()
        summary = json.loads(self.last)
        if summary.get("type") != "summary":
            raise Failure("giltop ended without a summary: %s" % "".join(self.words[-3:]))
        return took, summary

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def wait_untouched(places, pids):
    """Until no breakpoint is in any of them: somebody else's giltop -a has its probes here, too."""
    end = time.monotonic() + OTHERS_S
    while places.probed(pids):
        if time.monotonic() > end:
            raise Failure("another tracer has probes in these processes")
        time.sleep(0.1)


def killed_s(run, places, pids):
    """kill -9: seconds until no breakpoint is left in any of the processes."""
    start = time.monotonic()
    run.kill()
    while places.probed(pids):
        if time.monotonic() > start + PATIENCE_S:
            raise Failure("breakpoints are left %d s after kill -9" % PATIENCE_S)
        time.sleep(POLL_S)
    return time.monotonic() - start


def beyond_s(binary, options, pids, asked_s):
    """giltop -d: how much longer than asked it takes, from exec to its end."""
    run = Run(binary, options + ["-d", "%gs" % asked_s], pids)
    run.wait_end()
    if run.missing:
        raise Failure("giltop -d %g has not begun with %d processes" % (asked_s, len(run.missing)))
    return time.monotonic() - run.started - asked_s


def memory_of(pid):
    """-> (VmRSS, VmHWM, memory that its BPF maps have in the kernel), in KiB"""
    with open("/proc/%d/status" % pid) as f:
        status = f.read()
    rss, peak = (int(re.search(r"^%s:\s+(\d+)" % name, status, re.M).group(1)) for name in ("VmRSS", "VmHWM"))
    maps = {}
    for fd in os.listdir("/proc/%d/fdinfo" % pid):
        try:
            with open("/proc/%d/fdinfo/%s" % (pid, fd)) as f:
                info = f.read()
        except FileNotFoundError:
            continue
        size, number = (re.search(r"^%s:\s+(\d+)" % name, info, re.M) for name in ("memlock", "map_id"))
        if size and number:
            maps[number.group(1)] = int(size.group(1))
    return rss, peak, sum(maps.values()) // 1024
