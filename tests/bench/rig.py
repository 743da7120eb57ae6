# SPDX-License-Identifier: BSD-2-Clause
"""The processes of the benchmark (workloads, tracers), pinned and asked by line, and its statistics."""
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import termios
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ANSWER_TIMEOUT_S = 60
CPUS = sorted(os.sched_getaffinity(0))
LOAD_CPU = CPUS[-1]  # the workload's
TOOL_CPU = CPUS[0]   # the tracers' and ours; the same one on a machine with one CPU


class Failure(Exception):
    pass


class Child:
    """A process that says a line when it is ready and one for each line it gets. cpu: None: any."""

    def __init__(self, command, cpu, env=None, first="ready"):
        self.name = os.path.basename(command[0])
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env,
            preexec_fn=lambda: os.sched_setaffinity(0, CPUS if cpu is None else {cpu}))
        self.pid = self.process.pid
        self.buffer = b""
        self.first = self.line()
        if not self.first.startswith(first):
            raise Failure("%s said %r, not %s" % (self.name, self.first, first))

    def line(self):
        end = time.monotonic() + ANSWER_TIMEOUT_S
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                self.process.kill()
                raise Failure("%s did not answer in %d s" % (self.name, ANSWER_TIMEOUT_S))
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise Failure("%s ended (status %s)" % (self.name, self.process.wait()))
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def ask(self, text):
        os.write(self.process.stdin.fileno(), (text + "\n").encode())
        return self.line()

    def close(self):
        """Orderly, and without leaving it behind. What it still said."""
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        rest = self.buffer + self.process.stdout.read()
        self.process.stdout.close()
        return rest.decode()


class Load(Child):
    """A Python process with the workloads of load.py in it."""

    def __init__(self, python):
        env = dict(os.environ, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1")
        if python.lib:
            env["LD_LIBRARY_PATH"] = os.path.dirname(python.lib)
        super().__init__(python.command("load.py"), LOAD_CPU, env)

    def run(self, *words, cpus=None):
        """What load.py answers, with its threads on these CPUs."""
        os.sched_setaffinity(self.pid, cpus or {LOAD_CPU})
        return json.loads(self.ask(" ".join(str(word) for word in words)))

    def read_ns(self, count):
        return self.run("read", count)["cpu_ns"] / count


def cpu_of(pid):
    """ns of CPU time of a process so far."""
    total = 0
    for tid in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, tid)) as f:
            total += int(f.read().split()[0])
    return total


def family_of(pid):
    """The process and all that descend from it, parents first."""
    pids = [pid]
    for one in pids:
        try:
            for tid in os.listdir("/proc/%d/task" % one):
                with open("/proc/%d/task/%s/children" % (one, tid)) as f:
                    pids += [int(child) for child in f.read().split()]
        except FileNotFoundError:
            continue
    return pids


class Giltop(Child):
    """giltop -b --json at a process, or at PID,PID..; its CPU time, its memory, its reports.

    on_report(line), if given, is called with each of them, on another thread."""

    def __init__(self, binary, pid, options=(), on_report=None):
        super().__init__([binary, "-b", "--json", "-p", str(pid), *options], TOOL_CPU,
                         first='{"type":"meta"')
        self.start_s = time.monotonic() - self.started
        self.last = "{}"
        self.on_report = on_report
        # Nobody waits for its reports, and a full pipe would stop it.
        self.reader = threading.Thread(target=self.read_on, daemon=True)
        self.reader.start()

    def cpu_ns(self):
        return cpu_of(self.pid)

    def prog_ids(self):
        """The kernel's ids of the BPF programs that it holds."""
        ids = set()
        place = "/proc/%d/fdinfo" % self.pid
        for fd in os.listdir(place):
            try:
                with open(os.path.join(place, fd)) as f:
                    found = re.search(r"prog_type:.*^prog_id:\s+(\d+)", f.read(), re.M | re.S)
            except FileNotFoundError:
                continue
            if found:
                ids.add(int(found.group(1)))
        return ids

    def peak_kib(self):
        with open("/proc/%d/status" % self.pid) as f:
            return int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1))

    def stop(self):
        """Detach: (seconds from SIGINT to its end, its summary)."""
        end = os.pidfd_open(self.pid)
        start = time.monotonic()
        os.kill(self.pid, signal.SIGINT)
        ended = select.select([end], [], [], ANSWER_TIMEOUT_S)[0]
        took = time.monotonic() - start
        os.close(end)
        if not ended:
            self.process.kill()
            raise Failure("giltop did not end after SIGINT")
        self.reader.join()
        self.close()
        summary = json.loads(self.last)
        if summary["type"] != "summary":
            raise Failure("giltop ended without a summary")
        return took, summary

    def read_on(self):
        for line in self.process.stdout:
            self.last = line
            if self.on_report:
                self.on_report(line)


