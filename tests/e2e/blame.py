#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Is what giltop says of stacks, pairs and blame true? Each command runs one check and prints its figures.

blame.py known GILTOP COMMAND..       COMMAND starts an interpreter ("chroot /x python3.14"): every stack that
                                      giltop captures of tests/workloads/known_live.py is the one that the
                                      interpreter itself reports, function, file and line
blame.py demo GILTOP PID              the wait of demo_service.py's http-1 is blamed on the right lines
blame.py sums FILE.jsonl              the sums of the last record agree as integers
blame.py folded FILE                  every line can be read by every reader of the format
Exit status: 0 it is, 1 not, 2 no measurement.
"""
import collections
import json
import os
import re
import select
import subprocess
import sys

from known import WORKLOADS, process_of, start

MAX_FRAMES = 127  # that a walk keeps
# A stack of a thread that runs while it is read may be torn, and is then left out.
TORN_SHARE = 0.01
NATIVE = re.compile(r"^\[.*\]$")


class Failure(Exception):
    pass


def last_record(path):
    with open(path, encoding="utf-8") as f:
        records = [json.loads(line) for line in f]
    if not records or records[-1]["type"] != "summary":
        raise Failure("giltop wrote no summary record")
    return records[-1]


def run_giltop(giltop, pid, *args):
    """-> its summary record"""
    command = [giltop, "-b", "--json", "-p", str(pid)] + list(args)
    out = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=120)
    if out.returncode:
        raise Failure("giltop ended with status %d" % out.returncode)
    return json.loads(out.stdout.decode("utf-8").splitlines()[-1])


def report(problems, words):
    for p in problems[:20]:
        print("  " + p)
    print("%s: %d wrong" % (words, len(problems)))
    return 1 if problems else 0


# ---- sums ---------------------------------------------------------------------------------------------
def check_sums(proc):
    """Differences as text. All are exact; only what the tables had no room for is in no thread's row."""
    bad = []

    def same(what, a, b):
        if a != b:
            bad.append("%s: %d, expected %d (%+d)" % (what, a, b, a - b))

    threads, pairs, stacks = proc["threads"], proc["pairs"], proc.get("stacks", [])
    wait = sum(t["wait_ns"] for t in threads)
    blame = sum(t["blame_ns"] for t in threads)
    unsure = sum(g["unsure_ns"] for g in proc["gils"])
    gap = sum((g["gap_ns"] or 0) + g["runnable_ns"] for g in proc["gils"]) + unsure
    same("wait of the GILs", sum(g["wait_ns"] for g in proc["gils"]), wait)
    same("blame + gap + runnable + unsure", blame + gap, wait)
    same("sum of the pairs", sum(p["ns"] for p in pairs), blame + unsure)
    by_waiter, by_holder = collections.Counter(), collections.Counter()
    for p in pairs:
        by_waiter[p["waiter"]] += p["ns"]
        by_holder[p["holder"]] += p["ns"]
    kinds = collections.defaultdict(collections.Counter)
    for s in stacks:
        kinds[s["kind"]][s["tid"]] += s["ns"]
    if stacks:
        same("sum of the wait stacks", sum(kinds["wait"].values()), wait)
        same("sum of the blame stacks", sum(kinds["blame"].values()), blame)
    rows = collections.Counter()
    for t in threads:
        rows[t["tid"]] += t["wait_ns"]
    holders = collections.Counter()
    for t in threads:
        holders[t["tid"]] += t["blame_ns"]
    if None in rows:  # threads that share one row by now
        return bad
    for tid, ns in rows.items():
        if by_waiter[tid] > ns:
            bad.append("thread %d: pairs %d, more than its wait %d" % (tid, by_waiter[tid], ns))
        if stacks:
            same("wait stacks of thread %d" % tid, kinds["wait"][tid], ns)
    other = by_holder[None]  # holds that the ring of past holds no longer had
    for tid, ns in holders.items():
        if by_holder[tid] > ns or by_holder[tid] + other < ns:
            bad.append("thread %d: pairs %d (other: %d), blame %d" % (tid, by_holder[tid], other, ns))
        if stacks and other == 0:
            same("blame stacks of thread %d" % tid, kinds["blame"][tid], ns)
    return bad


def sums(path):
    record = last_record(path)
    bad, figures = [], []
    for proc in record["processes"]:
        bad += check_sums(proc)
        stacks = proc.get("stacks", [])
        figures.append("%d threads, %d pairs, %d stacks, wait %.3f s, blame %.3f s" %
                       (len(proc["threads"]), len(proc["pairs"]), len(stacks),
                        sum(t["wait_ns"] for t in proc["threads"]) / 1e9,
                        sum(t["blame_ns"] for t in proc["threads"]) / 1e9))
    return report(bad, "sums: " + "; ".join(figures) + "; stats %s" % record["stats"])


