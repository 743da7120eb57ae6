# SPDX-License-Identifier: BSD-2-Clause
"""Many processes of one interpreter file, all measured: what a GIL cycle in one of them costs, and what
it takes to attach to all and to let go of all. The kernel walks all that is attached to a place in a
file at each hit there, whichever process hits it."""
from rig import Giltop, Load, Until, half_quartiles, median
from turns import Job, modes_of

COUNTS = (1, 10, 100)
READ = Job("read", "read")


def one(args, loads, options, times):
    giltop = Giltop(args.giltop, ",".join(str(load.pid) for load in loads), options)
    try:
        traced = READ.turn(loads[0])[0]
    finally:
        times["stop"].append(giltop.stop()[0])
    times["start"].append(giltop.start_s)
    times["cycle"].append(traced / READ.turn(loads[0])[0])


def measure_processes(args, plan, python, report):
    report.section = "processes"
    table = report.data["processes"] = []
    loads = []
    try:
        for count in COUNTS[:2] if plan.quick else COUNTS:
            while len(loads) < count:
                loads.append(Load(python))
            for name, options in modes_of(args):
                if name == "auto":
                    continue  # one of the two others
                times = {"start": [], "stop": [], "cycle": []}
                for _ in Until(plan.many_rounds, plan.many_s, 1):
                    one(args, loads, options, times)
                row = {key: median(values) for key, values in times.items()}
                table.append(dict(row, processes=count, mode=name))
                what = "%d process%s, %s" % (count, "es" if count > 1 else "", name)
                for key, text, unit, scale in (("cycle", "a cycle", "x bare", 1),
                                               ("start", "attach", "ms", 1e3),
                                               ("stop", "detach", "ms", 1e3)):
                    half = half_quartiles(times[key])
                    report.figure("%s: %s" % (what, text), row[key] * scale, unit, None,
                                  half / row[key] if half else None)
    finally:
        for load in loads:
            load.close()
