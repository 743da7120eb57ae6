#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Programs with one known answer each, measured with giltop.

blame_cases.py GILTOP CASE PYTHON [LIBRARY]

  lines, regex, sleep, burn   one hold of seconds, see tests/workloads/long_hold.py: is it under its line?
  full                        more stacks than the tables keep: sums hold, the rest is "[other]", counted
  reused                      functions that come and go at one address: each has its time under its name
  dump                        giltop dump of one holder and three waiters, the hold older than the look
  quiet                       a program whose threads do not meet: no stack is captured
  none                        --no-stacks: none in the output; the other sums hold
Exit status: 0 as it should be, 1 not, 2 no measurement.
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import blame
from blame import Failure

HOLD_S = 2.0
START_S = 60


class Program:
    """A workload that says a line when it is ready, and one at the end of each turn."""

    def __init__(self, python, name, *args):
        command = [python, "-S", os.path.join(blame.WORKLOADS, name + ".py")] + list(args)
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self.process.pid
        self.expect("ready")

    def expect(self, word):
        line = self.process.stdout.readline().decode()
        if not line.startswith(word):
            raise Failure("the workload said %r, not %s" % (line, word))
        return line

    def go(self):
        self.process.stdin.write(b"g")
        self.process.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.process.stdin.close()
            self.process.wait(20)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()


class Giltop:
    """giltop -b --json in the background, from its first record on."""

    def __init__(self, giltop, pid, *args):
        self.out = tempfile.TemporaryFile()  # a pipe would fill
        self.process = subprocess.Popen([giltop, "-b", "--json", "-p", str(pid)] + list(args),
                                        stdin=subprocess.DEVNULL, stdout=self.out)
        while not os.fstat(self.out.fileno()).st_size:
            if self.process.poll() is not None:
                raise Failure("giltop ended with status %d" % self.process.returncode)
            time.sleep(0.02)

    def end(self):
        """-> its records"""
        self.process.send_signal(signal.SIGINT)
        if self.process.wait(60):
            raise Failure("giltop ended with status %d" % self.process.returncode)
        self.out.seek(0)
        return [json.loads(line) for line in self.out.read().decode("utf-8").splitlines()]


def measured(giltop, program, *args):
    """One turn of the program -> giltop's records, and what the program says of the turn"""
    g = Giltop(giltop, program.pid, *args)
    try:
        program.go()
        said = program.expect("done")
        return g.end(), said
    finally:
        if g.process.poll() is None:
            g.process.kill()
            g.process.wait()


# ---- one long hold ----------------------------------------------------------------------------------
def python_leaf(stack):
    frames = blame.frames_of(stack)
    return (frames[-1][0], frames[-1][2]) if frames else ("", 0)


def line_of(text):
    """The number of the line of long_hold.py that holds this text"""
    with open(os.path.join(blame.WORKLOADS, "long_hold.py"), encoding="utf-8") as f:
        return 1 + next(i for i, line in enumerate(f) if text in line)


