# SPDX-License-Identifier: BSD-2-Clause
"""The page that speedscope makes of an export, against giltop report --json of the same recording.

speedscope.py choose NUMBER FILE OUT	the same, with this profile shown first
speedscope.py page LIVE.json PAGE.html	in its sandwich view
"""
import collections
import html.parser
import json
import re
import sys

WEIGHTS = {"makes others wait": "blame", "waits for the GIL": "wait", "has the GIL": "hold"}
STATES = {"Waiting for GIL": "wait", "Has GIL": "hold", "Yielding": "yield"}


class Rows(html.parser.HTMLParser):
    """The cells of all rows of all tables, as text; and all text."""
    def __init__(self):
        super().__init__()
        self.rows, self.text, self.cell = [], "", None

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.cell = ""

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self.cell is not None:
            self.rows[-1].append(self.cell)
            self.cell = None

    def handle_data(self, data):
        self.text += data
        if self.cell is not None:
            self.cell += data


def shown(ns):
    """As speedscope shows a time."""
    if ns >= 60e9:
        return "%d:%02d" % (ns // 60e9, ns % 60e9 // 1e9)
    for unit, name in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if ns >= unit:
            return "%.2f%s" % (ns / unit, name)
    return "%.2fns" % ns


def squeezed(name):
    """A browser makes one space of many."""
    return " ".join(name.split())


def choose(number, path, out):
    with open(path, encoding="utf-8") as f:
        file = json.load(f)
    file["activeProfileIndex"] = int(number)
    with open(out, "w", encoding="utf-8") as f:
        json.dump(file, f)


def wanted(live):
    """The total of each profile, and of the frames at the root of each."""
    totals, roots = collections.Counter(), collections.defaultdict(collections.Counter)
    with open(live, encoding="utf-8") as f:
        last = [json.loads(line) for line in f][-1]
    for p in last["processes"]:
        proc = "%s (%d)" % (p["comm"], p["pid"])
        names = {t["tid"]: "%s (%d)" % (t["name"] or "thread", t["tid"]) for t in p["threads"]}
        for s in p["stacks"]:
            what = next(k for k, v in WEIGHTS.items() if v == s["kind"])
            totals["%s %s" % (proc, what)] += s["ns"]
            roots["%s %s" % (proc, what)][names.get(s["tid"])] += s["ns"]
        for t in p["threads"]:
            name = "%s of %s" % (names[t["tid"]], proc)
            for state, kind in STATES.items():
                totals[name] += t[kind + "_ns"] or 0
                roots[name][state] += t[kind + "_ns"] or 0
    return totals, roots


def page(live, path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    rows = Rows()
    rows.feed(text)
    assert "Something went wrong" not in rows.text
    totals, roots = wanted(live)
    profiles = {row[1]: row[2] for row in rows.rows if len(row) == 3 and row[0].isdigit()}
    want = {squeezed(name): shown(ns) for name, ns in totals.items() if ns}
    have = {squeezed(name): total for name, total in profiles.items() if not total.startswith("0.00")}
    bad = {name: (have.get(name), want.get(name)) for name in have.keys() | want.keys() if have.get(name) != want.get(name)}
    assert not bad and have, "profiles: %s" % bad
    frames = collections.defaultdict(list)
    for row in rows.rows:
        found = re.match(r"(\S+) \(", row[0]) if len(row) == 3 else None
        if found:
            frames[squeezed(row[2])].append(found.group(1))
    active = next(name for name in totals if squeezed(name) in squeezed(rows.text.split("Sandwich", 1)[1].split("(1/")[0].split("#")[0]))
    seen = {squeezed(name): shown(ns) for name, ns in roots[active].items() if ns and squeezed(name) in frames}
    bad = {name: (frames[name], total) for name, total in seen.items() if total not in frames[name]}
    assert not bad, "frames of %s: %s" % (active, bad)
    print("%d profiles, %s: %s" % (len(have), active, seen))
    assert seen, "no frame of a thread"


if __name__ == "__main__":
    {"choose": choose, "page": page}[sys.argv[1]](*sys.argv[2:])