class LiveView:
    """giltop in a terminal of 132x43 that somebody reads; its CPU time."""

    def __init__(self, binary, pid):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 43, 132, 0, 0))
        self.process = subprocess.Popen([binary, "-p", str(pid)], stdin=slave, stdout=slave, stderr=slave,
                                        env=dict(os.environ, TERM="xterm-256color", LC_ALL="C.UTF-8"),
                                        start_new_session=True,
                                        preexec_fn=lambda: os.sched_setaffinity(0, {TOOL_CPU}))
        os.close(slave)
        self.pid = self.process.pid
        self.written = 0
        threading.Thread(target=self.read_on, daemon=True).start()
        end = time.monotonic() + ANSWER_TIMEOUT_S
        while self.written < 1000:  # the first screen
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failure("the live view did not come up")
            time.sleep(0.05)

    def cpu_ns(self):
        return cpu_of(self.pid)

    def read_on(self):
        try:
            while True:
                self.written += len(os.read(self.master, 65536))
        except OSError:
            pass  # its end

    def close(self):
        os.write(self.master, b"q")
        try:
            self.process.wait(ANSWER_TIMEOUT_S)
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self.master)


class Python:
    """A private copy of an interpreter. Breakpoints belong to a file: with a copy of its own, no other
    tracer on this machine (nor another one of ours) hangs on the same probes."""

    def __init__(self, exe, directory):
        os.makedirs(directory, exist_ok=True)
        exe, directory = os.path.realpath(exe), os.path.abspath(directory)
        self.exe = os.path.join(directory, os.path.basename(exe))
        self.lib = None
        ldd = subprocess.run(["ldd", exe], capture_output=True, text=True, check=False).stdout
        found = re.search(r"=> (\S*/libpython\S+)", ldd)
        if found:
            self.lib = os.path.join(directory, os.path.basename(found.group(1)))
            shutil.copy2(found.group(1), self.lib)
            # Found through LD_LIBRARY_PATH; the copied file must not find its modules by its own place.
            self.exe = exe
        else:
            shutil.copy2(exe, self.exe)
        self.runtime = self.lib or self.exe
        self.title = "CPython " + subprocess.run(
            [exe, "-c", "import platform; print(platform.python_version())"], capture_output=True, text=True,
            check=True).stdout.strip()

    def command(self, script):
        return [self.exe, os.path.join(HERE, script)]

    def command_of(self):
        """For a script from elsewhere; where the runtime is a library, env names the copy."""
        return (["env", "LD_LIBRARY_PATH=" + os.path.dirname(self.lib)] if self.lib else []) + [self.exe, "-S"]

    def has_symbols(self):
        try:
            nm = subprocess.run(["nm", self.runtime], capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return False
        names = {line.split()[-1] for line in nm.stdout.splitlines()}
        return {"take_gil", "drop_gil"} <= names


class Until:
    """for _ in Until(30, 12): at most 30 times, no more after 12 s, but 3 times in any case."""

    def __init__(self, times, seconds, least=3):
        self.left = times
        self.least = least
        self.done = 0
        self.end = time.monotonic() + seconds

    def __iter__(self):
        return self

    def __next__(self):
        if not self.left or (self.done >= self.least and time.monotonic() >= self.end):
            raise StopIteration
        self.left -= 1
        self.done += 1
        return self.done


def median(values):
    return statistics.median(values)


def lower_quartile(values):
    return sorted(values)[len(values) // 4]


def half_quartiles(values):
    """Half the distance of the quartiles: how far one value usually is from the median."""
    if len(values) < 3:
        return None
    low, _, high = statistics.quantiles(values, n=4)
    return (high - low) / 2


def spread(values):
    """The same, relative to the median."""
    half = half_quartiles(values)
    return None if half is None or not median(values) else half / abs(median(values))


def say(text):
    print(text, file=sys.stderr, flush=True)
