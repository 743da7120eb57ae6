#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Does giltop say where the GIL is held, and where others are made to wait, as it was?

places.py [--folded] [--cut] [--seconds S] GILTOP COMMAND..    COMMAND starts tests/workloads/shares.py with all its arguments

The shares of its functions among all blame and all hold must be as the program itself says, within FUNCTION_POINTS;
functions whose true shares are further apart than that must come in the right order; a line's share must be right within
LINE_POINTS. The truth itself is first held against giltop's figures of the threads, which are exact; what these have more was
elsewhere: on the way in and out.
--cut: holds are cut, and what giltop's sums have more is what the program could not know of its functions.
--folded: the blame of `giltop record -f folded`, by function.
Exit status: 0 it is so, 1 it is not, 2 no measurement.
"""
import argparse
import collections
import json
import os
import re
import select
import signal
import subprocess
import sys
import time

from blame import Failure, report

FUNCTION_POINTS = 5.0
LINE_POINTS = 8.0
TRUTH_OFF = 0.08  # by which the truth may differ from giltop's exact sums: a machine may be busy
START_S = 60
END_S = 60
ATTEMPTS = 3
ELSEWHERE = "(elsewhere)"
PLACES = ("A", "B", "C", "D", "E", "spin")


class Program:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        self.pid = self.process.pid
        self.raise_priority()
        line = self.line(START_S)
        if not line.startswith("ready"):
            raise Failure("the workload said %r, not ready" % line)

    def raise_priority(self):
        """So that neighbours seldom take the CPU from who holds, if we may."""
        try:
            os.setpriority(os.PRIO_PROCESS, self.pid, -15)
            with open("/proc/%d/autogroup" % self.pid, "w") as f:
                f.write("-15")
        except OSError:
            pass

    def line(self, timeout_s):
        if not select.select([self.process.stdout], [], [], timeout_s)[0]:
            raise Failure("the workload said nothing in %d s" % timeout_s)
        return self.process.stdout.readline().decode()

    def truth(self, window=None):
        if window:
            os.write(self.process.stdin.fileno(), b"%d %d\n" % window)
        else:
            self.process.send_signal(signal.SIGTERM)
        return json.loads(self.line(END_S) or "null")

    def end(self):
        self.process.kill()
        self.process.stdin.close()
        self.process.wait()


def shares(amounts):
    total = sum(amounts.values())
    if not total:
        raise Failure("nothing was measured")
    return {key: 100.0 * ns / total for key, ns in amounts.items()}


# ---- what giltop says -----------------------------------------------------------------------------------------------
def place_of(names):
    """names: root first -> the index of the frame nearest to the leaf that is one of PLACES, or None"""
    for i in range(len(names) - 1, -1, -1):
        if names[i].split(".")[-1] in PLACES:
            return i
    return None


def by_place(stacks, kind, tids):
    """-> {function: ns}, {function:line: ns}, {where else: ns}"""
    functions, lines, others = collections.Counter(), collections.Counter(), collections.Counter()
    for s in stacks:
        if s["kind"] != kind or s["tid"] not in tids:
            continue
        frames = s["frames"]
        at = place_of([f["name"] for f in frames])
        if at is None:
            others[frames[-1]["name"] if frames else "nowhere"] += s["ns"]
        name = frames[at]["name"].split(".")[-1] if at is not None else ELSEWHERE
        functions[name] += s["ns"]
        lines["%s:%s" % (name, frames[at]["line"]) if at is not None else name] += s["ns"]
    return functions, lines, others


def by_place_folded(text, tids):
    functions, others = collections.Counter(), collections.Counter()
    for line in text.splitlines():
        stack, _, ns = line.rpartition(" ")
        frames = stack.split(";")
        if int(re.search(r"\((\d+)\)$", frames[1]).group(1)) not in tids:
            continue
        names = [re.sub(r" \([^()]*\)$", "", frame) for frame in frames[2:]]
        at = place_of(names)
        functions[names[at].split(".")[-1] if at is not None else ELSEWHERE] += int(ns)
        if at is None:
            others[names[-1]] += int(ns)
    return functions, {}, others


# ---- compared -------------------------------------------------------------------------------------------------------
def compare(what, said, true, points, ordered=False):
    """said, true: in per cent -> what is wrong, as text"""
    bad = []
    for key in sorted(true):
        off = said.get(key, 0.0) - true[key]
        if abs(off) > points:
            bad.append("%s of %s: giltop says %.1f %%, it is %.1f %% (%+.1f, %.0f are allowed)" % (
                what, key, said.get(key, 0.0), true[key], off, points))
    for key in sorted(said):
        if key not in true and said[key] > points:
            bad.append("%s of %s: giltop says %.1f %%, there was none" % (what, key, said[key]))
    if ordered:
        places = sorted(key for key in true if not key.startswith("("))
        for a in places:
            for b in places:
                if true[a] > true[b] + points and said.get(a, 0.0) <= said.get(b, 0.0):
                    bad.append("%s: %s (%.1f %%) does not come before %s (%.1f %%), it is %.1f %% and %.1f %%" % (
                        what, a, said.get(a, 0.0), b, said.get(b, 0.0), true[a], true[b]))
    return bad


def busy_tids(truth):
    """The threads whose places are known. What a waiter holds is mostly its way in and out, and of the probes."""
    return {int(tid) for tid, t in truth["threads"].items() if t["name"] != "waiter"}


def check_truth(truth, threads, cut):
    """Is it worth comparing with? giltop's figures of threads are exact."""
    tids = busy_tids(truth)
    for key in ("hold", "blame"):
        true = sum(truth["threads"][str(tid)][key] for tid in tids)
        said = sum(t[key + "_ns"] for t in threads if t["tid"] in tids)
        if abs(true - said) > TRUTH_OFF * said:
            raise Failure("the workload says %s of %.3f s where giltop counts %.3f s" % (key, true / 1e9, said / 1e9))
        for by in (key, key + "_lines"):
            truth[by][ELSEWHERE] = 0 if cut else max(0, said - true)


