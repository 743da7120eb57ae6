#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Programs in which somebody looked for something with giltop and was led astray.

cases.py GILTOP rules|import|collector|command|phases|daemons PYTHON

  rules, import   tests/workloads/code_goes.py: each piece of code has its own time, and its own caller
  collector       collected.py: the collector's time is the collector's
  command         phases.py, over before the first refresh: `giltop -- COMMAND` knows its functions and its threads
  phases          .. with new code in the last phase, too
  daemons         daemons.py: who is gone or parked for ever does not wait
Exit status: 0 it is so, 1 it is not, 2 no measurement.
"""
import collections
import json
import os
import re
import subprocess
import sys
import time

import blame
import blame_cases
from blame import WORKLOADS, Failure, report
from places import Program, compare, shares

CODE_POINTS = 5.0
COLLECTOR_POINTS = 8.0
ELSEWHERE_POINTS = 15.0
GONE = re.compile(r"^\[freed code\]$|^\?$")
COLLECTOR = re.compile(r"\bgc|garbage|collect", re.I)


def workload(python, name, *args):
    return Program([python, "-S", os.path.join(WORKLOADS, name + ".py")] + list(args))


def measured(giltop, program, seconds):
    """-> the process in giltop's summary, what was true in its window, the window's ns"""
    try:
        record = blame.run_giltop(giltop, program.pid, "-d", str(seconds))
        truth = program.truth((record["start_ns"], record["start_ns"] + record["duration_ns"]))
    finally:
        program.end()
    return record["processes"][0], truth, record["duration_ns"]


def code_goes(giltop, kind, python):
    proc, truth, _ = measured(giltop, workload(python, "code_goes", kind), 5)
    thread = {"rules": "rules", "import": "imports"}[kind]
    tids = {t["tid"] for t in proc["threads"] if t["name"] == thread}
    piece = re.compile(r"^<rule-\d+>$|^(.*/)?piece_\d+\.py$")
    bad = [] if tids else ["no thread %s among %s" % (thread, [t["name"] for t in proc["threads"]])]
    figures = []
    for what in ("blame", "hold"):
        said, never = collections.Counter(), collections.Counter()
        for s in proc["stacks"]:
            if s["kind"] != what or s["tid"] not in tids:
                continue
            at = [i for i, f in enumerate(s["frames"]) if piece.match(f["file"] or "")]
            if not at:
                said["(%s)" % (s["frames"][-1]["name"] if s["frames"] else "nowhere")] += s["ns"]
                continue
            said[os.path.basename(s["frames"][at[-1]]["file"])] += s["ns"]
            above = [f["name"] for f in s["frames"][:at[0]]]
            if len(at) > 1 or s["frames"][at[0]]["name"] != "<module>" or thread not in above:
                never["/".join(above[-2:] + [f["name"] for f in s["frames"][at[0]:]])] += s["ns"]
        said, true = shares(said), shares(truth)
        # Compiling a piece, and reading its source, are this thread's time, too, but no piece's.
        elsewhere = sum(v for k, v in said.items() if k.startswith("("))
        if elsewhere > ELSEWHERE_POINTS:
            bad.append("%s: %.1f %% is in no piece's code, expected at most %.0f %%" % (what, elsewhere, ELSEWHERE_POINTS))
        said = shares({k: v for k, v in said.items() if not k.startswith("(")} or {"none": 1})
        bad += compare(what, said, true, CODE_POINTS, ordered=kind == "rules")
        bad += ["%s: a stack that never was: %s" % (what, words) for words in never]
        worst = max(set(said) | set(true), key=lambda k: abs(said.get(k, 0) - true.get(k, 0)))
        figures.append("%s: worst is %s, giltop says %.1f %%, it is %.1f %%" % (
            what, worst, said.get(worst, 0), true.get(worst, 0)))
    return report(bad, "%s: %d pieces; %s" % (kind, len(truth), "; ".join(figures)))


def collector(giltop, _kind, python):
    proc, truth, _ = measured(giltop, workload(python, "collected"), 6)
    tids = {t["tid"] for t in proc["threads"] if t["name"] == "push"}
    held = sum(t["hold_ns"] for t in proc["threads"] if t["tid"] in tids)
    true = 100.0 * truth["collector"] / held
    said = collections.Counter()
    for s in proc["stacks"]:
        if s["kind"] == "hold" and s["tid"] in tids:
            named = any(COLLECTOR.search(f["name"]) for f in s["frames"])
            said["collector" if named else "(%s)" % s["frames"][-1]["name"] if s["frames"] else "nowhere"] += s["ns"]
    share = shares(said)
    bad = compare("hold", {"collector": share.get("collector", 0.0)}, {"collector": true}, COLLECTOR_POINTS)
    return report(bad, "the collector: giltop says %.1f %% of push's holds, it is %.1f %%; all: %s" % (
        share.get("collector", 0.0), true, {k: "%.1f" % v for k, v in share.items() if v > 2}))


def command(giltop, kind, python):
    phases = {"command": ["parse_rows:0.5"], "phases": ["load_rows:2.2", "report:0.4"]}[kind]
    every = {"command": "10", "phases": "2"}[kind]
    path = os.path.join(WORKLOADS, "phases.py")
    out = subprocess.run([giltop, "-b", "--json", "-i", every, "--", python, path] + phases, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, timeout=60)
    if out.returncode:
        raise Failure("giltop ended with status %d" % out.returncode)
    proc = json.loads(out.stdout.decode("utf-8").splitlines()[-1])["processes"][0]
    names = {t["tid"]: t["name"] for t in proc["threads"]}
    bad = []
    for phase in phases:
        function = phase.split(":")[0]
        for i in range(2):
            if "%s-%d" % (function, i) not in names.values():
                bad.append("no thread %s-%d; the threads are %s" % (function, i, sorted(names.values())))
        mine = {tid for tid, name in names.items() if re.match(function + r"-\d$", name)}
        blamed = collections.Counter()
        for s in proc["stacks"]:
            if s["kind"] == "blame" and s["tid"] in mine and s["frames"]:
                blamed[any(f["name"] == function and f["file"].endswith("phases.py") for f in s["frames"])] += s["ns"]
        if blamed[True] < 0.9 * sum(blamed.values()) or not blamed[True]:
            bad.append("%s: expected its blame in the function, found %.3f of %.3f s there" % (
                function, blamed[True] / 1e9, sum(blamed.values()) / 1e9))
    total = sum(s["ns"] for s in proc["stacks"] if s["kind"] == "blame") or 1
    lost = sum(s["ns"] for s in proc["stacks"] if s["kind"] == "blame" and any(GONE.match(f["name"]) for f in s["frames"]))
    if lost > 0.02 * total:
        bad.append("%.1f %% of the blame is in code without a name" % (100.0 * lost / total))
    return report(bad, "%s: %d threads, %.1f %% of the blame without a name" % (kind, len(names), 100.0 * lost / total))


def switches(pid):
    """-> {tid: voluntary switches} of all threads but the main one; nobody who waits for the GIL stays below 100 a second"""
    ret = {}
    for tid in os.listdir("/proc/%d/task" % pid):
        try:
            with open("/proc/%d/task/%s/status" % (pid, tid)) as f:
                ret[tid] = int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", f.read(), re.M).group(1))
        except OSError:
            pass
    ret.pop(str(pid), None)
    return ret


def daemons(giltop, _kind, python):
    program = workload(python, "daemons", "4")
    g = blame_cases.Giltop(giltop, program.pid, "-i", "200ms")
    try:
        time.sleep(1)
        os.write(program.process.stdin.fileno(), b"\n")
        before = switches(program.pid)
        while True:
            time.sleep(0.5)
            if program.process.poll() is not None:
                raise Failure("the daemons stayed until the end of the process")
            now = switches(program.pid)
            if all(before.get(tid) == count for tid, count in now.items()):
                break
            before = now
        gone = time.monotonic_ns()
        program.process.wait(30)
        records = [json.loads(line) for line in finish(g)]
    finally:
        program.end()
    bad = []
    late = [r for r in records[1:] if r["type"] == "snapshot" and r["start_ns"] > gone and r["processes"]]
    wait = sum(t["wait_ns"] for r in late for t in r["processes"][0]["threads"])
    waiters = [sum(1 for t in r["processes"][0]["threads"] if t["state"] == "waiting") for r in late]
    if not late:
        raise Failure("no snapshot after the daemons were gone")
    if wait > 0.02 * sum(r["duration_ns"] for r in late) or any(waiters):
        bad.append("nobody waits any more; giltop says %.3f s of waiting in %.3f s, %s waiters in the snapshots" % (
            wait / 1e9, sum(r["duration_ns"] for r in late) / 1e9, waiters))
    return report(bad, "daemons: %d threads left, %d snapshots after" % (len(now), len(late)))


def finish(g):
    """giltop ends with its target"""
    if g.process.wait(60):
        raise Failure("giltop ended with status %d" % g.process.returncode)
    g.out.seek(0)
    return g.out.read().decode("utf-8").splitlines()


def main(argv):
    cases = {"rules": code_goes, "import": code_goes, "collector": collector, "command": command, "phases": command,
             "daemons": daemons}
    if len(argv) != 4 or argv[2] not in cases:
        raise SystemExit(__doc__)
    try:
        return cases[argv[2]](argv[1], argv[2], argv[3])
    except (Failure, OSError, ValueError, subprocess.SubprocessError) as err:
        print("cases: %s: %s" % (argv[2], err), file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv))
