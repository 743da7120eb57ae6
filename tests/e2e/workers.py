#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A supervisor and its workers, forked and executed again: is each one's summary what an oracle in it has seen?

workers.py --giltop FILE --oracle FILE --python INTERPRETER [--from-birth]

giltop -s --mode exact at the supervisor before it has workers. Each process has a file of its own for the oracle. Without
--from-birth the oracle of a worker is switched on when giltop has begun with it, and while it is parked; what giltop
saw from then on, thread by thread, must be as many acquisitions, contended waits, releases and yields. With it workers
do not wait for giltop, and their oracle sees all from the first line of Python on: acquisitions and contended waits
of all their lives must be as many; fewer only where a program was executed, and giltop says for how long it was not measured. Exit status: 0 all pass, 1 not, 2 no measurement.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import accuracy
from accuracy import TESTS, Failure

import compare  # noqa: E402  (accuracy knows the way)
from oracle_log import OracleError, OracleFile  # noqa: E402

TIMEOUT_S = 60
WORKERS = 4
NAMES = compare.Thread.COUNTS + ("wait_ns",)
WAIT, WAIT_NS = 0.05, 20000000  # a thread may be preempted between giltop's clock and the oracle's


class Supervisor:
    def __init__(self, args, folder):
        self.folder = folder
        env = dict(os.environ, LD_PRELOAD=args.oracle, GILTOP_ORACLE=folder)
        command = [args.python, "-S", os.path.join(TESTS, "workloads", "workers.py"), "0.5"]
        if args.from_birth:
            command.append("now")
        self.said_path = os.path.join(folder, "said")
        with open(self.said_path, "wb") as said:
            self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=said)
        self.pid = self.process.pid
        self.files = {}

    def said(self, word):
        with open(self.said_path) as f:
            return [int(line.split()[1]) for line in f if line.startswith(word + " ") and line.endswith("\n")]

    def tell(self, byte):
        os.write(self.process.stdin.fileno(), byte)

    def oracles(self, pid):
        """Those of a process, one for each program that it has been: the last one is the one that counts now."""
        for number in range(64):
            path = os.path.join(self.folder, "%d.%d" % (pid, number))
            if path not in self.files and os.path.exists(path):
                self.files[path] = pid, OracleFile(path)
        return [oracle for owner, oracle in self.files.values() if owner == pid]

    def wait_parked(self, pids):
        """Each has one thread, in read(0), and writes no more events."""
        def look():
            ret = []
            for pid in pids:
                if len(os.listdir("/proc/%d/task" % pid)) != 1:
                    return None
                with open("/proc/%d/syscall" % pid) as f:
                    words = f.read().split()
                if len(words) < 3 or words[1] != "0x0":
                    return None
                ret.append(self.oracles(pid)[-1].event_cnt())
            return ret

        before = [None]

        def steady():
            now, last = look(), before[0]
            before[0] = now
            return now is not None and now == last

        wait_for(steady, "all are parked")

    def enable(self, pids, on):
        for pid in pids:
            self.oracles(pid)[-1].enable(on)

    def end_logs(self):
        """Also those of programs that called exec: there has been nothing since."""
        for pid in {owner for owner, _ in self.files.values()}:
            for oracle in self.oracles(pid):
                oracle.enable(False)

    def end(self):
        accuracy.end_orderly(self.process)


def wait_for(condition, what):
    end = time.monotonic() + TIMEOUT_S
    while not condition():
        if time.monotonic() > end:
            raise Failure("not after %d s: %s" % (TIMEOUT_S, what))
        time.sleep(0.05)


def snapshots(path):
    with open(path, "rb") as f:
        return [json.loads(line) for line in f if line.startswith(b'{"type":"snapshot"') and line.endswith(b"\n")]


def begun(path, pids, since_ns):
    """Has giltop begun with all of them before that, so that a snapshot of all has begun after it?"""
    last = snapshots(path)[-1:]
    there = {p["pid"] for snap in last for p in snap["processes"] if p["alive"]}
    return there >= set(pids) and last[0]["start_ns"] > since_ns


def run(args, supervisor, giltop):
    """-> pids, the ns from which on giltop and the oracle have seen the same"""
    wait_for(lambda: supervisor.said("ready"), "the supervisor is ready")
    supervisor.wait_parked([supervisor.pid])
    giltop.start(supervisor.pid)
    giltop.wait_meta()
    supervisor.enable([supervisor.pid], True)
    supervisor.tell(b"f")
    wait_for(lambda: len(supervisor.said("worker")) == WORKERS and supervisor.said("forked"), "the workers are there")
    workers = supervisor.said("worker")
    pids, since_ns = [supervisor.pid] + workers, 0
    if not args.from_birth:
        supervisor.wait_parked(pids)
        wait_for(lambda: begun(giltop.out_path, pids, 0), "giltop has begun with the workers")
        since_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        supervisor.enable(workers, True)
        wait_for(lambda: begun(giltop.out_path, pids, since_ns), "giltop's next refresh")
    supervisor.tell(b"g")
    wait_for(lambda: len(supervisor.said("done")) == WORKERS + 1, "all have run their load")
    supervisor.wait_parked(pids)
    supervisor.end_logs()
    giltop.finish()
    return pids, since_ns


