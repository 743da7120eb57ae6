# SPDX-License-Identifier: BSD-2-Clause
"""The oracle's file (layout: oracle.h) and what follows from the events in it.

The definitions are those of giltop's accounting, but the way is another one: giltop keeps a state
machine while events come in; here the whole log is there, every wait, hold and yield is an interval
with a start and an end, and totals, blame and gaps are sums over intervals.
"""
import array
import bisect
import mmap
import os
import struct
import time

HEADER_SZ = 4096
CHUNK_SZ = 4096
CHUNK_HEAD = struct.Struct("=IIQ")
HEADER = struct.Struct("=8sIIIIIIQQQQ32Q")
OFF_ENABLED = 16
OFF_ON_NS = 48
OFF_OFF_NS = 56
MAGIC = b"GTORACLE"
VERSION = 1
WAIT, ACQUIRE, RELEASE, YIELD, YIELD_END = range(1, 6)


class OracleError(Exception):
    """The log is not usable as a judge."""


def event(ns, gil, kind):
    return ns << 8 | gil << 3 | kind


class OracleFile:
    """The shared file, mapped. create() makes one for a process still to be started."""

    def __init__(self, path):
        with open(path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 0)
        head = HEADER.unpack_from(self.map)
        if head[0] != MAGIC or head[1] != VERSION:
            raise OracleError("%s is not an oracle file of version %d" % (path, VERSION))

    @classmethod
    def create(cls, path, size=1 << 30):
        """Sparse: costs what is written to it."""
        chunks = (size - HEADER_SZ) // CHUNK_SZ
        with open(path, "wb") as f:
            f.write(HEADER.pack(MAGIC, VERSION, 0, 0, chunks, 0, 0, 0, 0, 0, 0, *([0] * 32)))
            f.truncate(HEADER_SZ + chunks * CHUNK_SZ)
        return cls(path)

    def _head(self):
        names = "magic version pid enabled chunk_cnt next_chunk gil_cnt lost foreign on_ns off_ns"
        values = HEADER.unpack_from(self.map)
        return dict(zip(names.split(), values), gil_cond=values[11:])

    @property
    def pid(self):
        return self._head()["pid"]

    def enable(self, on):
        """Flip the switch; only while the process is parked."""
        now = struct.pack("=Q", time.clock_gettime_ns(time.CLOCK_MONOTONIC))
        off = OFF_ON_NS if on else OFF_OFF_NS
        self.map[off:off + 8] = now
        self.map[OFF_ENABLED:OFF_ENABLED + 4] = struct.pack("=I", 1 if on else 0)

    def event_cnt(self):
        head = self._head()
        return sum(CHUNK_HEAD.unpack_from(self.map, HEADER_SZ + i * CHUNK_SZ)[1]
                   for i in range(head["next_chunk"]))

    def log(self):
        """-> Log. Refuses a log with a hole in it."""
        head = self._head()
        if head["lost"]:
            raise OracleError("%d events found no room in the oracle's file" % head["lost"])
        threads = {}
        for i in range(head["next_chunk"]):
            base = HEADER_SZ + i * CHUNK_SZ
            tid, cnt, _ = CHUNK_HEAD.unpack_from(self.map, base)
            start = base + CHUNK_HEAD.size
            threads.setdefault(tid, array.array("Q")).frombytes(self.map[start:start + 8 * cnt])
        return Log(threads, head["gil_cnt"], head["foreign"], head["on_ns"], head["off_ns"])

    def close(self):
        self.map.close()


class Thread:
    """Totals of one thread on one GIL; the names are those of giltop's JSON."""
    COUNTS = ("acquisitions", "contended", "releases", "yields")
    TIMES = ("wait_ns", "yield_ns", "hold_ns", "blame_ns")
    MAXIMA = ("wait_max_ns", "hold_max_ns")

    def __init__(self, tid, gil):
        self.tid = tid
        self.gil = gil
        for name in self.COUNTS + self.TIMES + self.MAXIMA:
            setattr(self, name, 0)

    def add(self, other):
        for name in self.COUNTS + self.TIMES:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in self.MAXIMA:
            setattr(self, name, max(getattr(self, name), getattr(other, name)))


