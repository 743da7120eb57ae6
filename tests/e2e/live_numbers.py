#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Hold the numbers of a screen (a file that `w` wrote, 132 columns) against the JSON of the same moment.

live_numbers.py [--least N] SCREEN.txt SCREEN.json: prints how many it compared; exit 1 if one differs by
more than its last digit, or if there are fewer than N.
"""
import argparse
import json
import re
import sys

UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
wrong = []
compared = 0


def last_digit(text):
    return 10.0 ** -len(text.partition(".")[2])


def same(what, shown, number, scale=1.0):
    """shown is number / scale, rounded to its last digit."""
    global compared
    compared += 1
    if shown in ("-", "?"):
        if number is not None:
            wrong.append("%s: shown %s, JSON %s" % (what, shown, number))
        return
    step = last_digit(shown) * scale
    if number is None or abs(float(shown) * scale - number) > step * 0.51:
        wrong.append("%s: shown %s, JSON %s" % (what, shown, number if number is None else number / scale))


def share(what, shown, part, whole):
    same(what, shown.rstrip("%"), None if part is None or not whole else 100.0 * part / whole)


def duration(what, shown, ns):
    m = re.match(r"([0-9.]+)([a-z]+)$", shown)
    same(what, m.group(1) if m else shown, ns, UNITS[m.group(2)] if m else 1)


def count(what, shown, number):
    m = re.match(r"([0-9.]+)([kM]?)(/s)?$", shown)
    same(what, m.group(1), number, {"": 1.0, "k": 1e3, "M": 1e6}[m.group(2)])


def rate(what, shown, number, span_ns):
    count(what, shown, number * 1e9 / span_ns)


parser = argparse.ArgumentParser()
parser.add_argument("--least", type=int, default=1)
parser.add_argument("screen")
parser.add_argument("json")
args = parser.parse_args()
lines = open(args.screen, encoding="utf-8").read().splitlines()
records = [json.loads(line) for line in open(args.json, encoding="utf-8")]
totals = lines[0].rstrip().endswith("totals")
record = [r for r in records if r["type"] == ("summary" if totals else "snapshot")][0]
proc = record["processes"][0]
gil = proc["gils"][0]
span = proc["span_ns"]
for t in proc["threads"]:  # of the waiting in the interval: it is booked at the end of a wait
    t["runnable_ns"] = None if t["runnable_ns"] is None else min(t["runnable_ns"], t["wait_ns"])
by_tid = {t["tid"]: t for t in proc["threads"]}
by_name = {t["name"]: t for t in proc["threads"]}
waited = sum(t["wait_ns"] for t in proc["threads"])


def header():
    m = re.search(r"held +(~?)([0-9.]+|-)%?.* (?:load ~?|waiting )([0-9.]+) +hand-overs (\S+)(?: +gap (\S+))?", lines[1])
    same("held is estimated", str(len(m.group(1))), float(gil["utilization_error"] is not None))
    share("held", m.group(2), gil["utilization"], 1)
    same("load", m.group(3), gil["load"] if gil["load"] is not None else gil["wait_ns"] / span)
    if gil["switches"] is None:
        same("hand-overs", m.group(4), None)
    else:
        rate("hand-overs", m.group(4), gil["switches"], gil["held_observed_ns"])
        duration("gap", m.group(5), gil["gap_wall_ns"] / gil["switches"])
    m = re.search(r"self ([0-9.]+)% +lost ([0-9]+)", lines[1])
    share("self", m.group(1), record["self_cpu_ns"], record["duration_ns"])
    same("lost", m.group(2), record["lost_events"])
    m = re.search(r"(?:held ~?([0-9.]+)% .*, |: )([0-9.]+) threads wait", lines[3])
    share("headline held", m.group(1) or "-", gil["utilization"], 1)
    same("waiting", m.group(2), gil["wait_ns"] / span)
    sentence(" ".join(line.strip() for line in lines[4:8]))


def function_sums():
    """{(function, base name): [ns, {line: ns}]} of blame, by the innermost Python frames."""
    sums = {}
    for s in proc["stacks"]:
        if s["kind"] != "blame":
            continue
        leaf = next((f for f in reversed(s["frames"]) if f["line"]), None)
        if leaf:
            one = sums.setdefault((leaf["name"], leaf["file"].rsplit("/", 1)[-1]), [0, {}])
            one[0] += s["ns"]
            one[1][leaf["line"]] = one[1].get(leaf["line"], 0) + s["ns"]
    return sums


def sentence(text):
    """parse_line (demo_service.py:35) makes others wait most: 89% of all waiting, ..; http-1 waited 75% of .."""
    m = re.search(r"^(.+?) \((\S+?):(\d+)(?:, few looks: \d+)?\)(?: from .+?\))? makes others wait most: ([0-9.]+)% of all waiting", text)
    if not m:
        wrong.append("no sentence: " + text)
        return
    sums = function_sums()
    ns, by_line = sums[m.group(1), m.group(2)]
    if ns < max(s[0] for s in sums.values()):
        wrong.append("another makes others wait more than " + m.group(1))
    if by_line[int(m.group(3))] < max(by_line.values()):
        wrong.append("%s: shown line %s, of %r" % (m.group(1), m.group(3), by_line))
    share("of all waiting", m.group(4), ns, gil["wait_ns"])
    m = re.search(r"; (\S+) waited ([0-9.]+)% of", text)
    if m and m.group(1) in by_name:
        sufferer = by_name[m.group(1)]
        share("who waited", m.group(2), sufferer["wait_ns"], sufferer["span_ns"])


def pair(waiter, holder):
    return sum(p["ns"] for p in proc["pairs"] if p["waiter"] == waiter and p["holder"] == holder)


def thread_table(heading):
    rows = 0
    for line in lines[heading + 1:]:
        w = line.split()
        if len(w) < 12 or not w[0].isdigit():
            break
        t = by_tid[int(w[0])]
        name, known = t["name"], t["span_ns"]
        if w[1] != name or {"holding": "H", "waiting": "W", "yielding": "Y", "released": "r"}[t["state"]] != w[2]:
            wrong.append("%s: shown %s %s, JSON %s %s" % (w[0], w[1], w[2], name, t["state"]))
        share(name + " delay", w[3], t["wait_ns"] + t["yield_ns"], known)
        # The bar is as wide as it is: blank where holds may be that nobody saw.
        w = w[:4] + line[lines[heading].index("WHERE") + 8:].split()
        share(name + " runnable", w[4], t["runnable_ns"], known)
        share(name + " hold", w[5], t["hold_ns"], t["hold_observed_ns"])
        duration(name + " p99 wait", w[6], t["wait_p99_ns"])
        duration(name + " max wait", w[7], t["wait_max_ns"])
        duration(name + " max hold", w[8], t["hold_max_ns"])
        if t["acquisitions"] is None:
            same(name + " acquisitions", w[9], None)
        else:
            rate(name + " acquisitions", w[9], t["acquisitions"], known * t["hold_observed_ns"] / span)
        share(name + " blame", w[10], t["blame_ns"], gil["wait_ns"])
        rows += 1
    if rows != len(by_tid):
        wrong.append("%d rows, %d threads in the JSON" % (rows, len(by_tid)))


def mark(what, shown, looks):
    """~ stands before a share that rests on few looks, and before no other."""
    if (shown == "~") != (0 < looks < 10):
        wrong.append("%s: mark %r, looks %d" % (what, shown, looks))


def blame_sums(key):
    """{key: [ns, looks]} of the innermost frames, ns of all."""
    sums = {}
    for s in proc["stacks"]:
        if s["kind"] == "blame" and s["frames"]:
            of = sums.setdefault(key(s["frames"][-1]), [0, 0])
            of[0] += s["ns"]
            of[1] += s["count"]
    return sums, sum(s["ns"] for s in proc["stacks"] if s["kind"] == "blame")


def culprits(title):
    sums, whole = blame_sums(lambda f: ("%s %s%s" % (f["name"], f["file"].rpartition("/")[2],
                                                     ":%d" % f["line"] if f["line"] else "")).rstrip())
    for line in lines[title + 1:]:
        m = re.match(r" +(~?)([0-9.]+)% \S+ +(.+?)  +\S", line)
        if not m:
            break
        ns, looks = sums.get(m.group(3), (None, 0))
        share("blame of " + m.group(3), m.group(2), ns, whole)
        mark("blame of " + m.group(3), m.group(1), looks)


def blame_table(heading):
    sums, whole = blame_sums(lambda f: ("%s (%s)" % (f["name"], f["file"].rpartition("/")[2])).replace(" ()", ""))
    for line in lines[heading + 1:]:
        m = re.match(r" +(~?)([0-9.]+) +(?:\S+ +)?~?([0-9.]+) +([0-9.]+[a-z]*) +(\S+) (.+)$", line)
        if not m:
            break
        ns, looks = sums.get(m.group(6), (0, 0))
        share("self of " + m.group(6), m.group(2), ns, whole)
        mark("self of " + m.group(6), m.group(1), looks)
        if ns:
            duration("self of " + m.group(6), m.group(4), ns)


def matrix(heading):
    names = lines[heading].split()[2:]
    for line in lines[heading + 1:]:
        w = [x for x in re.sub("[░▒▓█]", " ", line).split()]
        if len(w) != len(names) + 2 or w[0] not in by_name:
            break
        waiter = by_name[w[0]]
        share(w[0] + " of all waiting", w[1], waiter["wait_ns"], waited)
        for name, shown in zip(names, w[2:]):
            if name in by_name and shown != "·":
                share("%s for %s" % (w[0], name), shown, pair(waiter["tid"], by_name[name]["tid"]), waited)


def procs(heading):
    w = lines[heading + 1].split()
    same("pid", w[0], proc["pid"])
    share("process held", w[1].lstrip("~"), gil["utilization"], 1)
    same("process load", w[3], gil["load"])
    worst = max(proc["threads"], key=lambda t: t["wait_ns"] + t["yield_ns"])
    m = re.search(r" ([0-9.]+) +" + re.escape(worst["name"]) + " ", lines[heading + 1])
    share("worst thread", m.group(1), worst["wait_ns"] + worst["yield_ns"], worst["span_ns"])


def detail(title):
    t = by_tid[int(lines[title].split()[1])]
    body = "\n".join(lines[title:])
    m = re.search(r"waiting (<?[0-9.]+)%(?: \((<?[0-9.]+)% woken, without a CPU\))?, yielding (<?[0-9.]+)%(?:, holding (<?[0-9.]+)%)?",
                  body)
    for got, key in zip(m.groups(), ("wait_ns", "runnable_ns", "yield_ns", "hold_ns")):
        if got is None:
            if t[key]:
                wrong.append("%s: %s is %d in the JSON, and not shown" % (t["name"], key, t[key]))
        elif got == "<0.1":
            same(t["name"] + " " + key + ": less than 0.1 %", "1", float(0 < t[key] < 0.0005 * t["span_ns"]))
        else:
            share(t["name"] + " " + key, got, t[key], t["span_ns"])
    m = re.search(r"Took the GIL (\S+?)/s, had to wait for it in ([0-9.]+)% of the cases, gave it away (\S+?)/s", body)
    if m or t["released_ns"] is not None:  # its holds were seen all the time
        rate("acquisitions", m.group(1), t["acquisitions"], t["span_ns"])
        share("contended", m.group(2), t["contended"], t["acquisitions"])
        rate("yields", m.group(3), t["yields"], t["span_ns"])
    part = body[body.index("It waited for"):body.index("It made wait")]
    for m in re.finditer(r"^ +([0-9.]+)% +(\S+) \S+ +(\S+)", part, re.M):
        ns = pair(t["tid"], by_name[m.group(3)]["tid"])
        share("waited for " + m.group(3), m.group(1), ns, t["wait_ns"])
        duration("waited for " + m.group(3), m.group(2), ns)


parts = [(r".*TID THREAD .*DELAY%", thread_table), (r".* lines that make others wait ", culprits),
         (r" +SELF%.*TOTAL%.*FUNCTION", blame_table), (r"WAITER +ALL%", matrix), (r" +PID HELD%", procs),
         (r"Thread \d+ ", detail)]
header()
for i, line in enumerate(lines):
    for pattern, check in parts:
        if re.match(pattern, line):
            check(i)
for w in wrong:
    print(w)
print("%d numbers, %d wrong" % (compared, len(wrong)))
sys.exit(1 if wrong or compared < args.least else 0)
