#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A signal at any moment of giltop's life: is it gone soon, with an honest exit code, and the target's code as before?

any_moment.py GILTOP PYTHON INT|KILL ROUNDS [GILTOP_OPTION..]
    ROUNDS_SEED=N in the environment: the same moments again (each run says its own)
    ROUNDS_PHASE=NAME: all in one phase: start, work, end of a duration, end after INT, step down (to light mode, just after
                the start), step up (the trial of exact mode after ten seconds, and what follows it)

Each round starts a giltop on a process of two threads that take the GIL in turns, too often for exact mode, and sends the signal at a moment of its
start (loading, attaching), of its work, of a step from one mode to the other, or of its end: that of a duration, and that of another signal before it. Then
all code of the target must be as in its files, no process of giltop's may be left, and the target must go on.
A breakpoint that stayed behind is repaired by nobody: the rounds after it get another target, and all are counted. Two
rounds run at a time, each with a target of its own.
"""
import collections
import concurrent.futures
import ctypes
import json
import os
import queue
import random
import signal
import subprocess
import sys
import tempfile
import time

TARGET = """
import os, threading, time
n = [0, 0]
def work(i):
    while True:
        for _ in range(50):
            os.stat("/")
        n[i] += 1
        time.sleep(0.0005)
for i in range(2):
    threading.Thread(target=work, args=(i,), daemon=True).start()
print("ready", flush=True)
import sys
for line in sys.stdin:
    print(sum(n), flush=True)
