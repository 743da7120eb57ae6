#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Do the books balance in every snapshot, and do the snapshots add up to the summary?

balance.py [OPTION..] [FILE]     FILE: what `giltop --json` wrote; else stdin, which is read as it comes

  --snapshots N   at least so many must be there (10)
  --gils N        the process must have so many GILs at least (1)
  --busy          at least one in two snapshots must have waits
  --whole         the summary must end where the last snapshot ends; else it may have an interval more: no thread may then have
                  more of anything in it than it lasted
  --stacks        the wait and blame of the stacks must balance with those of the threads, too
Everything is exact, in integers. doc/accounting.md has the invariants. Prints what is wrong, what was expected and what was
found, and the first record that does not balance; exit 1 if anything is wrong.
"""
import argparse
import collections
import json
import sys

THREAD_SUMS = ("acquisitions", "contended", "releases", "yields", "wait_ns", "yield_ns", "hold_ns", "released_ns", "span_ns",
               "blame_ns")
GIL_SUMS = ("held_ns", "gap_ns", "wait_ns", "runnable_ns", "unsure_ns", "held_observed_ns", "acquisitions", "switches")
MAX_WORDS = 25
MAX_WORDS_EACH = 2


def known(value):
    """Of a sum: null, not seen, adds nothing."""
    return 0 if value is None else value


class Books:
    def __init__(self, args):
        self.args = args
        self.tail = 0  # ns that are only in the summary
        self.wrong = collections.Counter()
        self.words = []
        self.example = None
        self.in_part = False  # released times are not known everywhere, and do not add up
        self.snapshots = self.with_waits = self.gils = 0
        self.begin = self.end = None
        self.threads = collections.defaultdict(collections.Counter)  # (pid, tid) -> sums
        self.reused = set()  # (pid, tid) of more than one thread
        self.rows, self.rows_before = set(), set()  # (pid, tid, GIL) of all snapshots, and of the last one
        self.totals = collections.defaultdict(collections.Counter)  # pid -> sums
        self.gil_sums = collections.defaultdict(collections.Counter)  # (pid, gil) -> sums
        self.first_gils = set()  # (pid, gil) of the first snapshot of each process

    def complain(self, record, kind, text, *args):
        self.wrong[kind] += 1
        if self.wrong[kind] <= MAX_WORDS_EACH and len(self.words) < MAX_WORDS:
            self.words.append("%s: %s" % (self.where(record), text % args))
        if self.example is None:
            self.example = record

    def where(self, record):
        return "snapshot %d" % self.snapshots if record["type"] == "snapshot" else record["type"]

    def same(self, record, what, found, expected):
        if found != expected:
            self.complain(record, what, "%s: expected %d, found %d (%+d)", what, expected, found, found - expected)

    def at_most(self, record, what, found, limit):
        if found > limit:
            self.complain(record, what, "%s: expected at most %d, found %d (%+d)", what, limit, found, found - limit)

    # ---- one record --------------------------------------------------------------------------------------------
    def check_numbers(self, record, value, path):
        """Nothing is negative, and nothing of an order that cannot be."""
        if isinstance(value, dict):
            for key, v in value.items():
                self.check_numbers(record, v, path + "." + key)
        elif isinstance(value, list):
            for v in value:
                self.check_numbers(record, v, path)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            if value < 0 or value >= 1 << 62:
                self.complain(record, "absurd", "%s is %s", path, value)

    def check_process(self, r, p):
        pid, threads, gils, pairs = p["pid"], p["threads"], p["gils"], p.get("pairs")
        sums = {key: sum(known(t[key]) for t in threads) for key in THREAD_SUMS}
        # In exact stretches runnable and unsure are in blame and gap; in light ones nobody sees a gap.
        other = {g["id"]: known(g["gap_ns"]) + g["runnable_ns"] + g["unsure_ns"] for g in gils}
        unsure = sum(g["unsure_ns"] for g in gils)
        self.same(r, "wait = blame + gap + runnable + unsure", sums["wait_ns"], sums["blame_ns"] + sum(other.values()))
        self.at_most(r, "span of the process", p["span_ns"], r["duration_ns"])
        for g in gils:
            own = [t for t in threads if t["gil"] == g["id"]]
            for key, of in (("wait_ns", "wait_ns"), ("held_ns", "hold_ns"), ("acquisitions", "acquisitions")):
                self.same(r, "%s of a GIL = sum of its threads" % key, known(g[key]), sum(known(t[of]) for t in own))
            self.same(r, "wait of a GIL = its blame + gap + runnable + unsure", g["wait_ns"],
                      sum(t["blame_ns"] for t in own) + other[g["id"]])
            self.at_most(r, "time in which holds were seen", g["held_observed_ns"], p["span_ns"])
            self.at_most(r, "held", known(g["held_ns"]), g["held_observed_ns"])
            self.at_most(r, "held + time without a holder", known(g["held_ns"]) + known(g["gap_wall_ns"]), g["held_observed_ns"])
            self.at_most(r, "utilization", known(g["utilization"]), 1.0)
        for t in threads:
            self.check_thread(r, t)
        if pairs is not None:
            self.check_pairs(r, threads, pairs, sums["blame_ns"], unsure)
        if self.args.stacks:
            for kind in ("wait", "blame"):
                if "stacks" in p:
                    self.same(r, "sum of the %s stacks" % kind,
                              sum(s["ns"] for s in p["stacks"] if s["kind"] == kind), sums[kind + "_ns"])
        self.gils = max(self.gils, len(gils))
        sums["pairs"] = sum(pair["ns"] for pair in pairs or [])
        return sums

    def check_thread(self, r, t):
        parts = known(t["hold_ns"]) + t["wait_ns"] + t["yield_ns"] + known(t["released_ns"])
        if r["type"] == "summary":  # it is known at the end of a wait that may have begun in an interval before
            self.at_most(r, "runnable of a thread", known(t["runnable_ns"]), t["wait_ns"])
        if not t.get("folded"):
            self.at_most(r, "span of a thread", t["span_ns"], r["duration_ns"])
        if t["released_ns"] is None:  # its holds were not seen all the time
            self.at_most(r, "hold + wait + yield of a thread", parts, t["span_ns"])
            return
        self.same(r, "hold + wait + yield + released of a thread = its span", parts, t["span_ns"])
        self.at_most(r, "contended of a thread", t["contended"], t["acquisitions"])
        # The release that a yield follows may be in the interval before.
        self.at_most(r, "yields of a thread", t["yields"], t["releases"] + (r["type"] == "snapshot"))
        if not t.get("folded"):
            self.at_most(r, "acquisitions less releases of a thread", abs(t["acquisitions"] - t["releases"]), 1)

    def check_pairs(self, r, threads, pairs, blame, unsure):
        self.same(r, "sum of the pairs = blame + unsure", sum(pair["ns"] for pair in pairs), blame + unsure)
        for role, key in (("waiter", "wait_ns"), ("holder", "blame_ns")):
            of_pairs, of_threads = collections.Counter(), collections.Counter()
            for pair in pairs:
                of_pairs[pair[role]] += pair["ns"]
            for t in threads:
                of_threads[t["tid"]] += t[key]
            gone = sum(ns for tid, ns in of_pairs.items() if tid and tid not in of_threads)
            self.at_most(r, "pairs of %ss without a row <= %s of the rows of several" % (role, key), gone, of_threads[None])
            for tid, ns in of_pairs.items():
                if tid in of_threads and tid:  # else others
                    self.at_most(r, "pairs of a %s <= its %s" % (role, key), ns, of_threads[tid])

    # ---- from record to record ---------------------------------------------------------------------------------
    def snapshot(self, r):
        self.snapshots += 1
        if self.end is None:
            self.begin = r["start_ns"]
        else:
            self.same(r, "start = end of the one before", r["start_ns"], self.end)
        self.end = r["start_ns"] + r["duration_ns"]
        self.check_numbers(r, {k: v for k, v in r.items() if k != "stats"}, "")
        self.same(r, "violations", r["violations"], 0)
        self.same(r, "lost events", r["lost_events"], 0)
        self.same(r, "lost detail", r["lost_detail"], 0)
        waits, rows = 0, set()
        for p in r["processes"]:
            sums = self.check_process(r, p)
            waits += sums["wait_ns"]
            if p["pid"] not in self.totals:
                self.first_gils |= {(p["pid"], g["id"]) for g in p["gils"]}
            self.totals[p["pid"]].update(sums)
            for g in p["gils"]:
                self.gil_sums[p["pid"], g["id"]].update({key: known(g[key]) for key in GIL_SUMS})
            for t in p["threads"]:
                key = p["pid"], t["tid"]
                row = key + (t["gil"],)
                is_new = t["span_ns"] < p["span_ns"] and t["state"] not in ("exited", "finalizing")
                if row in self.rows and (is_new or row not in self.rows_before):
                    self.reused.add(key)  # who lives is in each snapshot
                rows.add(row)
                self.threads[key].update({k: known(t[k]) for k in THREAD_SUMS})
                self.in_part |= t["released_ns"] is None
        self.with_waits += waits > 0
        self.rows |= rows
        self.rows_before = rows

    def most(self, key):
        """What one thread may have in the interval that is only in the summary; nothing is as fast as 1 us."""
        return self.tail if key == "pairs" or key.endswith("_ns") else self.tail // 1000

    def adds_up(self, r, what, found, expected, tail):
        """tail: by how much the summary may have more"""
        if not 0 <= expected - found <= tail:
            self.complain(r, what, "%s: %d in the snapshots, %d in the summary (%+d); the last interval may have %d", what, found,
                          expected, expected - found, tail)

    def summary(self, r):
        self.check_numbers(r, {k: v for k, v in r.items() if k != "stats"}, "")
        self.same(r, "violations", r["violations"], 0)
        self.same(r, "lost events", r["lost_events"], 0)
        self.same(r, "lost detail", r["lost_detail"], 0)
        self.same(r, "start = that of the first snapshot", r["start_ns"], self.begin)
        self.tail = r["start_ns"] + r["duration_ns"] - self.end
        if self.tail < 0 or self.args.whole:
            self.same(r, "end = that of the last snapshot", r["start_ns"] + r["duration_ns"], self.end)
            self.tail = max(self.tail, 0)
        for p in r["processes"]:
            sums = self.check_process(r, p)
            threads = len(p["threads"]) + sum(t.get("folded", 0) for t in p["threads"])
            for key, ns in sums.items():
                if key == "released_ns" and any(t["released_ns"] is None for t in p["threads"]):
                    continue
                self.adds_up(r, key, self.totals[p["pid"]][key], ns, self.most(key) * threads)
            for g in p["gils"]:
                for key in GIL_SUMS:
                    of_one = key in ("held_ns", "held_observed_ns")
                    # A GIL has a row from its first event on; that nobody had it before is known all the same.
                    if key == "held_observed_ns" and (p["pid"], g["id"]) not in self.first_gils:
                        continue
                    self.adds_up(r, "%s of a GIL" % key, self.gil_sums[p["pid"], g["id"]][key], known(g[key]),
                                 self.most(key) * (1 if of_one else threads))
            rows, gils = collections.defaultdict(collections.Counter), collections.Counter()
            for t in p["threads"]:
                rows[t["tid"]].update({k: known(t[k]) for k in THREAD_SUMS})
                self.in_part |= t["released_ns"] is None
                gils[t["tid"]] += 1  # it has been on: a row each
            for tid, row in rows.items():
                if tid is None or (p["pid"], tid) in self.reused:
                    continue
                for key in THREAD_SUMS:
                    if key == "released_ns" and self.in_part:
                        continue
                    self.adds_up(r, "%s of a thread" % key, self.threads[p["pid"], tid][key], row[key],
                                 self.most(key) * (threads if key == "blame_ns" else gils[tid]))
        missing = set(self.totals) - {p["pid"] for p in r["processes"]}
        if missing:
            self.complain(r, "processes", "the processes %s were in snapshots", sorted(missing))


def abridged(record):
    """Of an example, what the sums are of"""
    ret = {k: v for k, v in record.items() if k != "processes"}
    ret["processes"] = []
    for p in record["processes"]:
        p = dict(p, stacks=len(p.get("stacks", [])), pairs=p.get("pairs", [])[:12])
        p["threads"] = [{k: t[k] for k in ("tid", "state", "gil") + THREAD_SUMS} for t in p["threads"][:12]]
        p["pairs"] = [{k: pair[k] for k in ("waiter", "holder", "ns")} for pair in p["pairs"]]
        ret["processes"].append(p)
    return json.dumps(ret)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--snapshots", type=int, default=10)
    ap.add_argument("--gils", type=int, default=1)
    ap.add_argument("--busy", action="store_true")
    ap.add_argument("--whole", action="store_true")
    ap.add_argument("--stacks", action="store_true")
    ap.add_argument("file", nargs="?")
    args = ap.parse_args()
    books = Books(args)
    kinds = collections.Counter()
    with open(args.file, encoding="utf-8") if args.file else sys.stdin as f:
        for line in f:
            record = json.loads(line)
            kinds[record["type"]] += 1
            if record["type"] == "snapshot":
                books.snapshot(record)
            elif record["type"] == "summary":
                books.summary(record)
    if kinds["summary"] != 1 or books.snapshots < args.snapshots or books.gils < args.gils:
        books.words.append("expected a summary, %d snapshots, %d GILs; found %s, %d GILs" % (
            args.snapshots, args.gils, dict(kinds), books.gils))
    if args.busy and books.with_waits * 2 < books.snapshots:
        books.words.append("expected waits in every other snapshot, found them in %d of %d" % (
            books.with_waits, books.snapshots))
    for text in books.words:
        print("  " + text)
    if books.example:
        print("  the first that does not balance: " + abridged(books.example)[:6000])
    sums = sum(books.totals.values(), collections.Counter())
    print("balance: %d snapshots and %.3f s more, %d with waits, %d threads, wait %.3f s, hold %.3f s, %d acquisitions; %s" % (
        books.snapshots, books.tail / 1e9, books.with_waits, len(books.threads), sums["wait_ns"] / 1e9, sums["hold_ns"] / 1e9,
        sums["acquisitions"], ", ".join("%s: %d wrong" % item for item in sorted(books.wrong.items())) or "nothing wrong"))
    return 1 if books.words else 0


if __name__ == "__main__":
    sys.exit(main())
