# SPDX-License-Identifier: BSD-2-Clause
"""Functions A to E that hold the GIL for known shares of the time, and threads that wait meanwhile.

shares.py LIBRARY VARIANT [OPTION..]      LIBRARY: shares.c, compiled

  turn        a worker runs A, B, C.. in turn, and lets go of the GIL after each: in its own frame, not in theirs
  one         .. lets go after the last one only: all of them are in one hold
  send        A computes; B sends a datagram, which costs nothing, and there the GIL is let go
  generator   as turn, but A, B.. are generators
  callback    as turn, but called from a thread of C; it lets go where no Python frame is left
  native      A sleeps in C and B computes in C, both with the GIL; C is Python
  between     A, B and C in one hold: B sleeps in C

  --ms LIST         for how long A, B, C.. hold, each time
  --waiters N       threads that want the GIL again NAP_US after they had it (3)
  --spinners N      threads that always want it, and keep it for as long as they may (0)
  --workers N       (1)
  --interval S      sys.setswitchinterval() (0.1): above the length of a hold, nothing cuts it. Where it is cut while a neighbour
                    has the CPU, this program does not know up to when it held
  --seconds S       the time to run

Prints "ready PID". Ends after --seconds, at SIGTERM, or at a line "FROM TO" on stdin (CLOCK_MONOTONIC, ns), and prints what
was true between FROM and TO, or all the time, as one line of JSON:

  hold, blame               {"A": ns, ..}: how long A had the GIL; the waiters in the meantime, integrated
  hold_lines, blame_lines   {"A:12": ns, ..}
  threads                   {tid: {"name": "worker" | "spin" | "waiter", "hold", "blame", "wait"}}

How it knows: every thread that has the GIL reads the clock all the time. Where it finds a gap, it had to let go if another
thread read the clock in the gap, else it held on. A napping thread takes the time of its waking before it asks for the GIL.
What a thread does around its holds (taking the GIL, calling a nap) is not in them: of a waiter that is most of its hold.
Runs on Python 3.7 and later.
"""
import argparse
import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
import threading
import time

NAP_US = 400  # between two waits, or two holds of a worker
GAP_NS = 100000  # between two looks at the clock: what is longer, is looked at
WAIT_NS = 20000  # between a thread's waking and its next look at the clock: what is shorter, was no wait
FOREVER_NS = 1 << 62
ROWS = list(range(200))
STOP = []
LOGS = []
clock = time.monotonic_ns


class Log:
    """What one thread knows about itself."""

    def __init__(self, name):
        self.name, self.tid = name, None
        self.held = []  # [start, end, place, line, is it cut off by a gap]
        self.waits = []  # (start, end)
        self.line = self.code = None
        LOGS.append(self)

    def more(self, ns, lets_go=False):
        """Has the caller held the GIL for less than this at its present line? Asked again and again until it has.
        What the line calls may let go of the GIL, and take it again.
        """
        now = clock()
        frame = sys._getframe(1)
        if frame.f_lineno != self.line or frame.f_code is not self.code:
            self.line, self.code = frame.f_lineno, frame.f_code
            self.start = self.last = now
            self.done = 0
            return True
        step = now - self.last
        if lets_go:
            self.code = self.line = None
            self.woken(self.last)
            return False
        if step > GAP_NS:
            self.note(self.start, self.last, True)
            self.start = now
            step = GAP_NS
        self.done += step
        self.last = now
        if self.done < ns:
            return True
        self.note(self.start, now, False)
        self.line = self.code = None
        return False

    def note(self, start, end, cut):
        self.held.append([start, end, self.code.co_name, self.line, cut])

    def nap(self, us):
        return self.woken(nap(us))

    def woken(self, woke):
        """-> when the thread had the GIL"""
        now = clock()
        if now - woke > WAIT_NS:
            self.waits.append((woke, now))
        return now

    def end(self):
        if self.code is not None:
            self.note(self.start, self.last, False)


# ---- what holds: three tenths of the time in the first line, the rest in the second ---------------------------------
def A(log, ns):
    while log.more(0.3 * ns): sum(ROWS)  # noqa: E701
    while log.more(0.7 * ns): sum(ROWS)  # noqa: E701