def run_giltop(args, program, *options):
    command = [args.giltop] + list(options) + ["--mode", "exact", "-p", str(program.pid), "-d", str(args.seconds)]
    out = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=120)
    if out.returncode:
        raise Failure("giltop ended with status %d" % out.returncode)
    return out.stdout.decode("utf-8")


def folded(args, program):
    began = time.monotonic_ns()
    text = run_giltop(args, program, "record", "-f", "folded", "--weight", "blame", "--unit", "ns", "-o", "-")
    truth = program.truth((began, time.monotonic_ns()))
    return {"blame": by_place_folded(text, busy_tids(truth))}, truth


def measured(args, program):
    record = json.loads(run_giltop(args, program, "-b", "--json").splitlines()[-1])
    truth = program.truth((record["start_ns"], record["start_ns"] + record["duration_ns"]))
    proc = record["processes"][0]
    check_truth(truth, proc["threads"], args.cut)
    return {kind: by_place(proc["stacks"], kind, busy_tids(truth)) for kind in ("blame", "hold")}, truth


def attempt(args):
    program = Program(args.command)
    try:
        said, truth = folded(args, program) if args.folded else measured(args, program)
    finally:
        program.end()
    bad, figures = [], []
    for kind, (functions, lines, others) in sorted(said.items()):
        for by, said_ns, true_ns, points in (("function", functions, truth[kind], FUNCTION_POINTS),
                                             ("line", lines, truth[kind + "_lines"], LINE_POINTS)):
            if not said_ns:
                continue
            said_share = shares(said_ns)
            true_share = shares({k: ns for k, ns in true_ns.items() if k.split(":")[0] in PLACES + (ELSEWHERE,)})
            bad += compare("%s by %s" % (kind, by), said_share, true_share, points, ordered=by == "function")
            keys = sorted(set(said_share) | set(true_share))
            off = {k: abs(said_share.get(k, 0.0) - true_share.get(k, 0.0)) for k in keys}
            figures.append("%s by %s off by %.1f points" % (kind, by, max(off.values())))
            print("%s by %s, true share in brackets: %s" % (kind, by, "  ".join(
                "%s %.1f (%.1f)" % (k, said_share.get(k, 0.0), true_share.get(k, 0.0)) for k in keys
                if max(said_share.get(k, 0.0), true_share.get(k, 0.0)) > 1)))
        if others:
            print("%s elsewhere: %s" % (kind, ", ".join("%s %.3f s" % (k, ns / 1e9) for k, ns in others.most_common(4))))
    return report(bad, "%s; waits of %.1f s" % ("; ".join(figures), sum(truth["blame"].values()) / 1e9))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--folded", action="store_true")
    ap.add_argument("--cut", action="store_true")
    ap.add_argument("--seconds", type=int, default=4)
    ap.add_argument("giltop")
    ap.add_argument("command", nargs=argparse.REMAINDER)
    args = ap.parse_args()
    for left in reversed(range(ATTEMPTS)):
        try:
            return attempt(args)
        except (Failure, OSError, ValueError, subprocess.SubprocessError) as err:
            print("places: %s" % err, file=sys.stderr)
            if not left:
                return 2


if __name__ == "__main__":
    sys.exit(main())