def hold(giltop, kind, python, library=None):
    with Program(python, "long_hold", kind, str(HOLD_S), *([library] if library else [])) as program:
        records, said = measured(giltop, program)
    record = records[-1]
    # By the program's own clock: how long a turn lasts is up to the machine, which need not be as fast as when it was tuned.
    took = float(said.split()[1])
    proc = record["processes"][0]
    bad = blame.check_sums(proc)
    main = next(t for t in proc["threads"] if t["tid"] == program.pid)
    minor = int(proc["python"].split(".")[1])
    if main["hold_max_ns"] < took * (0.8e9 if kind != "lines" or minor >= 11 else 0.8e9 / 40):
        bad.append("the longest hold lasts %.3f s of the turn's %.3f s" % (main["hold_max_ns"] / 1e9, took))
    stacks = [s for s in proc["stacks"] if s["kind"] in ("hold", "blame") and s["tid"] == program.pid]
    total, right, native, lines = {}, {}, 0, set()
    expected = {"regex": {line_of("return re.match")}, "sleep": {line_of("return usleep(")},
                "burn": {line_of("return burn(")}, "lines": set(range(2, 42))}[kind]
    for s in stacks:
        kind_ns = s["kind"]
        # re.match() is a Python function of the re module, which calls the C code.
        frames = blame.frames_of(s)
        at = {f[2] for f in frames if f[0] == "hold_" + kind}
        total[kind_ns] = total.get(kind_ns, 0) + s["ns"]
        if at & expected:
            right[kind_ns] = right.get(kind_ns, 0) + s["ns"]
            lines |= at
        leaf = s["frames"][-1]
        if kind == "burn" and leaf["file"] == os.path.basename(library or ""):
            if leaf["name"] not in ("[burn]", "[burn_some]") or python_leaf(s)[0] != "hold_burn":
                bad.append("%s under %s" % (leaf, python_leaf(s)))
            native += s["ns"]
    for kind_ns, ns in total.items():
        if right.get(kind_ns, 0) < 0.95 * ns:
            bad.append("%s: only %.1f %% at the line" % (kind_ns, 100.0 * right.get(kind_ns, 0) / ns))
    if total.get("blame", 0) < 0.8 * took * 1e9:
        bad.append("only %.3f s of blame" % (total.get("blame", 0) / 1e9))
    if kind == "lines" and len(lines) < 10:
        bad.append("only the lines %s" % sorted(lines))
    # Seen only where a clock tick finds it on a CPU: on a busy machine it seldom is.
    if kind == "burn" and native < 0.05 * sum(total.values()):
        bad.append("only %.1f %% in the library's own frames" % (100.0 * native / sum(total.values())))
    return blame.report(bad, "%s: hold of %.3f s, blame %.3f s, %.1f %% at %d lines, native frame %.1f %%" %
                        (kind, main["hold_max_ns"] / 1e9, total.get("blame", 0) / 1e9,
                         100.0 * sum(right.values()) / sum(total.values()), len(lines),
                         100.0 * native / sum(total.values())))


# ---- full tables -------------------------------------------------------------------------------------
def full(giltop, python):
    with Program(python, "many_stacks", "9000") as program:
        # No refresh meanwhile: what is new is taken out of the tables as it comes, or there is no room.
        record = measured(giltop, program, "-i", "600")[0][-1]
    proc, stats = record["processes"][0], record["stats"]
    bad = blame.check_sums(proc)
    other = sum(s["ns"] for s in proc["stacks"] if s["kind"] == "wait" and not s["frames"])
    if stats.get("stack_full") and not other:
        bad.append("no [other] row: %s" % stats)
    waits = [s for s in proc["stacks"] if s["kind"] == "wait"]
    if len(waits) < 5000:
        bad.append("no more wait stacks than the tables keep")
    return blame.report(bad, "full: %d wait stacks, %.1f %% of the wait under [other], stats %s" %
                        (len(waits), 100.0 * other / sum(s["ns"] for s in waits), stats))


# ---- one address, many functions -----------------------------------------------------------------------
def reused(giltop, python, count=5):
    with Program(python, "reused", str(count)) as program:
        g = Giltop(giltop, program.pid, "-i", "0.1")
        program.go()
        addresses, *wall = [float(w) for w in program.expect("done").split()[1:]]
        record = g.end()[-1]
        program.go()
    if addresses == count:
        raise Failure("every function had an address of its own")
    proc = record["processes"][0]
    bad = blame.check_sums(proc)
    seen = {}
    for s in proc["stacks"]:
        for name in {f["name"] for f in s["frames"] if f["name"].startswith("made_")}:
            if s["kind"] == "hold":
                seen[name] = seen.get(name, 0) + s["ns"]
    # What ran last in a refresh may be under the next one's name.
    bad += ["made_%d: %.3f of %.3f s" % (i, seen.get("made_%d" % i, 0) / 1e9, wall[i])
            for i in range(count)
            if not 0.2 * wall[i] < seen.get("made_%d" % i, 0) / 1e9 < 1.8 * wall[i]]
    return blame.report(bad, "reused: %d functions at %d addresses, %s" % (
        count, addresses, ", ".join("%.2f s" % (ns / 1e9) for _, ns in sorted(seen.items()))))


