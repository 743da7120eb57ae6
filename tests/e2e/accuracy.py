#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measure one workload with giltop and with the oracle at once, over the same window, and compare.

accuracy.py --giltop FILE --oracle FILE --python INTERPRETER WORKLOAD [AMOUNT]

Everything is switched on and off while the workload is parked (tests/workloads/parked.py), so both see
the same events, from the first to the last. Counts and invariants must hold at the first try. If only
times are off, the measurement is made again, at most ATTEMPTS times: a thread that is preempted
between giltop's clock and the oracle's puts milliseconds between them, which is nobody's mistake.
Exit status: 0 all pass, 1 not, 2 no measurement.
"""
import argparse
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(TESTS, "oracle"))

import compare  # noqa: E402
import compare_light  # noqa: E402
from oracle_log import OracleError, OracleFile  # noqa: E402

START_TIMEOUT_S = 30
LOAD_TIMEOUT_S = 120
ATTEMPTS = 3


class Failure(Exception):
    pass


def end_orderly(process):
    """It ends when its stdin does, or is killed."""
    process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Workload:
    """The process under test, started with the oracle in it."""

    def __init__(self, args, folder):
        """folder: holds all that the process needs, as the process sees it (--root)."""
        env = dict(os.environ, LD_PRELOAD=os.path.join(folder, "oracle.so"),
                   GILTOP_ORACLE=os.path.join(folder, "oracle.bin"))
        path = os.path.join(folder, "workloads", args.workload + ".py")
        # Without packages: what a start has depends on them. A program that embeds CPython has no such option.
        options = ["-S"] if os.path.basename(args.python).startswith("python") else []
        command = [args.python] + options + [path] + ([args.amount] if args.amount else [])

        def enter_root():
            os.chroot(args.root)
            os.chdir("/")

        self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, start_new_session=True,
                                        preexec_fn=enter_root if args.root else None)
        self.pid = self.process.pid
        self.raise_priority()

    def raise_priority(self):
        """So that neighbours seldom come between giltop's clock and the oracle's, if we may."""
        try:
            os.setpriority(os.PRIO_PROCESS, self.pid, -15)
            with open("/proc/%d/autogroup" % self.pid, "w") as f:
                f.write("-15")  # with autogroups, nice counts only within the session
        except OSError:
            pass

    def expect(self, word, timeout_s):
        if not select.select([self.process.stdout], [], [], timeout_s)[0]:
            raise Failure("the workload did not say %s in %d s" % (word, timeout_s))
        line = os.read(self.process.stdout.fileno(), 200).decode()
        if not line.startswith(word):
            raise Failure("the workload said %r, not %s" % (line, word))

    def is_parked(self):
        """One thread, in a system call on file descriptor 0: the read that parks it."""
        if os.listdir("/proc/%d/task" % self.pid) != [str(self.pid)]:
            return False
        with open("/proc/%d/syscall" % self.pid) as f:
            words = f.read().split()
        return len(words) > 2 and words[1] == "0x0"

    def wait_parked(self, oracle):
        """.. and has written no event between two looks: the release before the read is over."""
        end = time.monotonic() + START_TIMEOUT_S
        events = None
        while time.monotonic() < end:
            now = oracle.event_cnt() if self.is_parked() else None
            if now is not None and now == events:
                return
            events = now
            time.sleep(0.05)
        raise Failure("the workload did not park")

    def go(self):
        os.write(self.process.stdin.fileno(), b"go\n")

    def end(self):
        end_orderly(self.process)


class Giltop:
    def __init__(self, args, pid, out_path, err_path):
        self.out_path, self.err_path = out_path, err_path
        mode = "exact" if args.light is None else "light"
        command = [args.giltop, "-b", "--json", "-i", "1", "--mode", mode, "-p", str(pid)] + args.giltop_arg
        with open(out_path, "wb") as out, open(err_path, "wb") as err:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=err)

    def wait_meta(self):
        """Until the meta record is there: the books have started."""
        end = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end:
            with open(self.out_path, "rb") as f:
                line = f.readline()
            if line.endswith(b"\n"):
                if json.loads(line).get("type") != "meta":
                    raise Failure("giltop's first record is no meta record")
                return
            if self.process.poll() is not None:
                raise Failure("giltop ended with status %d" % self.process.returncode)
            time.sleep(0.02)
        raise Failure("giltop wrote no meta record in %d s" % START_TIMEOUT_S)

    def finish(self):
        self.process.send_signal(signal.SIGINT)
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure("giltop did not end within 20 s of SIGINT")
        if status:
            raise Failure("giltop ended with status %d" % status)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def words(self):
        with open(self.err_path, errors="replace") as f:
            return f.read()


def measure(args, folder, out_path):
    """folder: see Workload; the oracle's file is there."""
    oracle = OracleFile.create(args.root + os.path.join(folder, "oracle.bin"))
    workload = giltop = None
    try:
        workload = Workload(args, folder)
        workload.expect("ready", START_TIMEOUT_S)
        if oracle.pid != workload.pid:
            raise Failure("the oracle is not active in the workload: is %s the interpreter itself, "
                          "or a script that starts it?" % args.python)
        workload.wait_parked(oracle)
        giltop = Giltop(args, workload.pid, out_path, out_path + ".err")
        giltop.wait_meta()
        oracle.enable(True)
        workload.go()
        workload.expect("done", LOAD_TIMEOUT_S)
        workload.wait_parked(oracle)
        oracle.enable(False)
        giltop.finish()
        return oracle
    except Failure:
        if giltop:
            sys.stderr.write(giltop.words())
        raise
    finally:
        if giltop:
            giltop.kill()
        if workload:
            workload.end()


