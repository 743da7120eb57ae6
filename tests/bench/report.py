# SPDX-License-Identifier: BSD-2-Clause
"""The table of results: one line a figure with its bound and spread, and the same as JSON for page.py."""
import json

from rig import half_quartiles, median, spread

# The floor is 2: a GIL cycle passes one ACQUIRE and one RELEASE.
CYCLE_RATIO = 2.6
# 200 switches a second, some five hits each of a microsecond: a tenth of a per cent; the rest is noise.
SPIN_SLOWDOWN = 0.02
STACKS_SLOWDOWN = 0.005

HEADINGS = {
    "hit": "One hit of an empty uprobe (CPU time, one-instruction function)",
    "cycle": "One uncontended GIL cycle: os.read(fd, 1) of /dev/zero (CPU time)",
    "contended": "Threads that fight for the GIL",
    "modes": "Each mode in turns on one process: CPU time per operation",
    "sweep": "Cost by rate of GIL cycles",
    "scale": "Many processes: an uncontended GIL cycle in one of them, begin, end, and giltop itself",
    "peers": "Other tools in turns on one process: CPU time of the process per operation",
    "swing": "auto under a load that swings",
    "service": "Requests of a service, in turns bare and under auto",
    "own": "giltop itself",
    "list": "giltop list on a machine full of processes, one in ten of them a Python",
    "recording": "a recording of some million hand-overs a minute, each event one by one",
    "exports": "that recording as what other tools read",
}


class Report:
    """The figures of one part."""

    def __init__(self, about):
        self.about = about
        self.lines = []
        self.data = {}  # of the parts, for the page (page.py)
        self.failed = False
        self.section = "own"

    def figure(self, name, value, unit, bound=None, rel_spread=None, note=""):
        self.lines.append({"section": self.section, "name": name, "value": value, "unit": unit,
                           "bound": bound, "spread": rel_spread, "note": note,
                           "verdict": None if bound is None else "ok" if value <= bound else "OVER"})

    def skipped(self, name, why):
        self.failed = True
        self.lines.append({"section": self.section, "name": name, "value": None, "unit": "",
                           "bound": None, "spread": None, "note": "not measured: " + why,
                           "verdict": None})

    def absent(self, name, why):
        """Something that not every machine has: said, and no failure."""
        self.lines.append({"section": self.section, "name": name, "value": None, "unit": "",
                           "bound": None, "spread": None, "note": "skipped: " + why,
                           "verdict": None})

    def cycle(self, samples):
        """Per round: the price of a hit, what each tracer adds to a cycle, and the quotient."""
        def diffs(a, b):
            return [x - y for x, y in zip(samples[a], samples[b])]

        def put(name, values, unit, bound=None, note=""):
            self.figure(name, median(values), unit, bound, spread(values), note)

        self.section = "hit"
        hits = {}
        for insn, text in (("push", "push %rbp"), ("call", "call rel32")):
            for tier, how in (("multi", "uprobe_multi"), ("perf", "perf event")):
                name = "%s_%s" % (insn, tier)
                if name in samples:
                    hits[name] = diffs(name, insn + "_bare")
                    put("%s, %s" % (text, how), hits[name], "ns")
        unit = hits.get("push_multi") or hits["push_perf"]

        self.section = "cycle"
        put("bare", samples["bare"], "ns")
        self.added(put, diffs, unit, "giltop", "giltop", "bare", CYCLE_RATIO)
        self.added(put, diffs, unit, "giltop --no-stacks", "no-stacks", "bare", CYCLE_RATIO)
        if "symbols naive" in samples:
            put("bare (build with symbols)", samples["symbols bare"], "ns")
            self.added(put, diffs, unit, "giltop, same build", "symbols giltop", "symbols bare",
                       CYCLE_RATIO)
            self.added(put, diffs, unit, "naive: entry+return+entry", "symbols naive", "symbols bare")
            naive, ours = diffs("symbols naive", "symbols bare"), diffs("symbols giltop",
                                                                        "symbols bare")
            put("giltop / naive, same build", [a / b for a, b in zip(ours, naive)], "x", 1.0)

    @staticmethod
    def added(put, diffs, unit, title, who, bare, bound=None):
        added = diffs(who, bare)
        put(title + " adds", added, "ns")
        put(title + " adds", [a / b for a, b in zip(added, unit)], "empty hits (push)", bound,
            "the floor is 2" if bound else "")

    def contended(self, samples):
        self.section = "contended"
        for what in sorted({name for name, _ in samples}):
            bare = samples[what, "bare"]
            unit = "loops/s" if what.startswith("spin") else "round trips/s"
            self.figure(what + ", bare", median(bare), unit, None, spread(bare))
            for who, title in (("giltop", "giltop"), ("no-stacks", "giltop --no-stacks")):
                values = samples[what, who]
                lost = [1 - a / b for a, b in zip(values, bare)]
                self.figure("%s, %s" % (what, title), median(values), unit, None, spread(values))
                self.figure("%s, %s: slower by" % (what, title), median(lost) * 100, "%",
                            SPIN_SLOWDOWN * 100 if what == "spin, one CPU" else None,
                            half_quartiles(lost))
            lost = [1 - a / b for a, b in zip(samples[what, "giltop"], samples[what, "no-stacks"])]
            self.figure("%s, stacks on / off: slower by" % what, median(lost) * 100, "%",
                        STACKS_SLOWDOWN * 100 if what == "spin, one CPU" else None,
                        half_quartiles(lost))
        self.section = "own"

    def print(self, took_s):
        for section, heading in HEADINGS.items():
            lines = [line for line in self.lines if line["section"] == section]
            if not lines:
                continue
            print("\n" + heading)
            for line in lines:
                print(self.row(line))
        print("  (%.0f s)" % took_s, flush=True)

    @staticmethod
    def row(line):
        if line["value"] is None:
            return "  %-50s %s" % (line["name"], line["note"])
        value = line["value"]
        digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
        tolerance = "" if line["spread"] is None else "+-%.1f%%" % (line["spread"] * 100)
        bound = "" if line["bound"] is None else "<= %-5g %s" % (line["bound"], line["verdict"])
        return ("  %-50s %10.*f %-17s %8s  %s%s" % (line["name"], digits, value, line["unit"], tolerance,
                                                    bound, "  " + line["note"])).rstrip()

    def write(self, path):
        with open(path, "w") as f:
            json.dump({"v": 1, "about": self.about, "figures": self.lines, "data": self.data}, f, indent=1)
            f.write("\n")