"""
GONE_S = 20  # giltop and its helpers; a machine may be slow, and perf events take a second to take away
RESTORED_S = GONE_S
AT_A_TIME = 2
PHASES = ("start", "start", "work", "step down", "end of a duration", "end after INT")
TRIAL_S = 10  # user/source/mode_choice.c
PR_SET_CHILD_SUBREAPER = 36


class Target:
    def __init__(self, python):
        self.proc = subprocess.Popen([python, "-I", "-S", "-c", TARGET], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.proc.stdout.readline() == b"ready\n"
        self.pid = self.proc.pid
        self.code = list(self.read_code())

    def read_code(self):
        """(address, what its file has there, name) of all code that is mapped from files."""
        with open("/proc/%d/maps" % self.pid) as maps:
            lines = [l.split(None, 5) for l in maps]
        for words in lines:
            if "x" not in words[1] or len(words) < 6 or not words[5].startswith("/"):
                continue
            low, high = (int(x, 16) for x in words[0].split("-"))
            with open("/proc/%d/map_files/%x-%x" % (self.pid, low, high), "rb") as f:
                f.seek(int(words[2], 16))
                yield low, f.read(high - low), words[5].strip()

    def changed_bytes(self):
        ret = []
        with open("/proc/%d/mem" % self.pid, "rb", 0) as mem:
            for low, want, name in self.code:
                mem.seek(low)
                now = mem.read(len(want))
                if now != want:
                    ret += ["%s+%#x" % (os.path.basename(name), i) for i in range(len(want)) if now[i] != want[i]]
        return ret

    def restored(self):
        end = time.monotonic() + RESTORED_S
        while True:
            changed = self.changed_bytes()
            if not changed or time.monotonic() > end:
                return changed
            time.sleep(0.01)

    def count(self):
        self.proc.stdin.write(b"\n")
        self.proc.stdin.flush()
        return int(self.proc.stdout.readline())

    def goes_on(self):
        before = self.count()
        end = time.monotonic() + GONE_S
        while time.monotonic() < end:
            if self.count() > before:
                return True
        return False

    def end(self):
        self.proc.kill()
        self.proc.wait()


class Look:
    """One run of giltop, in a session of its own."""

    def __init__(self, giltop, target, kind, duration, options):
        self.dir = tempfile.TemporaryDirectory()
        self.file = os.path.join(self.dir.name, "out")
        self.kind = kind
        argv = {
            "tables": [giltop, "-b", "-i", "100ms"],
            "json": [giltop, "--json", "-i", "100ms"],
            "record": [giltop, "record", "-f", "folded", "-o", self.file],
        }[kind] + ["-d", duration, "-p", str(target.pid)] + options
        self.out = tempfile.TemporaryFile()
        self.err = tempfile.TemporaryFile()
        self.proc = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err,
                                     start_new_session=True)

    def send(self, sig):
        try:
            self.proc.send_signal(sig)
        except ProcessLookupError:
            pass

    def ended(self, seconds=GONE_S):
        """Its exit code (negative: the signal it died of); None: it is still there after so long."""
        try:
            return self.proc.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def helpers_gone(self):
        end = time.monotonic() + GONE_S
        while time.monotonic() < end:
            try:
                while os.waitpid(-self.proc.pid, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                pass
            try:
                os.killpg(self.proc.pid, 0)
            except ProcessLookupError:
                return True
            time.sleep(0.01)
        return False

    def kill_all(self):
        try:
            os.killpg(self.proc.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.proc.wait()

    def text(self, f):
        f.seek(0)
        return f.read().decode(errors="replace")

    def wrong_output(self):
        """After exit code 0: is all there that it promises? What is wrong, or None."""
        if self.kind == "record":
            return None if os.path.exists(self.file) else "no file"
        text = self.text(self.out)
        if not text.endswith("\n"):
            return "the output is cut off"
        if self.kind == "json":
            last = json.loads(text.splitlines()[-1])
            if last.get("type") != "summary":
                return "no summary"
        return None


class Moments:
    def __init__(self, giltop, target, options):
        """How long a start and an end take here: of a run that nothing disturbs."""
        start = time.monotonic()
        look = Look(giltop, target, "json", "60", options)
        while not os.fstat(look.out.fileno()).st_size:
            assert look.proc.poll() is None and time.monotonic() < start + 60, look.text(look.err)
            time.sleep(0.005)
        self.start_s = time.monotonic() - start
        assert target.changed_bytes()  # else what follows would prove nothing
        look.send(signal.SIGINT)
        start = time.monotonic()
        assert look.ended() == 0, look.text(look.err)
        self.end_s = time.monotonic() - start
        assert not target.restored()

    def draw(self, rng):
        """(phase, duration, seconds until a first INT or None, seconds from there until the signal)"""
        phase = os.environ.get("ROUNDS_PHASE") or rng.choice(PHASES)
        if phase == "start":
            return phase, "3", None, rng.uniform(0, 1.2 * self.start_s)
        if phase == "work":
            return phase, "3", None, self.start_s + rng.uniform(0, 0.5)
        if phase == "step down":
            return phase, "3", None, self.start_s + rng.uniform(0, 0.2)
        if phase == "step up":
            return phase, "60", None, self.start_s + TRIAL_S + rng.uniform(-0.1, 0.4)
        if phase == "end of a duration":
            return phase, "100ms", None, self.start_s + 0.1 + rng.uniform(-0.1, 1.2 * self.end_s)
        return phase, "3", rng.uniform(0.5, 1.2) * self.start_s, rng.uniform(0, 1.2 * self.end_s)


class Judge:
    def __init__(self, sig):
        self.sig = sig
        self.wrong = []
        self.codes = []
        self.longest_s = 0
        self.leaks = []

    def valid(self, code):
        # INT before giltop knows signals, and a second one, have their default effect; who ends by itself says 0.
        return code in (0, -self.sig, -signal.SIGINT)

    def say(self, what, moment):
        self.wrong.append("%s: %s" % (moment, what))
        print("# %s: %s" % (moment, what), flush=True)


def one_round(giltop, target, options, moment, kind, judge):
    phase, duration, first_s, then_s = moment
    name = "%s, %s, %s%.3f s" % (kind, phase, "INT at %.3f s, then " % first_s if first_s is not None else "", then_s)
    look = Look(giltop, target, kind, duration, options)
    if first_s is not None:
        time.sleep(first_s)
        look.send(signal.SIGINT)
    time.sleep(then_s)
    look.send(judge.sig)
    start = time.monotonic()
    code = look.ended()
    if code is None:
        judge.say("still there after %d s" % GONE_S, name)
        look.kill_all()
    elif not judge.valid(code):
        judge.say("exit code %d: %s" % (code, look.text(look.err)), name)
    elif code == 0 and look.wrong_output():
        judge.say("exit code 0, but %s" % look.wrong_output(), name)
    judge.longest_s = max(judge.longest_s, time.monotonic() - start)
    judge.codes.append(code)
    if not look.helpers_gone():
        judge.say("left a process behind", name)
        look.kill_all()
    changed = target.restored()
    if changed:
        judge.leaks.append(name)
        judge.say("%d bytes of code stay changed: %s" % (len(changed), " ".join(changed[:8])), name)
    if not target.goes_on():
        judge.say("the target does not go on", name)
    return not changed


def main():
    giltop, python, sig, rounds = sys.argv[1], sys.argv[2], getattr(signal, "SIG" + sys.argv[3]), int(sys.argv[4])
    options = sys.argv[5:]
    seed = int(os.environ.get("ROUNDS_SEED", 0)) or random.SystemRandom().randrange(1, 1 << 31)
    rng = random.Random(seed)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    judge = Judge(sig)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever started this may have ignored it; giltop inherits that
    target = Target(python)
    moments = Moments(giltop, target, options)
    target.end()
    print("# seed %d; a start takes %.3f s, an end %.3f s" % (seed, moments.start_s, moments.end_s), flush=True)
    todo = queue.SimpleQueue()
    for i in range(rounds):
        todo.put((("tables", "json", "record")[i % 3], moments.draw(rng)))

    def work():
        own = Target(python)
        while True:
            try:
                kind, moment = todo.get_nowait()
            except queue.Empty:
                break
            if not one_round(giltop, own, options, moment, kind, judge):
                own.end()
                own = Target(python)
        own.end()

    # A step up is waited for, most of the time.
    at_a_time = AT_A_TIME * (4 if os.environ.get("ROUNDS_PHASE") == "step up" else 1)
    with concurrent.futures.ThreadPoolExecutor(at_a_time) as pool:
        for worker in [pool.submit(work) for _ in range(at_a_time)]:
            worker.result()
    print("%d rounds of %s: exit codes %s, the longest end %.2f s, %d left breakpoints behind, %d things wrong" % (
        rounds, sys.argv[3], dict(collections.Counter(judge.codes)), judge.longest_s, len(judge.leaks), len(judge.wrong)))
    sys.exit(1 if judge.wrong else 0)


main()
