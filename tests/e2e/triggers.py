# SPDX-License-Identifier: BSD-2-Clause
"""Runs giltop on triggers_subject.py and holds what it tells of against what was done:

    triggers.py WHAT GO SUBJECT_OUT -- GILTOP ARG..

Creates GO as soon as giltop measures, and stops giltop when the subject is done (or gone). WHAT: comma-separated:
  holds     each planted hold is told of once, and that it is over once; no other hold is
  waits     each planted hold makes a wait that is told of: once for each, and once more when it is over
  during    each is told of on stderr while it still goes on, within 60 ms of its limit
  both      both stacks are there: the holder's ends in hold_it, the waiter's in want_it
  holder    .. the holder's alone
  storm     hundreds wait, and no more than a few of them are told of for each hold: the others are counted
  ended     the subject ends in the middle: what goes on is over then
"""
import json
import os
import re
import subprocess
import sys
import threading
import time

MS = 1000000
LINE = re.compile(r"giltop: (?:[\d:.]+ )?\+[\d.]+s (hold|wait) (\d+)( is over)?: ")


def fail(*text):
    print("FAILED:", *text)
    sys.exit(1)


class Run:
    def __init__(self, go, out, argv):
        self.lines = []  # (when it came, text)
        self.events = []
        self.summary = None
        self.go, self.out = go, out
        self.giltop = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        threads = [threading.Thread(target=f) for f in (self.read_lines, self.read_json, self.watch)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.code = self.giltop.wait()

    def read_lines(self):
        for line in self.giltop.stderr:
            self.lines.append((time.monotonic_ns(), line.rstrip("\n")))

    def read_json(self):
        for line in self.giltop.stdout:
            record = json.loads(line)
            if record["type"] == "meta":
                open(self.go, "w").close()
            if record["type"] == "summary":
                self.summary = record
            if record["type"] == "event":
                self.events.append(record)

    def watch(self):
        while self.giltop.poll() is None:
            with open(self.out) as f:
                if "done" in f.read():
                    self.giltop.terminate()
                    return
            time.sleep(0.05)

    def holds(self):
        with open(self.out) as f:
            return [tuple(map(int, line.split()[1:])) for line in f if line.startswith("hold ")]


def leaf(stack):
    names = [f["name"] for f in stack if f["line"]]
    return names[-1] if names else None


def match(run, kind, plants):
    """The events of each plant: those that overlap it. Each has one, maybe, as it goes on, and one as it is over."""
    of_kind = [e for e in run.events if e["event"] == kind]
    found = {p: [] for p in plants}
    for e in of_kind:
        end = e["start_ns"] + e["ns"]
        at = [p for p in plants if e["start_ns"] < p[1] + 20 * MS and end > p[0]]
        if not at:
            fail("told of what was not planted:", e)
        if e["holder"] and e["holder"]["name"] != "MainThread":
            fail("not the one that holds:", e)
        found[at[0]].append(e)
    for p, events in found.items():
        text = "%s of %.1f ms:" % (kind, (p[1] - p[0]) / MS)
        if len([e for e in events if e["over"]]) != 1:
            fail(text, "is over", [(e["no"], e["over"], e["ns"]) for e in events])
        if len([e for e in events if not e["over"]]) > 1 or len({e["no"] for e in events}) != 1:
            fail(text, "told of more than once", [(e["no"], e["over"], e["ns"]) for e in events])
        last = events[-1]
        # A waiter may come a little later; and who is to hold may not get there at once.
        if kind == "hold" and not p[2] * 1000 - 30 * MS < last["ns"] < p[1] - p[0] + 5 * MS:
            fail(text, "said to be of", last["ns"] / MS)
    return found


def check_lines(run, kind, plants, found):
    """While it goes on. (The line of each event, exactly one.)"""
    came = {}
    for when, text in run.lines:
        m = LINE.match(text)
        if not m:
            continue
        key = (int(m.group(2)), bool(m.group(3)))
        if key in came:
            fail("two lines of one event:", text)
        came[key] = (when, text)
    late = []
    for p in plants:
        e = [e for e in found[p] if not e["over"]]
        if not e:
            fail("not told of while it went on:", (p[1] - p[0]) / MS, "ms")
        e = e[0]
        if (e["no"], False) not in came or (e["no"], True) not in came:
            fail("no line of", e["no"])
        when, text = came[(e["no"], False)]
        if when >= p[1]:
            fail("told of after its end:", text)
        late.append((when - e["start_ns"] - e["limit_ns"]) / MS)
    late.sort()
    print("%s: from the limit to the line: median %.2f ms, most %.2f ms, of %d" %
          (kind, late[len(late) // 2], late[-1], len(late)))
    if late[len(late) // 2] > 60:
        fail("too late")


def main():
    what, go, out = sys.argv[1].split(","), *sys.argv[2:4]
    run = Run(go, out, sys.argv[5:])
    plants = run.holds()
    print(len(run.events), "events,", len(plants), "holds")
    for when, text in run.lines:
        if not LINE.match(text):
            print(text)
    if "ended" in what:
        if [e["over"] for e in run.events if e["event"] == "hold"] != [False, True]:
            fail("of a hold that ends with its process:", run.events)
        return
    if not plants:
        fail("nothing was planted")
    for kind in ("hold", "wait"):
        if kind + "s" not in what:
            continue
        found = match(run, kind, plants)
        if "during" in what:
            check_lines(run, kind, plants, found)
        for e in run.events:
            if e["event"] != kind:
                continue
            if ("both" in what or "holder" in what) and leaf(e["holder_stack"]) != "hold_it":
                fail("the holder is not there:", e)
            if "both" in what and leaf(e["waiter_stack"]) != "want_it":
                fail("the waiter is not there:", e)
    if "storm" in what:
        waits = {e["no"] for e in run.events if e["event"] == "wait"}
        untold = run.summary["stats"].get("triggers_untold", 0)
        print(len(waits), "waits told of,", untold, "not")
        if not waits or len(waits) > 4 * len(plants) or untold < 50 * len(plants):
            fail("too many, or too few")
    if run.code not in (0, 130, 143):
        fail("exit code", run.code)


main()
