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
HEADER = struct.Struct("=8sIIIIIIQQQQQ32Q")
OFF_ENABLED = 16
OFF_ON_NS = 48
OFF_OFF_NS = 56
MAGIC = b"GTORACLE"
VERSION = 3
EVENT = struct.Struct("=QQ")
WAIT, ACQUIRE, RELEASE, YIELD, YIELD_END, AFTER = range(1, 7)


class OracleError(Exception):
    """The log is not usable as a judge."""


def event(ns, gil, kind, spread_ns=0):
    """-> bytes"""
    return EVENT.pack(ns << 8 | gil << 3 | kind, spread_ns)


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
            f.write(HEADER.pack(MAGIC, VERSION, 0, 0, chunks, 0, 0, 0, 0, 0, 0, 0, *([0] * 32)))
            f.truncate(HEADER_SZ + chunks * CHUNK_SZ)
        return cls(path)

    def _head(self):
        names = "magic version pid enabled chunk_cnt next_chunk gil_cnt lost foreign on_ns off_ns late"
        values = HEADER.unpack_from(self.map)
        return dict(zip(names.split(), values), gil_cond=values[12:])

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

    def log(self, light=False):
        """-> Log. Refuses a log with a hole in it. light: see Log."""
        head = self._head()
        if head["lost"]:
            raise OracleError("%d events found no room in the oracle's file" % head["lost"])
        threads = {}
        for i in range(head["next_chunk"]):
            base = HEADER_SZ + i * CHUNK_SZ
            tid, cnt, _ = CHUNK_HEAD.unpack_from(self.map, base)
            start = base + CHUNK_HEAD.size
            threads.setdefault(tid, array.array("Q")).frombytes(
                self.map[start:start + EVENT.size * cnt])
        return Log(threads, head["gil_cnt"], head["foreign"], head["on_ns"], head["off_ns"],
                   head["late"], light)

    def close(self):
        self.map.close()


class Thread:
    """Totals of one thread on one GIL; the names are those of giltop's JSON.

    A thread that was interrupted between giltop's clock and the oracle's was so before the end or before
    the start of a time, as giltop sees it: less_ns, more_ns: {name: ns}, by how much giltop's
    times of TIMES may be shorter and longer for that.
    """
    COUNTS = ("acquisitions", "contended", "releases", "yields")
    TIMES = ("wait_ns", "yield_ns", "hold_ns", "blame_ns")
    MAXIMA = ("wait_max_ns", "hold_max_ns")

    def __init__(self, tid, gil):
        self.tid = tid
        self.gil = gil
        for name in self.COUNTS + self.TIMES + self.MAXIMA:
            setattr(self, name, 0)
        self.less_ns = dict.fromkeys(self.TIMES, 0)
        self.more_ns = dict.fromkeys(self.TIMES, 0)

    def add(self, other):
        for name in self.COUNTS + self.TIMES:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in self.TIMES:
            self.less_ns[name] += other.less_ns[name]
            self.more_ns[name] += other.more_ns[name]
        for name in self.MAXIMA:
            setattr(self, name, max(getattr(self, name), getattr(other, name)))


# The way from one of the oracle's clocks to the other, the probe's handler included, takes about as long each
# time. Where it takes so many times longer than usual, the thread was interrupted or preempted on it, or met a
# page that had to be brought: all that is above the usual may lie on either side of giltop's clock. So it is with
# a thread's first event: its stack is new, and giltop makes its record.
INTERRUPTED = 2
# In a late log the probes of these are single-stepped, those of the others not: by so much longer is their
# way, and the step comes after giltop's clock.
STEPPED = ((WAIT, RELEASE), (YIELD, YIELD_END))
# Where a time starts and ends. The way of the one is not quite as long as that of the other, and giltop's clock is
# somewhere on each: each event may be off by the difference, and by some part of the way in any case. What a probe's
# hit takes differs from machine to machine, so it is what this run took.
ENDS = {"wait_ns": (WAIT, ACQUIRE), "yield_ns": (YIELD, YIELD_END), "hold_ns": (ACQUIRE, RELEASE)}
WAY_PARTS = 32