def attempt(args, folder):
    """-> compare.Report"""
    out_path = os.path.join(args.keep or args.root + folder, "giltop.jsonl")
    oracle = measure(args, folder, out_path)
    log = oracle.log(light=args.light is not None)
    summary = compare.read_summary(out_path)
    if summary is None:
        raise Failure("giltop wrote no summary record")
    print("%s, %s%s: %d events in %.2f s" % (args.workload, args.root, args.python, log.event_cnt,
                                             (log.off_ns - log.on_ns) / 1e9))
    if args.light is None:
        report = compare.judge(summary, oracle.pid, log)
    else:
        report = compare_light.judge(summary, oracle.pid, log, args.light)
    oracle.close()
    if args.keep:
        shutil.copy(args.root + os.path.join(folder, "oracle.bin"), args.keep)
    return report


def run(args, folder):
    shutil.copy(args.oracle, os.path.join(args.root + folder, "oracle.so"))
    shutil.copytree(os.path.join(TESTS, "workloads"), os.path.join(args.root + folder, "workloads"))
    for i in range(ATTEMPTS):
        report = attempt(args, folder)
        if report.failed:
            return 1
        if not report.unsteady:
            return 0
        print("attempt %d of %d: only times are off\n" % (i + 1, ATTEMPTS))
    return 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--giltop", required=True)
    parser.add_argument("--oracle", required=True)
    parser.add_argument("--python", required=True, help="the interpreter of the workload")
    parser.add_argument("--root", default="", help="chroot that the interpreter is in")
    parser.add_argument("--giltop-arg", action="append", default=[], help="a further argument")
    parser.add_argument("--light", metavar="POINTS", type=float,
                        help="measure in light mode; the shares of blame may differ by so much")
    parser.add_argument("--keep", metavar="DIR", help="leave the records there")
    parser.add_argument("workload")
    parser.add_argument("amount", nargs="?")
    args = parser.parse_args()
    args.root = args.root.rstrip("/")
    if args.keep:
        os.makedirs(args.keep, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=args.root + "/tmp", prefix="giltop-accuracy.") as folder:
            return run(args, folder[len(args.root):])
    except (Failure, OracleError, OSError, ValueError) as err:
        print("accuracy: %s: %s" % (args.workload, err), file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