def B(log, ns):
    while log.more(0.3 * ns): [i ^ 3 for i in ROWS]  # noqa: E701
    while log.more(0.7 * ns): [i ^ 3 for i in ROWS]  # noqa: E701


def C(log, ns):
    while log.more(0.3 * ns): sum(ROWS)  # noqa: E701
    while log.more(0.7 * ns): sum(ROWS)  # noqa: E701


def D(log, ns):
    while log.more(0.3 * ns): [i ^ 3 for i in ROWS]  # noqa: E701
    while log.more(0.7 * ns): [i ^ 3 for i in ROWS]  # noqa: E701


def E(log, ns):
    while log.more(0.3 * ns): sum(ROWS)  # noqa: E701
    while log.more(0.7 * ns): sum(ROWS)  # noqa: E701


class Generators:
    @staticmethod
    def A(log, ns):
        while log.more(0.3 * ns): sum(ROWS)  # noqa: E701
        yield
        while log.more(0.7 * ns): sum(ROWS)  # noqa: E701

    @staticmethod
    def B(log, ns):
        while log.more(0.3 * ns): [i ^ 3 for i in ROWS]  # noqa: E701
        yield
        while log.more(0.7 * ns): [i ^ 3 for i in ROWS]  # noqa: E701

    @staticmethod
    def C(log, ns):
        while log.more(0.3 * ns): sum(ROWS)  # noqa: E701
        yield
        while log.more(0.7 * ns): sum(ROWS)  # noqa: E701


class Native:
    @staticmethod
    def A(log, ns):
        while log.more(1): usleep(int(ns / 1000))  # noqa: E701

    @staticmethod
    def B(log, ns):
        while log.more(1): burn(int(ns / 1000))  # noqa: E701

    C = staticmethod(C)


class Between:
    A = staticmethod(A)
    C = staticmethod(C)

    @staticmethod
    def B(log, ns):
        while log.more(1): usleep(int(ns / 1000))  # noqa: E701


class Send:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    A = staticmethod(A)

    @staticmethod
    def B(log, _ns):
        while log.more(0, lets_go=True): Send.sock.send(b"y")  # noqa: E701


# ---- the threads ----------------------------------------------------------------------------------------------------
def exhaust(generator, log, ns):
    for _ in generator(log, ns):
        pass


def worker(log, work, once):
    while not STOP:
        for function, ns in work:
            function(log, ns)
            if not once:
                log.nap(NAP_US)
        if once:
            log.nap(NAP_US)


def waiter(log):
    got = clock()
    while not STOP:
        log.held.append([got, clock(), "waiter", 0, False])
        got = log.nap(NAP_US)


def spin(log):
    while not STOP: log.more(FOREVER_NS)  # noqa: E701


def run(function, log, *args):
    log.tid = tid()
    function(log, *args)
    log.end()


def call_from_c(log, work):
    """-> what keeps the callback alive"""
    turn = []

    def called(woke):
        log.woken(woke)
        if not turn:
            log.tid = tid()
            turn.extend(work)
        function, ns = turn.pop()
        function(log, ns)

    function = ctypes.CFUNCTYPE(None, ctypes.c_int64)(called)
    if library.caller_start(function, NAP_US):
        raise SystemExit("shares.py: no thread")
    return function


# ---- the truth ------------------------------------------------------------------------------------------------------
def resolve_gaps(logs):
    """A thread held through a gap in which nobody else had the GIL, else it waited from when somebody else had it.
    """
    looks = sorted((h[0], i) for i, log in enumerate(logs) for h in log.held)
    for i, log in enumerate(logs):
        at = 0
        for before, after in zip(log.held, log.held[1:]):
            if not before[4]:
                continue
            while at < len(looks) and looks[at][0] < before[1]:
                at += 1
            other = at
            while other < len(looks) and looks[other][1] == i and looks[other][0] < after[0]:
                other += 1
            if other == len(looks) or looks[other][0] >= after[0]:
                before[1] = after[0]
            else:
                log.waits.append((looks[other][0], after[0]))