def usual_spreads(events):
    """{kind: ns}, the median"""
    spreads = {kind: [] for kind in range(8)}
    for words in events.values():
        before = 0
        for i in range(0, len(words), 2):
            kind = words[i] & 7
            if kind != WAIT or before != WAIT:  # again, 5 ms later: the lock call is long ago
                spreads[kind].append(words[i + 1])
            before = kind
    return {kind: sorted(ns)[len(ns) // 2] if ns else 0 for kind, ns in spreads.items()}


class Log:
    """threads: {(tid, gil): Thread}; gap_ns, held_ns: {gil: ns}; pairs: {(waiter, holder): ns};
    unsure_ns: {gil: ns}, all interruptions of its times, see Thread; way_ns: from one of the oracle's clocks to the
    other, the usual one of the slowest kind; event_ns: {name of Thread.TIMES: ns}, see ENDS.
    light: a thread that waited has the GIL from when it found it free (AFTER), as giltop's light mode has it, not from when it said
    so (ACQUIRE). What is between the two is a handler of giltop's, most of all.
    """

    def __init__(self, events, gil_cnt, foreign, on_ns, off_ns, late=False, light=False):
        self._light = light
        self.foreign = foreign
        self.on_ns, self.off_ns = on_ns, off_ns
        self.event_cnt = sum(len(e) // 2 for e in events.values())
        self.threads, self.pairs = {}, {}
        self.gap_ns, self.held_ns = {}, {}
        self.unsure_ns = dict.fromkeys(range(gil_cnt), 0)
        waits = {g: [] for g in range(gil_cnt)}
        holds = {g: [] for g in range(gil_cnt)}
        usual = usual_spreads(events)
        self._usual = usual
        self.way_ns = max(usual.values())
        self._plain = {kind: min(usual[kind], usual[other])  # without the step
                       for kind, other in (STEPPED if late else ())}
        plain = {**usual, **self._plain}
        self.event_ns = {name: max(abs(plain[start] - plain[end]), self.way_ns // WAY_PARTS)
                         for name, (start, end) in ENDS.items()}
        self.event_ns["blame_ns"] = max(self.event_ns.values())
        for tid, words in events.items():
            self._intervals(tid, words, waits, holds)
        for gil in range(gil_cnt):
            self._blame(gil, sorted(waits[gil]), sorted(holds[gil]))

    def _moment(self, kind, ns, spread, first):
        """(ns, by how much giltop's clock may have been earlier); first: of this thread"""
        usual = self._usual[kind]
        plain = self._plain.get(kind, usual)
        longest = usual if first else usual - plain + INTERRUPTED * plain
        # A step takes as long as it takes, this time; an interruption is none.
        step = 0 if kind not in self._plain else (
            max(0, spread - plain) if spread <= longest else usual - plain)
        return ns - step, spread - usual if spread > longest else 0

    def _intervals(self, tid, words, waits, holds):
        wait_from = hold_from = yield_from = after = None
        thread = None
        for i in range(0, len(words), 2):
            word = words[i]
            gil, kind = word >> 3 & 31, word & 7
            now = self._moment(kind, word >> 8, words[i + 1], i == 0)
            if thread is None or thread.gil != gil:
                thread = self.threads.setdefault((tid, gil), Thread(tid, gil))
            if kind == WAIT:
                if wait_from is None:
                    wait_from = now
            elif kind == AFTER:
                after = now
            elif kind == ACQUIRE:
                if self._light and after is not None:
                    now = after
                after = None
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
                self._time(thread, "yield_ns", yield_from, now)
                yield_from = None
        # What is still open is closed at the end of the window, as giltop shows it.
        end = self.off_ns, 0
        if wait_from is not None:
            self._wait(thread, wait_from, end, waits)
        if hold_from is not None:
            self._hold(thread, hold_from, end, holds)
        if yield_from is not None:
            self._time(thread, "yield_ns", yield_from, end)

    def _time(self, thread, name, start, end):
        setattr(thread, name, getattr(thread, name) + end[0] - start[0])
        thread.less_ns[name] += end[1]
        thread.more_ns[name] += start[1]
        self.unsure_ns[thread.gil] += start[1] + end[1]

    def _wait(self, thread, start, end, waits):
        self._time(thread, "wait_ns", start, end)
        thread.wait_max_ns = max(thread.wait_max_ns, end[0] - start[0])
        waits[thread.gil].append((start[0], end[0], thread.tid, start[1]))

    def _hold(self, thread, start, end, holds):
        self._time(thread, "hold_ns", start, end)
        thread.hold_max_ns = max(thread.hold_max_ns, end[0] - start[0])
        holds[thread.gil].append((start[0], end[0], thread.tid, start[1], end[1]))

    def _blame(self, gil, waits, holds):
        """Overlap of every wait with every hold; what no hold covers is gap."""
        for one, two in zip(holds, holds[1:]):
            if two[0] < one[1]:
                raise OracleError("GIL %d held by %d and %d at once" % (gil, one[2], two[2]))
        self.held_ns[gil] = sum(hold[1] - hold[0] for hold in holds)
        gap_ns = 0
        ends = [hold[1] for hold in holds]
        for start, end, waiter, unsure in waits:
            left = end - start
            i = bisect.bisect_right(ends, start)
            self._earlier_wait(gil, holds, i, start - unsure, start)
            while i < len(holds) and holds[i][0] < end:
                part = min(end, holds[i][1]) - max(start, holds[i][0])
                holder = holds[i][2]
                self.threads[holder, gil].blame_ns += part
                self.pairs[waiter, holder] = self.pairs.get((waiter, holder), 0) + part
                left -= part
                i += 1
            gap_ns += left
        self.gap_ns[gil] = gap_ns
        self._unsure_blame(gil, waits, holds)

    def _earlier_wait(self, gil, holds, i, start, end):
        """A wait may have begun at start, not only at end; holds[i]: the first one that ends after that."""
        while i >= 0 and end > start and (i == len(holds) or holds[i][1] > start):
            if i < len(holds):
                part = min(end, holds[i][1]) - max(start, holds[i][0])
                self.threads[holds[i][2], gil].more_ns["blame_ns"] += max(0, part)
            i -= 1

    def _unsure_blame(self, gil, waits, holds):
        """An end of a hold that may have been earlier counts once for every waiter of that moment."""
        starts, ends = [wait[0] for wait in waits], sorted(wait[1] for wait in waits)

        def waiters(ns):
            return bisect.bisect_right(starts, ns) - bisect.bisect_right(ends, ns)  # not who takes it then

        for start, end, holder, start_unsure, end_unsure in holds:
            thread = self.threads[holder, gil]
            thread.more_ns["blame_ns"] += start_unsure * waiters(start)
            thread.less_ns["blame_ns"] += end_unsure * waiters(end)
