# SPDX-License-Identifier: BSD-2-Clause
"""cost.md and cost.svg: what the last run of each part measured, for a reader who has another machine: ratios.

page.py RESULTS DIR: from the results in a folder (BUILD/bench), without measuring anything."""
import json
import os
import re
import sys

from modes import BOUNDS
from plot import count, svg
from swing import AGAIN_S, BOUND_POINTS, BUDGET, WINDOW_S

SAME = ("machine", "kernel", "cpus", "title")  # what all parts of a page have in common


def table(heads, rows):
    lines = ["| " + " | ".join(row) + " |" for row in [heads] + rows]
    lines.insert(1, "|" + "|".join([" --- "] + [" ---: "] * (len(heads) - 1)) + "|")
    return lines + [""]


def value(measured):
    """A ratio with how far its median may be off."""
    ratio, _, error = measured
    return "%.2f ±%.2f" % (ratio, error)


def percent(number):
    return "%.3g %%" % number if abs(number) >= 0.01 else "0 %"


def machine(about):
    with open("/proc/cpuinfo") as f:
        virtual = "hypervisor" in f.read()
    return "%s%s, %d CPUs, Linux %s, %s" % (
        about["machine"], " (a virtual machine)" if virtual else "", about["cpus"],
        re.match(r"\d+\.\d+", about["kernel"]).group(), about["title"])


def head(about, parts):
    quick = any(part["about"]["quick"] for part in parts.values())
    busy = max(part["about"]["load_average"] for part in parts.values())
    lines = [
        "# What giltop costs", "",
        "Written by `make bench` on %s. Other work on that machine: a load average of %.1f when it began." % (
            machine(about), busy),
        "It measures the same on yours: look at ratios, for times differ by as much as machines do.",
        "Bare, modes and other tools take turns on one running process; a figure is the median over the rounds of",
        "a ratio within one, ± how far that median may be off. **bare again** is bare a second time: what",
        "it differs from 1 is what that machine could not tell apart.", ""]
    return lines + (["**This was `--quick`: to try, not to claim.**", ""] if quick else [])


def of_cycle(figures):
    found = {line["name"]: line["value"] for line in figures if line["unit"].startswith("empty hits")}
    rows = [[name[:-len(" adds")], "%.2f" % number] for name, number in found.items() if number is not None]
    return ["## One uncontended GIL cycle, exact", "",
            "In hits of an empty uprobe, of which two are the least: one at ACQUIRE, one at RELEASE.", ""] + table(
                ["", "empty hits"], rows)


def of_sweep(sweep):
    lines = ["## By rate", "", "![cost by rate of GIL cycles](cost.svg)", "",
             "One thread, GIL cycles that nobody contends with, work between them. CPU time added, of one CPU:", ""]
    names = [name for name in sweep["percent"] if sweep["percent"][name]]
    rows = []
    for rate in sweep["rates"]:
        row = [count(float("%.2g" % rate))]
        for name in names:
            row += [percent(number) + (" ±%.2g" % half if half else "")
                    for real, number, half in sweep["percent"][name] if real == rate] or ["-"]
        rows.append(row)
    lines += table(["cycles/s"] + names, rows)
    clocks = ["%s of a CPU in %s" % (percent(number), name)
              for name, number in sweep["clock_percent"].items() if number and name != "bare again"]
    if clocks:
        lines += ["In it is the clock that looks where the holder is: %s." % ", ".join(clocks), ""]
    return lines


def of_modes(modes):
    rows = [[row["load"]] + [value(row["cpu"][who]) for who in modes["whos"]] for row in modes["rows"]]
    lines = ["## By load", "", "CPU time of the process per operation, bare = 1:", ""] + table(
        ["load"] + modes["whos"], rows)
    rows = [[row["load"]] + [value(row["rate"][who]) for who in modes["whos"]] for row in modes["rows"]
            if row["load"].startswith("ping")]
    lines += ["Operations a second, bare = 1:", ""] + table(["load"] + modes["whos"], rows)
    if "light" in modes["whos"]:
        lines += ["Light is meant to stay below %.2f where nobody contends, and below %.2f in the ping-pong. auto is "
                  "here what it is" % (BOUNDS["read"], BOUNDS["pingpong"]),
                  "after its first look at the rate; its steps are below.", ""]
    return lines