def truth(logs, begin, end):
    resolve_gaps(logs)
    events = []
    for log in logs:
        for start, stop, place, line, _ in log.held:
            if start < end and stop > begin and start < stop:
                record = (log, place, "%s:%d" % (place, line))
                events.append((max(start, begin), 3, id(record), record))
                events.append((min(stop, end), 0, id(record), record))
        for start, stop in log.waits:
            if start < end and stop > begin:
                events.append((max(start, begin), 2, 0, log))
                events.append((min(stop, end), 1, 0, log))
    events.sort(key=lambda e: e[:3])
    ret = {"hold": {}, "blame": {}, "hold_lines": {}, "blame_lines": {}}
    threads = {log: {"name": log.name, "hold": 0, "blame": 0, "wait": 0} for log in logs}

    def add(to, key, ns):
        ret[to][key] = ret[to].get(key, 0) + ns

    held, waiting, last = [], {}, begin
    for now, kind, _, what in events:
        if held:
            log, place, line = held[-1]  # who came last interrupted the others
            blame = (now - last) * len(waiting)
            for to, key, ns in (("hold", place, now - last), ("hold_lines", line, now - last),
                                ("blame", place, blame), ("blame_lines", line, blame)):
                add(to, key, ns)
            threads[log]["hold"] += now - last
            threads[log]["blame"] += blame
        last = now
        if kind == 3:
            held.append(what)
        elif kind == 0:
            held.remove(what)
        elif kind == 2:
            waiting[what] = now
        else:
            threads[what]["wait"] += now - waiting.pop(what, now)
    ret["threads"] = {str(log.tid): figures for log, figures in threads.items()}
    return ret


def wait_for_end(seconds):
    """-> the window to report about, or None"""
    end = clock() + seconds * 1e9
    stdin = [0]
    while not STOP and clock() < end:
        if select.select(stdin, [], [], 0.2)[0]:
            words = os.read(0, 100).split()
            if len(words) == 2:
                return int(words[0]), int(words[1])
            stdin = []  # nobody is there to say when
    return None


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("library")
    ap.add_argument("variant", choices=["turn", "one", "send", "generator", "callback", "native", "between"])
    ap.add_argument("--ms", default="0.2,0.5,1,2,4")
    ap.add_argument("--waiters", type=int, default=3)
    ap.add_argument("--spinners", type=int, default=0)
    ap.add_argument("--workers", type=int, default=1)
    ap.add_argument("--interval", type=float, default=0.1)
    ap.add_argument("--seconds", type=float, default=1e6)
    args = ap.parse_args()

    global library, nap, tid, burn, usleep
    library = ctypes.CDLL(args.library)
    nap, tid = library.nap, library.tid
    nap.restype = ctypes.c_int64
    burn, usleep = ctypes.PyDLL(args.library).burn, ctypes.PyDLL(None).usleep

    for signo in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signo, lambda *_: STOP.append(True))
    sys.setswitchinterval(args.interval)
    gc.disable()  # its time would be some function's
    Send.sock.bind(("127.0.0.1", 0))
    Send.sock.connect(Send.sock.getsockname())  # full one day: then the kernel throws away
    where = {"generator": Generators, "native": Native, "between": Between, "send": Send}.get(args.variant)
    work = []
    for name, ms in zip("ABCDE", args.ms.split(",")):
        function = getattr(where, name) if where else globals()[name]
        if args.variant == "generator":
            function = (lambda f: lambda log, ns: exhaust(f, log, ns))(function)
        work.append((function, float(ms) * 1e6))
    threads = [threading.Thread(target=run, args=(waiter, Log("waiter"))) for _ in range(args.waiters)]
    threads += [threading.Thread(target=run, args=(spin, Log("spin"))) for _ in range(args.spinners)]
    if args.variant != "callback":
        once = args.variant in ("one", "between", "send")
        threads += [threading.Thread(target=run, args=(worker, Log("worker"), work, once))
                    for _ in range(args.workers)]
    began = clock()
    for thread in threads:
        thread.start()
    callback = call_from_c(Log("worker"), work) if args.variant == "callback" else None
    os.write(1, b"ready %d\n" % os.getpid())
    window = wait_for_end(args.seconds)
    ended = clock()
    STOP.append(True)
    if callback:
        library.caller_stop()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(0.005)
    print(json.dumps(truth(LOGS, *(window or (began, ended)))), flush=True)


if __name__ == "__main__":
    main()
