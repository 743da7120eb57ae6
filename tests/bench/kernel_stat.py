# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's own statistic of BPF programs: how often each ran and for how long, its clock included."""
import contextlib
import json
import subprocess

STATS_SWITCH = "/proc/sys/kernel/bpf_stats_enabled"


class Times:
    programs = ()


@contextlib.contextmanager
def run_times(args, giltop):
    """with run_times(..) as times: .. then times.programs is what giltop's programs took meanwhile:
    {"name", "type", "run_cnt", "run_time_ns"} each. OSError or CalledProcessError: not to be had."""
    times = Times()
    with open(STATS_SWITCH) as f:
        before = f.read().strip()
    ids = giltop.prog_ids()
    try:
        with open(STATS_SWITCH, "w") as f:
            f.write("1\n")
        begin = programs(args, ids)
        yield times
        times.programs = [dict(prog, run_cnt=prog["run_cnt"] - begin[prog["id"]]["run_cnt"],
                               run_time_ns=prog["run_time_ns"] - begin[prog["id"]]["run_time_ns"])
                          for prog in programs(args, ids).values() if prog["id"] in begin]
    finally:
        with open(STATS_SWITCH, "w") as f:
            f.write(before + "\n")


def programs(args, ids):
    out = subprocess.run([args.bpftool, "-j", "prog", "show"], capture_output=True, check=True)
    return {prog["id"]: {"id": prog["id"], "name": prog["name"], "type": prog["type"],
                         "run_cnt": prog.get("run_cnt", 0), "run_time_ns": prog.get("run_time_ns", 0)}
            for prog in json.loads(out.stdout) if prog["id"] in ids}