def of_processes(rows):
    first = {row["mode"]: row for row in reversed(rows)}
    return ["## Many processes", "",
            "All of one interpreter file, all measured; one of them runs the `os.read` loop. The kernel goes through all "
            "that is",
            "attached to a place in a file at each hit there. Attach and detach: against those of one process.", ""
            ] + table(["processes", "mode", "a cycle, bare = 1", "attach", "detach"],
                      [[str(row["processes"]), row["mode"], "%.2f" % row["cycle"],
                        "%.1f x" % (row["start"] / first[row["mode"]]["start"]),
                        "%.1f x" % (row["stop"] / first[row["mode"]]["stop"])] for row in rows])


def of_peers(rows, figures):
    jobs = list(rows[0]["cpu"])
    lines = ["## Beside other tools", "", "CPU time of the process per operation, bare = 1; and what the tool takes "
             "itself, of one CPU:", ""] + table(
                 ["tool", "target"] + jobs + ["itself"],
                 [[row["tool"], row["python"]] + [value(row["cpu"][job]) for job in jobs] +
                  ["-" if row["share"] is None else percent(row["share"] * 100)] for row in rows])
    lines += ["bpftrace sums wait and hold by thread at the places that giltop found, without stacks or pairs. A sampler "
              "costs the process",
              "little whatever it does, and sees of waits and holds what its rate allows.", ""]
    absent = ["%s (%s)" % (line["name"], line["note"].replace("skipped: ", "")) for line in figures
              if line["note"].startswith("skipped: ")]
    return lines + (["Not there: %s." % ", ".join(absent), ""] if absent else [])


def of_swing(swing):
    again = ", ".join("not in time" if took is None else "%.1f s" % took for took in swing["again_s"])
    return ["## auto while the load swings", "",
            "Between %s and %s cycles/s, every %g s, with a budget of %g %% of a CPU:" % (
                count(float("%.2g" % swing["fast"])), count(float("%.2g" % swing["calm"])), swing["period_s"], BUDGET), ""] + table(
                    ["", "measured", "meant"],
                    [["cost, the worst %d s" % WINDOW_S, percent(swing["worst"]),
                      "at most %g %%" % (BUDGET + BOUND_POINTS)],
                     ["cost, all of it", percent(swing["all"]), ""],
                     ["exact again after the load is calm", again, "within %d s" % AGAIN_S]])


def of_service(row):
    return ["## Requests of a service", "",
            "%s with %d threads, at %.2g of the rate that it can do; %d windows of %g s, bare and %s in turns:" % (
                row["service"], row["threads"], row["busy"], row["windows"], row["seconds"], row["mode"]), ""] + table(
                    ["latency", "%s, bare = 1" % row["mode"], "noise of that"],
                    [[name, "%.2f" % row[name]["ratio"], "±%.2f" % row[name]["noise"]] for name in ("p50", "p99")])


# By part: what makes its lines of its data, or of its figures.
SECTIONS = (("sweep", of_sweep), ("modes", of_modes), ("cycle", None), ("processes", of_processes),
            ("peers", None), ("swing", of_swing), ("service", of_service))


def load_parts(results):
    parts = {}
    for name, _ in SECTIONS:
        try:
            with open(os.path.join(results, name + ".json")) as f:
                parts[name] = json.load(f)
        except (FileNotFoundError, ValueError):
            continue
    return parts


def section(name, make, part):
    if name == "cycle":
        return of_cycle(part["figures"])
    if name not in part["data"]:
        return []
    return of_peers(part["data"][name], part["figures"]) if name == "peers" else make(part["data"][name])


def write_page(results, directory):
    """The last run of each part; those of another machine or interpreter are left out, and said."""
    parts = load_parts(results)
    if not parts:
        return
    newest = max(parts.values(), key=lambda part: part["about"].get("start", 0))["about"]
    alike = {name: part for name, part in parts.items()
             if all(part["about"][key] == newest[key] for key in SAME)}
    lines = head(newest, alike)
    for name, make in SECTIONS:
        if name in alike:
            lines += section(name, make, alike[name])
    missing = [name for name, _ in SECTIONS
               if name not in alike or name != "cycle" and name not in alike[name]["data"]]
    if missing:
        lines += ["Not measured: %s." % ", ".join("`scripts/bench %s`" % name for name in missing), ""]
    with open(os.path.join(directory, "cost.md"), "w") as f:
        f.write("\n".join(lines).rstrip("\n") + "\n")
    if "sweep" in alike:
        with open(os.path.join(directory, "cost.svg"), "w") as f:
            f.write(svg(alike["sweep"]["data"]["sweep"], BUDGET))


if __name__ == "__main__":
    write_page(*sys.argv[1:3])
