# SPDX-License-Identifier: BSD-2-Clause
"""cost.md and cost.svg: what the last run of each part measured, as ratios: a reader has another machine.

page.py RESULTS DIR: from the results in a folder (BUILD/bench), without measuring anything.
"""
import json
import os
import re
import sys
import textwrap

from modes import BOUNDS
from plot import count, svg
from swing import AGAIN_S, BOUND_POINTS, BUDGET, WINDOW_S

SAME = ("machine", "kernel", "cpus", "title")  # what all parts of a page have in common


def text(*sentences):
    return textwrap.wrap(" ".join(sentences), 110, break_on_hyphens=False, break_long_words=False) + [""]


def table(heads, rows):
    lines = ["| " + " | ".join(row) + " |" for row in [heads] + rows]
    lines.insert(1, "|" + "|".join([" --- "] + [" ---: "] * (len(heads) - 1)) + "|")
    return lines + [""]


def value(measured):
    """A ratio with how far its median may be off."""
    ratio, _, error = measured
    return "%.2f ±%.2f" % (ratio, error)


def percent(number):
    return "%.0f %%" % number if number >= 99.5 else "%.2g %%" % number if abs(number) >= 0.01 else "0 %"


def rough(rate):
    return count(float("%.2g" % rate))


def machine(about):
    with open("/proc/cpuinfo") as f:
        virtual = "hypervisor" in f.read()
    return "%s%s, %d CPUs, Linux %s, %s" % (
        about["machine"], " (a virtual machine)" if virtual else "", about["cpus"],
        re.match(r"\d+\.\d+", about["kernel"]).group(), about["title"])


def head(about, parts):
    busy = max(part["about"]["load_average"] for part in parts.values())
    lines = ["# What giltop costs", ""] + text(
        "Written by `make bench` on %s." % machine(about),
        "Load average there when it began: %.1f." % busy,
        "It measures the same on yours: look at ratios, for times differ by as much as machines do.") + text(
            "Bare, modes and other tools take turns on one running process; a figure is the median over the rounds of a",
            "ratio within one round, ± how far that median may be off. **bare again** is bare a second time: what it",
            "differs from 1 is what that machine could not tell apart.")
    if any(part["about"]["quick"] for part in parts.values()):
        lines += ["**In part `--quick`: to try, not to claim.**", ""]
    return lines


def of_cycle(figures):
    found = [(line["name"].replace(" adds", ""), line["value"]) for line in figures
             if line["unit"].startswith("empty hits") and line["value"] is not None]
    return ["## One uncontended GIL cycle, exact", ""] + text(
        "In hits of an empty uprobe, of which two are the least: one at ACQUIRE, one at RELEASE.") + table(
            ["", "empty hits"], [[name, "%.2f" % number] for name, number in found])


def of_sweep(sweep):
    names = [name for name in sweep["percent"] if sweep["percent"][name]]
    rows = []
    for rate in sweep["rates"]:
        row = [rough(rate)]
        for name in names:
            row += [percent(number) + (" ±%.2g" % half if half else "")
                    for real, number, half in sweep["percent"][name] if real == rate] or ["-"]
        rows.append(row)
    lines = ["## By rate", "", "![cost by rate of GIL cycles](cost.svg)", ""] + text(
        "One thread, GIL cycles that nobody contends with, work between them. CPU time added, of one CPU; of auto the",
        "mean of %g s, %s:" % (sweep["auto_s"], "after its first %g" % sweep["settle_s"] if sweep["settle_s"]
                               else "its start included")) + table(["cycles/s"] + names, rows)
    clocks = ["%s of a CPU in %s" % (percent(number), name)
              for name, number in sweep["clock_percent"].items() if number]
    if clocks:
        lines += text("In it is the clock that looks where the holder is: %s." % ", ".join(clocks))
    return lines