# ---- known stacks -------------------------------------------------------------------------------------
class Known:
    """known_live.py under the interpreter of a command, and what it says of itself."""

    def __init__(self, command, spinners=2):
        self.child = start(command, "known_live.py", str(spinners))
        try:
            if not select.select([self.child.stdout], [], [], 60)[0]:
                raise Failure("the workload did not start in 60 s")
            truth = json.loads(self.child.stdout.readline().decode("utf-8"))
            self.threads = {t["tid"]: t for t in truth["threads"]}
            self.pid = process_of(self.child, truth["threads"][0]["tid"])
        except (Failure, ValueError):
            self.end()
            raise

    def end(self):
        self.child.stdin.close()
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def frames_of(stack):
    """[function, file, line] root first, without the native leaf."""
    frames = [[f["name"], f["file"], f["line"]] for f in stack["frames"]]
    if frames and NATIVE.match(frames[-1][0]) and frames[-1][2] is None:
        frames.pop()
    return frames


def check_known(known, proc):
    bad, seen, torn = [], collections.Counter(), collections.Counter()
    total = collections.Counter()
    for s in proc["stacks"]:
        thread = known.threads.get(s["tid"])
        total[s["kind"]] += s["ns"]
        frames = frames_of(s)
        if not frames:
            torn[s["kind"]] += s["ns"]
            continue
        if thread is None:
            bad.append("%s of thread %s, which should not take part: %s" % (s["kind"], s["tid"], frames))
            continue
        want = thread["frames"]
        truncated = len(want) > MAX_FRAMES
        if frames != want[-MAX_FRAMES:] or s.get("truncated", False) != truncated:
            bad.append("%s of %s: %s%s, expected %s" % (s["kind"], thread["name"], frames[-4:],
                                                        " (truncated)" if s.get("truncated") else "",
                                                        want[-4:]))
        seen[thread["kind"], s["kind"]] += 1
        if s["kind"] == "wait":
            seen[s["tid"]] += s["count"]
    for kind, ns in torn.items():
        if ns > total[kind] * (0 if kind == "wait" else TORN_SHARE):
            bad.append("%s: %.1f %% without a stack" % (kind, 100.0 * ns / total[kind]))
    for tid, t in known.threads.items():
        if not seen[tid]:
            bad.append("%s: no wait was seen" % t["name"])
    return bad, seen, torn, total


def known(giltop, command):
    load = Known(command)
    try:
        record = run_giltop(giltop, load.pid, "-d", "3")
    finally:
        load.end()
    proc = record["processes"][0]
    bad, seen, torn, total = check_known(load, proc)
    bad += check_sums(proc)
    waits = sum(n for tid, n in seen.items() if isinstance(tid, int))
    return report(bad, "CPython %s: %d waits of %d threads, %d stacks, %.2f %% of hold and blame torn" %
                  (proc["python"], waits, len(load.threads), len(proc["stacks"]),
                   100.0 * sum(torn.values()) / max(1, sum(total.values()))))


def chains_of(giltop, pid, waiter, is_right):
    """The share of this thread's waiting, pair of stacks by pair of stacks, whose holder's thread and innermost
    Python line are right: is_right(thread, function, line).
    """
    command = [giltop, "record", "-f", "folded", "--weight", "chain", "--unit", "ns", "-p", str(pid),
               "-d", "6", "-o", "-"]
    out = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=120)
    right = total = 0
    for text in out.stdout.decode("utf-8").splitlines():
        stack, _, ns = text.rpartition(" ")
        frames = stack.split(";")
        if not re.match(re.escape(waiter) + r" \(\d+\)$", frames[1]):
            continue
        holder = re.sub(r" \(\d+\)$", "", frames[-1])
        innermost = next((f for f in frames[frames.index("--") + 1:-1] if not f.startswith("[")), "")
        m = re.match(r"(.*) \(.*:(\d+)\)$", innermost)
        total += int(ns)
        right += int(ns) if m and is_right(holder, m.group(1), int(m.group(2))) else 0
    if not total:
        raise Failure("no chain of %s" % waiter)
    return right / total