class Log:
    """threads: {(tid, gil): Thread}; gap_ns, held_ns: {gil: ns}; pairs: {(waiter, holder): ns}."""

    def __init__(self, events, gil_cnt, foreign, on_ns, off_ns):
        self.foreign = foreign
        self.on_ns, self.off_ns = on_ns, off_ns
        self.event_cnt = sum(len(e) for e in events.values())
        self.threads, self.pairs = {}, {}
        self.gap_ns, self.held_ns = {}, {}
        waits = {g: [] for g in range(gil_cnt)}
        holds = {g: [] for g in range(gil_cnt)}
        for tid, words in events.items():
            self._intervals(tid, words, waits, holds)
        for gil in range(gil_cnt):
            self._blame(gil, sorted(waits[gil]), sorted(holds[gil]))

    def _intervals(self, tid, words, waits, holds):
        wait_from = hold_from = yield_from = None
        thread = None
        for word in words:
            gil, kind, now = word >> 3 & 31, word & 7, word >> 8
            if thread is None or thread.gil != gil:
                thread = self.threads.setdefault((tid, gil), Thread(tid, gil))
            if kind == WAIT:
                if wait_from is None:
                    wait_from = now
            elif kind == ACQUIRE:
                if hold_from is not None:
                    raise OracleError("thread %d took GIL %d twice" % (tid, gil))
                if wait_from is not None:
                    thread.contended += 1
                    self._wait(thread, wait_from, now, waits)
                    wait_from = None
                thread.acquisitions += 1
                hold_from = now
            elif kind == RELEASE:
                if hold_from is None:
                    raise OracleError("thread %d released GIL %d without a hold" % (tid, gil))
                thread.releases += 1
                self._hold(thread, hold_from, now, holds)
                hold_from = None
            elif kind == YIELD:
                thread.yields += 1
                yield_from = now
            elif kind == YIELD_END:
                thread.yield_ns += now - yield_from
                yield_from = None
        # What is still open is closed at the end of the window, as giltop shows it.
        if wait_from is not None:
            self._wait(thread, wait_from, self.off_ns, waits)
        if hold_from is not None:
            self._hold(thread, hold_from, self.off_ns, holds)
        if yield_from is not None:
            thread.yield_ns += self.off_ns - yield_from

    @staticmethod
    def _wait(thread, start, end, waits):
        thread.wait_ns += end - start
        thread.wait_max_ns = max(thread.wait_max_ns, end - start)
        waits[thread.gil].append((start, end, thread.tid))

    @staticmethod
    def _hold(thread, start, end, holds):
        thread.hold_ns += end - start
        thread.hold_max_ns = max(thread.hold_max_ns, end - start)
        holds[thread.gil].append((start, end, thread.tid))

    def _blame(self, gil, waits, holds):
        """Overlap of every wait with every hold; what no hold covers is gap."""
        for one, two in zip(holds, holds[1:]):
            if two[0] < one[1]:
                raise OracleError("GIL %d held by %d and %d at once" % (gil, one[2], two[2]))
        self.held_ns[gil] = sum(end - start for start, end, _ in holds)
        gap_ns = 0
        ends = [end for _, end, _ in holds]
        for start, end, waiter in waits:
            left = end - start
            i = bisect.bisect_right(ends, start)
            while i < len(holds) and holds[i][0] < end:
                part = min(end, holds[i][1]) - max(start, holds[i][0])
                holder = holds[i][2]
                self.threads[holder, gil].blame_ns += part
                self.pairs[waiter, holder] = self.pairs.get((waiter, holder), 0) + part
                left -= part
                i += 1
            gap_ns += left
        self.gap_ns[gil] = gap_ns