class Giltop(accuracy.Giltop):
    def __init__(self, args, folder):
        self.args, self.process = args, None
        self.out_path, self.err_path = (os.path.join(folder, name) for name in ("giltop.jsonl", "giltop.err"))

    def start(self, pid):
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(
                [self.args.giltop, "--json", "-i", "200ms", "--mode", "exact", "-s", "-p", str(pid)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    def kill(self):
        if self.process:
            super().kill()


def by_tid(records, pid):
    """-> {tid: {name: sum over the records}}"""
    ret = {}
    for row in (t for r in records for p in r["processes"] if p["pid"] == pid for t in p["threads"]):
        sums = ret.setdefault(row["tid"], dict.fromkeys(NAMES, 0))
        for name in NAMES:
            sums[name] += row[name] or 0
    return ret


def judge_windows(giltop, supervisor, pids, since_ns):
    """-> failed?"""
    failed = False
    snaps = snapshots(giltop.out_path)
    for pid in pids:
        # The supervisor's oracle was on before; a worker's are switched on in the last program that it is.
        since = 0 if pid == supervisor.pid else since_ns
        said = by_tid([s for s in snaps if s["start_ns"] > since], pid)
        log = supervisor.oracles(pid)[-1].log()
        true = {tid: {name: getattr(t, name) for name in NAMES} for tid, t in compare.by_thread(log).items()}
        said = {tid: sums for tid, sums in said.items() if any(sums.values())}
        wrong = ["thread %s: giltop %s, oracle %s" % (tid, said.get(tid), true.get(tid))
                 for tid in set(said) | set(true)
                 if any(said.get(tid, {}).get(name) != true.get(tid, {}).get(name) for name in compare.Thread.COUNTS)]
        waits = [sum(sums["wait_ns"] for sums in side.values()) for side in (said, true)]
        off = abs(waits[0] - waits[1]) > WAIT_NS + WAIT * waits[1]
        failed = failed or bool(wrong) or off or len(true) < 6
        print("%s pid %d: %d threads, %d acquisitions, %d contended, waited %.3f s, oracle %.3f s%s" % (
            "FAIL" if wrong or off else "PASS", pid, len(true), sum(t["acquisitions"] for t in true.values()),
            sum(t["contended"] for t in true.values()), waits[0] / 1e9, waits[1] / 1e9, "".join("; " + w for w in wrong[:2])))
    return failed


def judge_lives(giltop, supervisor, pids):
    """-> failed?"""
    failed = False
    summary = compare.read_summary(giltop.out_path)
    for pid in pids:
        said = by_tid([summary], pid)
        oracles = [t for oracle in supervisor.oracles(pid) for t in oracle.log().threads.values()]
        # A program that another one was executed for is measured when giltop has closed the books of that one.
        late_ns = sum(p["late_ns"] for p in summary["processes"] if p["pid"] == pid)
        programs = len(supervisor.oracles(pid))
        for name in ("acquisitions", "contended"):
            value, truth = sum(sums[name] for sums in said.values()), sum(getattr(t, name) for t in oracles)
            good = value == truth or (programs > 1 and late_ns and 0.5 * truth < value < truth)
            failed = failed or not good or not truth
            print("%s pid %d, programs: %d: %s %d, oracle %d, unmeasured %.1f ms" % (
                "PASS" if good else "FAIL", pid, programs, name, value, truth, late_ns / 1e6))
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("giltop", "oracle", "python"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--from-birth", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="giltop-workers.") as folder:
        supervisor, giltop = Supervisor(args, folder), Giltop(args, folder)
        try:
            pids, since_ns = run(args, supervisor, giltop)
            if compare.read_summary(giltop.out_path) is None:
                raise Failure("giltop wrote no summary record")
            if args.from_birth:
                return 1 if judge_lives(giltop, supervisor, pids) else 0
            return 1 if judge_windows(giltop, supervisor, pids, since_ns) else 0
        except (Failure, OracleError, OSError, ValueError) as err:
            print("workers: %s" % err, file=sys.stderr)
            if giltop.process:
                sys.stderr.write(giltop.words())
            return 2
        finally:
            giltop.kill()
            supervisor.end()


if __name__ == "__main__":
    sys.exit(main())
