# SPDX-License-Identifier: BSD-2-Clause
"""Other tools beside giltop, each as its user starts it. What a machine does not have is left out by name.

bpftrace   uprobes at the very places that giltop found: when each thread waits, has it, lets go
sampling   CPython 3.15's own sampling profiler, at a 3.15 (scripts/fetch-interpreters has Debian's)
austin, py-spy   samplers
"""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from rig import HERE, TOOL_CPU, Failure, Load, Until, cpu_of, family_of
from turns import AGAIN, Contestant, Job, contestants, take_turns

JOBS = (("os.read loop", "read", True), ("ping-pong, one CPU", "pingpong", True),
        ("four threads compute", "spin4", True))
SAMPLING = "profiling.sampling"
PYTHON_3_15 = "/usr/bin/python3.15"

# What one writes by hand: times of wait and hold by thread.
BPFTRACE = {
    "wait": "{ if (!@asked[tid]) { @asked[tid] = nsecs; } }",
    "acquire": "{ if (@asked[tid]) { @wait[tid] = sum(nsecs - @asked[tid]); delete(@asked[tid]); }"
               " @got[tid] = nsecs; }",
    "release": "{ if (@got[tid]) { @hold[tid] = sum(nsecs - @got[tid]); delete(@got[tid]); } }",
}