# ---- the demo -----------------------------------------------------------------------------------------
def demo(giltop, pid):
    """Where demo_service.py holds: feeds in parse_feed and parse_line, the report in its sort."""
    with open(os.path.join(WORKLOADS, "demo_service.py"), encoding="utf-8") as f:
        lines = f.read().split("\n")

    def body(name):
        start = lines.index("def %s:" % name) + 1
        return range(start, next(i for i in range(start, len(lines)) if not lines[i].strip()) + 1)

    inside = {"parse_feed": body("parse_feed()"), "parse_line": body("parse_line(line)")}
    sort_line = lines.index("    return sorted(rows)") + 1
    waits_in = {"serve_requests": body("serve_requests(latencies)"),
                "handle_request": body("handle_request(client, server)")}
    proc = run_giltop(giltop, pid, "-d", "8")["processes"][0]
    bad = check_sums(proc)
    names = {t["tid"]: t["name"] for t in proc["threads"]}
    tids = {name: tid for tid, name in names.items()}
    http = next(t for t in proc["threads"] if t["name"] == "http-1")
    blamed = {names[p["holder"]]: p["ns"] for p in proc["pairs"]
              if p["waiter"] == http["tid"] and p["holder"]}
    culprits = sum(blamed.get(n, 0) for n in ("feed-1", "feed-2", "report"))
    on = sum(p["ns"] for p in proc["pairs"] if p["waiter"] == http["tid"])
    if culprits < 0.95 * on:
        bad.append("only %.1f %% of http-1's blame is on feed-1, feed-2 and report" % (100.0 * culprits / on))

    def leaf(stack):
        frames = frames_of(stack)
        # Whoever is interrupted while it holds may have to let go anywhere: in stopping.is_set(), too.
        while len(frames) > 1 and frames[-1][0] in ("is_set", "Event.is_set"):
            frames = frames[:-1]
        return (frames[-1][0], frames[-1][2]) if frames else ("", 0)

    right = total = 0
    for s in proc["stacks"]:
        name, line = leaf(s)
        if s["kind"] == "wait" and s["tid"] == http["tid"] and line not in waits_in.get(name, ()):
            bad.append("http-1 waits in %s:%s" % (name, line))
        if s["kind"] != "blame" or s["tid"] not in (tids["feed-1"], tids["feed-2"], tids["report"]):
            continue
        total += s["ns"]
        if names[s["tid"]] == "report":
            right += s["ns"] * ((name, line) == ("sort_rows", sort_line))
        else:
            right += s["ns"] * (line in inside.get(name, ()))
    if right < 0.95 * total:
        bad.append("only %.1f %% of their blame is at the right lines" % (100.0 * right / total))
    if blamed.get("report", 0) == 0:
        bad.append("nothing on report")
    if blamed.get("checksum", 0) > 0.05 * on:
        bad.append("%.1f %% on checksum, which lets go" % (100.0 * blamed["checksum"] / on))
    chained = chains_of(giltop, pid, "http-1", lambda holder, name, line:
                        (name, line) == ("sort_rows", sort_line) if holder == "report" else
                        holder in ("feed-1", "feed-2") and line in inside.get(name, ()))
    if chained < 0.95:
        bad.append("only %.1f %% of http-1's chains end at the right lines of the right threads" % (
            100.0 * chained))
    return report(bad, "http-1: wait %.3f s, on feed-1, feed-2, report %.1f %%, gap %.1f %%; "
                  "%.1f %% of their blame at the right lines, %.1f %% of its chains" %
                  (http["wait_ns"] / 1e9, 100.0 * culprits / on,
                   100.0 * (http["wait_ns"] - on) / http["wait_ns"], 100.0 * right / total,
                   100.0 * chained))


# ---- folded -------------------------------------------------------------------------------------------
def folded(path):
    bad = []
    with open(path, "rb") as f:
        data = f.read()
    lines = data.decode("utf-8").split("\n")
    if lines.pop() != "":
        bad.append("the last line has no end")
    for line in lines:
        m = re.match(r"^(.+) (\d+)$", line)
        if not m:
            bad.append("no line of the format: %r" % line[:200])
            continue
        if re.search(r"[\x00-\x1f\x7f-\x9f]", line):
            bad.append("control byte: %r" % line[:200])
        frames = m.group(1).split(";")
        if any(not f for f in frames):
            bad.append("empty frame: %r" % line[:200])
        if re.search(r"\s\d+$", frames[-1]):
            bad.append("the leaf ends in a number: %r" % frames[-1])
    return report(bad, "folded: %d lines" % len(lines))


def main(argv):
    commands = {"known": lambda a: known(a[0], a[1:]), "demo": lambda a: demo(a[0], int(a[1])),
                "sums": lambda a: sums(a[0]), "folded": lambda a: folded(a[0])}
    if len(argv) < 3 or argv[1] not in commands:
        raise SystemExit(__doc__)
    try:
        return commands[argv[1]](argv[2:])
    except (Failure, OSError, ValueError) as err:
        print("blame: %s: %s" % (argv[1], err), file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv))
