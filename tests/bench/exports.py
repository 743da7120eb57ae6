# SPDX-License-Identifier: BSD-2-Clause
"""How fast a recording becomes what other tools read, and how large that is: of hand-overs one by one, the most that there is of them."""
import os
import re
import subprocess

from recording import LOAD
from rig import CPUS, Child, Failure, median

RECORD_S = 16


def formats(giltop):
    """All that record writes but the recording itself."""
    out = subprocess.run([giltop, "--help=formats"], capture_output=True, text=True, check=True).stdout
    return [name for name in re.findall(r"^\*(\w+)\* ", out, re.M) if name != "giltop"]


def record(args, pythons, path):
    """How many events are in it."""
    load = Child([pythons["stock"].exe, "-S", LOAD, "16700"], None)
    try:
        done = subprocess.run([args.giltop, "record", "--force", "--mode", "exact", "-p", str(load.pid), "-d", "%ds" % RECORD_S, "-o", path],
                              stderr=subprocess.PIPE, text=True, check=False, preexec_fn=lambda: os.sched_setaffinity(0, CPUS))
    finally:
        load.close()
    cnt = re.search(r"(\d+) events one by one", done.stderr)
    if done.returncode or not cnt:
        raise Failure("giltop record: %s" % done.stderr.strip())
    return int(cnt.group(1))


def export(args, name, path, out):
    """CPU seconds and MB of memory that it takes."""
    child = subprocess.Popen([args.giltop, "export", "-q", "--force", "-f", name, "-o", out, path])
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if status:
        raise Failure("giltop export -f %s: exit status %d" % (name, os.waitstatus_to_exitcode(status)))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure_exports(args, plan, pythons, report):
    report.section = "exports"
    path, out = (os.path.join(args.results, name) for name in ("exported.giltop", "exported"))
    cnt = record(args, pythons, path)
    rows = []
    for name in formats(args.giltop):
        runs = [export(args, name, path, out) for _ in range(plan.export_rounds)]
        rows.append({"format": name, "events_s": cnt / median([cpu for cpu, _ in runs]), "memory": median([mb for _, mb in runs]),
                     "bytes": os.path.getsize(out)})
        report.figure("%s: events" % name, rows[-1]["events_s"] / 1e6, "M/s of CPU time", note="%.1f MB, memory %.0f MB" % (
            rows[-1]["bytes"] / 1e6, rows[-1]["memory"]))
    for name in (path, out):
        os.unlink(name)
    report.data["exports"] = {"events": cnt, "seconds": RECORD_S, "rows": rows}