class Tool:
    """A tool at a process, running from __init__ to stop()."""

    def __init__(self, command, ready_s, ready=None):
        self.output = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.output,
                                        stderr=subprocess.STDOUT, env=dict(os.environ, LC_ALL="C"),
                                        preexec_fn=lambda: os.sched_setaffinity(0, {TOOL_CPU}))
        end = time.monotonic() + ready_s
        while time.monotonic() < end and not (ready and ready in self.said()):
            if self.process.poll() is not None:
                raise Failure("it ended at once: " + " ".join(self.said()[-200:].split()))
            time.sleep(0.05)
        if ready and ready not in self.said():
            self.stop()
            raise Failure("it says nothing of such a process in %d s" % ready_s)

    def said(self):
        return os.pread(self.output.fileno(), 65536, 0).decode(errors="replace")

    def cpu_ns(self):
        return sum(cpu_of(pid) for pid in family_of(self.process.pid))

    def stop(self):
        if self.process.poll() is None:
            for pid in reversed(family_of(self.process.pid)):
                os.kill(pid, signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.output.close()


class Newer:
    """Debian's 3.15 in its own root, and what is needed to run there: the scripts, /proc."""

    def __init__(self, args):
        lines = subprocess.run([os.path.join(HERE, "..", "..", "scripts", "fetch-interpreters"), "--list"],
                               capture_output=True, text=True, check=False).stdout.splitlines()
        commands = [line.split("\t")[7].split() for line in lines
                    if line.startswith("sid-%s-3.15-exe\t" % args.debian_arch)]
        commands = [command for command in commands if command[0] == "chroot"]
        if not commands:
            raise Failure("no CPython 3.15 here (scripts/fetch-interpreters)")
        self.lib, self.title = None, "CPython 3.15"
        self.root = commands[0][1]
        self.scripts = tempfile.mkdtemp(dir=os.path.join(self.root, "tmp"))
        for folder in ("bench", "workloads"):
            shutil.copytree(os.path.join(HERE, "..", folder), os.path.join(self.scripts, folder),
                            ignore=shutil.ignore_patterns("__pycache__"))

    def command(self, script):
        # A mount namespace of its own: nothing is left behind, and /proc names files as that root does.
        enter = 'mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && exec chroot "$0" "$@"'
        return ["unshare", "-m", "sh", "-c", enter, self.root,
                PYTHON_3_15, os.path.join("/", os.path.relpath(self.scripts, self.root), "bench", script)]

    def close(self):
        shutil.rmtree(self.scripts)


def sites(args, python):
    """{"acquire": [offset ..], ..} in the file of an interpreter, as giltop doctor says. (bpftrace 0.17 takes
    what is no function's name for an offset, and refuses places within functions that have a name.)"""
    load = Load(python)
    out = subprocess.run([args.giltop, "doctor", "-p", str(load.pid)], capture_output=True, text=True,
                         check=False).stdout
    load.close()
    found = {}
    for kind, offset in re.findall(r"^ +([a-z-]+) +0x[0-9a-f]+ +(0x[0-9a-f]+) ", out, re.M):
        found.setdefault(kind, []).append(offset)
    if not set(BPFTRACE) <= set(found):
        raise Failure("giltop doctor did not say where the probes go")
    return found


def bpftrace(runtime, where):
    program = "BEGIN { printf(\"ready\\n\"); } " + " ".join(
        ", ".join("uprobe:%s:%s" % (runtime, offset) for offset in where[kind]) + " " + action
        for kind, action in BPFTRACE.items())
    return lambda pid: Tool(["bpftrace", "--unsafe", "-B", "none", "-p", str(pid), "-e", program], 20, "ready")


def sampling(pid):
    # It says nothing when it has begun; its start is reading 3.15's own modules.
    return Tool(["nsenter", "-m", "-r", "-t", str(pid), PYTHON_3_15, "-m", "profiling.sampling", "attach", "-a",
                 "--mode", "gil", "--collapsed", "-o", "/dev/null", str(pid)], 1.2)


def austin(pid):
    # A sample with a frame; of an interpreter that it does not know it says threads without any.
    return Tool(["austin", "-p", str(pid)], 5, ";")


def py_spy(pid):
    return Tool(["py-spy", "record", "-d", "60", "-f", "raw", "-o", "/dev/null", "-p", str(pid)], 1.5)


class Noting(Contestant):
    """A contestant whose tool's own CPU time, of one CPU, is noted when it is stopped."""

    def __init__(self, name, attach):
        super().__init__(name, self.begin)
        self.func = attach
        self.shares = []
        self.tool = self.since = None

    def begin(self, pid):
        self.tool = self.func(pid)
        self.since = time.monotonic_ns(), self.tool.cpu_ns()
        return self

    def stop(self):
        wall, cpu = self.since
        self.shares.append((self.tool.cpu_ns() - cpu) / (time.monotonic_ns() - wall))
        self.tool.stop()


def there(name, attach, load, report):
    """A Noting of a tool that can be used at this process, or None, which is said."""
    if name != SAMPLING and not shutil.which(name):
        report.absent(name, "not installed")
        return None
    try:
        attach(load.pid).stop()
    except Failure as error:
        report.absent(name, str(error))
        return None
    return Noting(name, attach)


def race(args, python, report, tools, until):
    """giltop and these tools at one process of this interpreter: a row each."""
    load = Load(python)
    try:
        found = [there(name, attach, load, report) for name, attach in tools]
        whos = [who if who.attach is None else Noting(who.name, who.attach)
                for who in contestants(args) if who.name != "auto"] + [who for who in found if who]
        jobs = [Job(*job) for job in JOBS]
        samples = take_turns(load, whos, jobs, until)
    finally:
        load.close()
    return [row_of(who, python, jobs, samples, report) for who in whos if who.attach or who.name == AGAIN]


def row_of(who, python, jobs, samples, report):
    row = {"tool": who.name, "python": python.title, "cpu": {}, "rate": {}, "share": None}
    for job in jobs:
        ratio, half, _ = row["cpu"][job.name] = samples.ratio(job.name, who.name)
        row["rate"][job.name] = samples.ratio(job.name, who.name, 1)
        report.figure("%s, %s: %s" % (python.title, job.name, who.name), ratio, "x bare", None, half / ratio)
    if isinstance(who, Noting):
        row["share"] = sum(who.shares) / len(who.shares)
        report.figure("%s: CPU of %s itself" % (python.title, who.name), row["share"] * 100, "% of a CPU")
    return row


def measure_peers(args, plan, python, report):
    report.section = "peers"
    where = sites(args, python)
    rows = report.data["peers"] = race(
        args, python, report, [("bpftrace", bpftrace(python.runtime, where)), ("austin", austin),
                               ("py-spy", py_spy)], Until(plan.peer_rounds, plan.peer_s))
    try:
        newer = Newer(args)
    except Failure as error:
        report.absent(SAMPLING, str(error))
        return
    try:
        rows += race(args, newer, report, [(SAMPLING, sampling)],
                     Until(plan.peer_rounds, plan.peer_s))
    finally:
        newer.close()