def of_modes(modes):
    def part(which, rows):
        return table(["load"] + modes["whos"],
                     [[row["load"]] + [value(row[which][who]) for who in modes["whos"]] for row in rows])

    lines = ["## By load", ""] + text("CPU time of the process per operation, bare = 1:") + part("cpu", modes["rows"])
    lines += text("Operations a second, bare = 1:") + part(
        "rate", [row for row in modes["rows"] if row["load"].startswith("ping")])
    if "light" in modes["whos"]:
        lines += text("Light is meant to stay below %.2f where nobody contends, and below %.2f in the ping-pong."
                      % (BOUNDS["read"], BOUNDS["pingpong"]),
                      "auto is here what it is after its first look at the rate; its steps are below.")
    return lines


def seconds(number):
    return "-" if number is None else "%.2g" % number if number < 10 else "%.0f" % number


def of_scale(scale):
    def part(cells):
        rows = []
        for row in cells:
            half = "" if row["ratio_half"] is None else " ±%.2f" % row["ratio_half"]
            rows.append([str(row["processes"]), "`%s`" % row["way"], row["mode"], "%.2f" % row["together"], "%.2f" % row["ratio"] + half] +
                        [seconds(row[key]) for key in ("attach_s", "detach_s", "beyond_s", "killed_s")])
        return table(["processes", "by", "mode", "a cycle, bare = 1", "measured alone = 1", "begin", "end", "beyond `-d`",
                      "`kill -9`"], rows)

    lines = ["## Many processes", ""] + text(
        "All of one interpreter file, all measured: one turns GIL cycles (`os.read`), the others have %d threads each that" %
        scale["threads"],
        "sleep and take the GIL three times a second. A cycle's CPU time, against bare and against a giltop that measures",
        "this one process alone; seconds until giltop has begun with all of them, from SIGINT to its end, by which",
        "`-d %gs` takes longer than asked, and from `kill -9` until no breakpoint is left in any." % scale["asked_s"])
    lines += part([row for row in scale["cells"] if row["tier"] == "default"])
    perf = [row for row in scale["cells"] if row["tier"] == "perf"]
    if perf:
        lines += text("The same by perf events (`--attach perf`, and where the kernel has no uprobe_multi links):") + part(perf)
    return lines + text("giltop itself at a refresh of 1 s; maps: memory that its BPF maps have in the kernel:") + table(
        ["load", "mode", "hand-overs/s", "of a CPU", "VmHWM", "maps"],
        [[row["what"], row["mode"], rough(row["handovers"]) if row["handovers"] else "-", percent(row["cpu"] * 100),
          "%.0f MiB" % (row["peak_kib"] / 1024), "%.0f MiB" % (row["maps_kib"] / 1024)] for row in scale["own"]])


def of_peers(rows, figures):
    jobs = list(rows[0]["cpu"])
    lines = ["## Beside other tools", ""] + text(
        "CPU time of the process per operation, bare = 1; and what the tool takes itself, of one CPU:") + table(
            ["tool", "target"] + jobs + ["itself"],
            [[row["tool"], row["python"]] + [value(row["cpu"][job]) for job in jobs] +
             ["-" if row["share"] is None else percent(row["share"] * 100)] for row in rows])
    lines += text(
        "bpftrace sums wait and hold by thread at the places that giltop found, without stacks or pairs. A sampler",
        "costs the process little whatever it does, and sees of waits and holds what its rate allows.")
    absent = ["%s (%s)" % (line["name"], line["note"].replace("skipped: ", "")) for line in figures
              if line["note"].startswith("skipped: ")]
    return lines + (text("Not there: %s." % ", ".join(absent)) if absent else [])


def of_swing(swing):
    again = ", ".join("not in time" if took is None else "%.1f s" % took for took in swing["again_s"]) or "-"
    return ["## auto while the load swings", ""] + text(
        "Between %s and %s cycles/s, every %g s, with a budget of %g %% of a CPU:" % (
            rough(swing["fast"]), rough(swing["calm"]), swing["period_s"], BUDGET)) + table(
                ["", "measured", "meant"],
                [["cost, the worst %d s" % WINDOW_S, percent(swing["worst"]),
                  "at most %g %%" % (BUDGET + BOUND_POINTS)],
                 ["cost, all of it", percent(swing["all"]), ""],
                 ["exact again after the load is calm", again, "within %d s" % AGAIN_S]])