# ---- dump --------------------------------------------------------------------------------------------
def dump(giltop, python):
    with Program(python, "long_hold", "sleep", "20") as program:
        program.go()
        began = time.monotonic()
        time.sleep(0.5)  # the hold is under way, and everybody waits
        out = subprocess.run([giltop, "dump", "-p", str(program.pid)], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, timeout=60).stdout.decode("utf-8")
        late = time.monotonic() - began > 19
        program.process.kill()
    if late:
        raise Failure("giltop dump came after the hold")
    blocks = re.split(r"^    (?=\S)", out, flags=re.M)
    head, threads = blocks[0], {b.split(" (tid")[0]: b for b in blocks[1:]}
    bad = []
    if "the GIL is held, 3 threads wait" not in head:
        bad.append("head: %r" % head)
    expected = {"MainThread": ("holding", "hold_sleep", "return usleep("),
                "nap_a": ("waiting", "nap_a", "time.sleep(0.002)"),
                "nap_b": ("waiting", "nap_b", "time.sleep(0.003)"),
                "nap_c": ("waiting", "nap_c", "time.sleep(0.004)")}
    for name, (state, function, text) in expected.items():
        block = threads.get(name, "")
        leaf = block.split("\n")[1].strip() if "\n" in block else ""
        if not re.search(r"\(tid \d+\) %s for at least " % state, block):
            bad.append("%s: %r, not %s" % (name, block.split("\n")[0], state))
        if not re.match(r"%s \(.*long_hold\.py:%d\)$" % (function, line_of(text)), leaf):
            bad.append("%s is at %r, not in %s line %d" % (name, leaf, function, line_of(text)))
    if bad:
        print(out)
    return blame.report(bad, "dump: %d threads" % len(threads))


# ---- nothing to see ----------------------------------------------------------------------------------
def quiet(giltop, python):
    source = ("import os, threading, time\n"
              "def nap():\n"
              "    while True:\n        time.sleep(0.01)\n"
              "threading.Thread(target=nap, daemon=True).start()\n"
              "os.write(1, b'ready\\n')\nos.read(0, 1)\nos._exit(0)\n")
    program = subprocess.Popen([python, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        program.stdout.readline()
        record = blame.run_giltop(giltop, program.pid, "-d", "3")
    finally:
        program.stdin.close()
        program.wait(20)
    proc = record["processes"][0]
    stats = record["stats"]
    walks = sum(n for name, n in stats.items() if name.startswith("walk_"))
    acquisitions = sum(t["acquisitions"] for t in proc["threads"])
    contended = sum(t["contended"] for t in proc["threads"])
    # The clocks look 499 times in a second of holding, whoever waits: by chance some more. A thread that is preempted while
    # it holds for more than a millisecond is worth a stack.
    looks = 10 + 3 * 499 * sum(t["hold_ns"] for t in proc["threads"]) / 1e9
    long_holds = sum(t["hold_max_ns"] is not None and t["hold_max_ns"] >= 1000000 for t in proc["threads"])
    bad = blame.check_sums(proc)
    if acquisitions < 50:
        bad.append("only %d acquisitions" % acquisitions)
    if walks > 2 * contended + looks + acquisitions * (long_holds > 0):
        bad.append("%d stacks walked for %d contended acquisitions" % (walks, contended))
    return blame.report(bad, "quiet: %d acquisitions, %d contended, %d stacks walked" %
                        (acquisitions, contended, walks))


def none(giltop, python):
    with Program(python, "many", "1.0") as program:
        records, _ = measured(giltop, program, "--no-stacks")
    bad = []
    for record in records[1:]:
        for proc in record["processes"]:
            if "stacks" in proc:
                bad.append("stacks in a %s" % record["type"])
            if "pairs" not in proc:
                bad.append("no pairs in a %s" % record["type"])
    proc = records[-1]["processes"][0]
    bad += blame.check_sums(proc)
    walks = [name for name in records[-1]["stats"] if name.startswith("walk_")]
    if walks:
        bad.append("stats: %s" % walks)
    return blame.report(bad, "no stacks: %d threads, %d pairs, wait %.3f s" %
                        (len(proc["threads"]), len(proc["pairs"]),
                         sum(t["wait_ns"] for t in proc["threads"]) / 1e9))


def main(argv):
    cases = {"full": full, "reused": reused, "dump": dump, "quiet": quiet, "none": none}
    if len(argv) < 4:
        raise SystemExit(__doc__)
    try:
        if argv[2] in cases:
            return cases[argv[2]](argv[1], argv[3])
        return hold(argv[1], argv[2], *argv[3:])
    except (Failure, OSError, ValueError, subprocess.SubprocessError) as err:
        print("blame: %s: %s" % (argv[2], err), file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv))
