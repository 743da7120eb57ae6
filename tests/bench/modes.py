# SPDX-License-Identifier: BSD-2-Clause
"""What each mode costs each load: CPU time per operation and rate, as ratios to bare."""
from rig import Load
from turns import AGAIN, Job, contestants, take_turns

JOBS = (("os.read loop", "read", True), ("zlib.crc32 of 5.2 kB", "crc", True),
        ("ping-pong, one CPU", "pingpong", True), ("ping-pong, all CPUs", "pingpong", False),
        ("queue", "queue", False), ("four threads compute", "spin4", False))
# Bounds of CPU per operation: what a mode that sees only contention may cost.
BOUNDS = {"read": 1.01, "crc": 1.01, "pingpong": 1.05}


def measure_modes(args, python, report, until):
    load = Load(python)
    try:
        whos = contestants(args)
        samples = take_turns(load, whos, [Job(*job) for job in JOBS], until)
    finally:
        load.close()
    report.section = "modes"
    table = report.data["modes"] = {"whos": [], "rows": []}
    table["whos"] = [who.name for who in whos if who.attach or who.name == AGAIN]
    for name, loop, _ in JOBS:
        row = {"load": name, "bare_ns": samples.bare(name), "cpu": {}, "rate": {}}
        for who in table["whos"]:
            ratio, spread, _ = row["cpu"][who] = samples.ratio(name, who)
            bound = BOUNDS.get(loop) if who in ("light", "auto") else None
            report.figure("%s: %s" % (name, who), ratio, "x bare", bound, spread / ratio)
            row["rate"][who] = samples.ratio(name, who, 1)
        table["rows"].append(row)
