# SPDX-License-Identifier: BSD-2-Clause
"""Start the workloads whose stacks are known, under whatever interpreter."""
import os
import subprocess

WORKLOADS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "workloads")


def start(command, workload, *args):
    """command starts the interpreter, perhaps in a root of its own: the workload goes with it as text."""
    source = ""
    for name in ("stack_cases.py", workload):
        with open(os.path.join(WORKLOADS, name), encoding="utf-8") as f:
            source += f.read()
    return subprocess.Popen(command + ["-c", source] + list(args), stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE,
                            env=dict(os.environ, PYTHONIOENCODING="utf-8", PYTHONUTF8="1"))


def process_of(child, tid):
    """The pid whose thread tid is: the interpreter may be started by a wrapper."""
    pids = [child.pid]
    for pid in pids:
        if os.path.isdir("/proc/%d/task/%d" % (pid, tid)):
            return pid
        try:
            with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
                pids.extend(int(c) for c in f.read().split())
        except OSError:
            pass
    raise ValueError("no process has thread %d" % tid)