def of_service(row):
    return ["## Requests of a service", ""] + text(
        "%s with %d threads, at %g of the rate that it can do; %d windows of %g s, bare and %s in turns:" % (
            row["service"], row["threads"], row["busy"], row["windows"], row["seconds"], row["mode"])) + table(
                ["latency", "%s, bare = 1" % row["mode"], "noise of that"],
                [[name, "%.2f" % row[name]["ratio"], "±%.2f" % row[name]["noise"]] for name in ("p50", "p99")])


def of_recording(row):
    return ["## Recordings", ""] + text(
        "Some %s hand-overs a minute, each event of them (%s/s) one by one in a file, in exact books:" % (
            rough(row["hand-overs a minute"]), rough(row["events/s"]))) + table(
                ["", "measured", "meant"],
                [["lost", "%d" % row["lost"], "0"],
                 ["giltop's own CPU time", percent(row["giltop's own CPU time"]), "below 5 %"],
                 [".. without a recording", percent(row["giltop's own CPU time, without a recording"]), ""],
                 ["its memory at most", "%.0f MB" % row["most memory"], "below 40 MB"],
                 ["bytes an event", "%.1f" % row["an event, before it is packed"], "below 12"],
                 [".. packed", "%.1f" % row["an event, packed"], "below 5"],
                 ["read again, events/s", "%.0f M" % row["read again"], "above 2 M"]])


def of_exports(row):
    return ["## Exports", ""] + text(
        "A recording of %s events in %d s as what other tools read:" % (rough(row["events"]), row["seconds"])) + table(
            ["format", "events/s of CPU time", "meant", "file", "memory at most"],
            [[r["format"], "%.1f M" % (r["events_s"] / 1e6), "above 0.5 M", "%.1f MB" % (r["bytes"] / 1e6), "%.0f MB" % r["memory"]]
             for r in row["rows"]])


# By part: what makes its lines, of its data and its figures.
SECTIONS = {
    "sweep": lambda data, _: of_sweep(data), "modes": lambda data, _: of_modes(data),
    "cycle": lambda _, figures: of_cycle(figures), "scale": lambda data, _: of_scale(data),
    "peers": of_peers, "swing": lambda data, _: of_swing(data), "service": lambda data, _: of_service(data),
    "recording": lambda data, _: of_recording(data), "exports": lambda data, _: of_exports(data)}


def load_parts(results):
    """The last run of each part that measured something."""
    parts = {}
    for name in SECTIONS:
        try:
            with open(os.path.join(results, name + ".json")) as f:
                part = json.load(f)
        except (FileNotFoundError, ValueError):
            continue
        if name == "cycle" or part["data"].get(name):
            parts[name] = part
    return parts


def write_page(results, directory):
    """Parts that another machine or interpreter measured are left out, and said not to be measured."""
    parts = load_parts(results)
    if not parts:
        return
    newest = max((part["about"] for part in parts.values()), key=lambda about: about["start"])
    parts = {name: part for name, part in parts.items()
             if all(part["about"][key] == newest[key] for key in SAME)}
    lines = head(newest, parts)
    for name, part in parts.items():
        lines += SECTIONS[name](part["data"].get(name), part["figures"])
    missing = ["`scripts/bench %s`" % name for name in SECTIONS if name not in parts]
    if missing:
        lines += text("Not measured: %s." % ", ".join(missing))
    with open(os.path.join(directory, "cost.md"), "w") as f:
        f.write("\n".join(lines).rstrip("\n") + "\n")
    if "sweep" in parts:
        with open(os.path.join(directory, "cost.svg"), "w") as f:
            f.write(svg(parts["sweep"]["data"]["sweep"], BUDGET))


if __name__ == "__main__":
    write_page(*sys.argv[1:3])
