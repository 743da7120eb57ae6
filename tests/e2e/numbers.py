#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Hold giltop's JSON lines against the contract: the fields and types of giltop(1), the invariants of
the accounting. numbers.py [OPTION..] FILE

  --open-end      the summary was made at the end of a process: pairs may differ (its threads died waiting)
  --no-pairs      do not look at the pairs
  --expr EXPR     Python over meta, snaps, total (the records), proc (the first process of total),
                  threads (its threads), gil (its first GIL) and thread(name or tid); must be true
Prints what is wrong, one line each; exit 1 if anything is.
"""
import argparse
import json
import sys

U64 = 1 << 64
COUNT, NS, TEXT, REAL, BOOL = "count", "ns", "text", "real", "bool"
NS_OR_NULL, COUNT_OR_NULL, REAL_OR_NULL, TEXT_OR_NULL = "ns or null", "count or null", "real or null", "text or null"
STATES = ("waiting", "holding", "yielding", "released", "exited", "finalizing", "unknown")

META = {"type": TEXT, "v": COUNT, "giltop": TEXT, "attach": TEXT, "start_ns": NS, "interval_ns": NS}
RECORD = {"type": TEXT, "v": COUNT, "start_ns": NS, "duration_ns": NS, "lost_events": COUNT,
          "lost_detail": COUNT, "violations": COUNT, "self_cpu_ns": NS, "probe_hits": COUNT}
PROCESS = {"pid": COUNT, "parent": COUNT_OR_NULL, "comm": TEXT, "cmdline": TEXT, "python": TEXT, "runtime": TEXT, "sites": TEXT,
           "span_ns": NS, "late_ns": NS, "throttled_ns": NS_OR_NULL, "alive": BOOL, "mode": TEXT, "mode_auto": BOOL, "mode_changes": COUNT,
           "pod": TEXT_OR_NULL, "pod_name": TEXT_OR_NULL, "unit": TEXT_OR_NULL, "cgroup": TEXT_OR_NULL, "ns_pid": COUNT_OR_NULL}
CONTAINER = {"id": TEXT, "name": TEXT_OR_NULL, "engine": TEXT_OR_NULL}
GIL = {"id": COUNT, "interpreter": COUNT_OR_NULL, "held_observed_ns": NS, "held_ns": NS_OR_NULL,
       "gap_ns": NS_OR_NULL, "gap_wall_ns": NS_OR_NULL, "wait_ns": NS, "runnable_ns": NS, "unsure_ns": NS,
       "utilization": REAL_OR_NULL, "utilization_error": REAL_OR_NULL, "load": REAL_OR_NULL, "switches": COUNT_OR_NULL,
       "acquisitions": COUNT_OR_NULL}
THREAD = {"tid": COUNT_OR_NULL, "name": TEXT, "gil": COUNT, "acquisitions": COUNT_OR_NULL, "contended": COUNT,
          "yields": COUNT, "runnable_ns": NS_OR_NULL, "hold_observed_ns": NS, "wait_ns": NS, "wait_max_ns": NS_OR_NULL,
          "wait_p50_ns": NS_OR_NULL, "wait_p99_ns": NS_OR_NULL, "yield_ns": NS, "hold_ns": NS_OR_NULL, "hold_max_ns": NS_OR_NULL,
          "hold_p50_ns": NS_OR_NULL, "hold_p99_ns": NS_OR_NULL, "hold_offcpu_ns": NS_OR_NULL,
          "hold_runnable_ns": NS_OR_NULL, "released_ns": NS_OR_NULL, "blame_ns": NS, "state": TEXT}
GROUP = {"parent": COUNT, "parent_comm": TEXT, "name": TEXT, "alive": COUNT, "ended": COUNT, "stuck": COUNT_OR_NULL}
RANGES = ("utilization", "load", "delay", "waiting", "wait_max_ns", "switches_per_s")
RANGE = {"min": REAL_OR_NULL, "median": REAL_OR_NULL, "max": REAL_OR_NULL, "max_pid": COUNT_OR_NULL, "known": COUNT,
         "estimated": BOOL}
PAIR = {"waiter": COUNT_OR_NULL, "holder": COUNT_OR_NULL, "ns": NS}

wrong = []


def complain(text, *args):
    wrong.append(text % args)


def check_type(where, key, kind, value):
    if value is None:
        ok = kind.endswith("or null")
    elif kind in (TEXT, TEXT_OR_NULL):
        ok = isinstance(value, str)
    elif kind == BOOL:
        ok = isinstance(value, bool)
    elif kind in (REAL, REAL_OR_NULL):
        ok = isinstance(value, (int, float)) and not isinstance(value, bool)
    else:
        ok = type(value) is int and 0 <= value < U64
    if not ok:
        complain("%s: %s is %r, not a %s", where, key, value, kind)


def check_fields(where, fields, record):
    for key, kind in fields.items():
        if key not in record:
            complain("%s: %s is missing", where, key)
        else:
            check_type(where, key, kind, record[key])


def check_seen(where, row, observed, keys):
    """What was never seen is null, and nothing else is."""
    for key in keys:
        if (row[key] is None) != (row[observed] == 0):
            complain("%s: %s is %s, %s %s", where, key, row[key], observed, row[observed])


def check_process(where, p):
    check_fields(where, PROCESS, p)
    if p.get("container", {}) is not None:
        check_fields("%s container" % where, CONTAINER, p.get("container", {}))
    if p.get("mode") not in ("exact", "light"):
        complain("%s: mode %s", where, p.get("mode"))
    for g in p["gils"]:
        check_fields("%s gil %s" % (where, g.get("id")), GIL, g)
        check_seen("%s gil %s" % (where, g.get("id")), g, "held_observed_ns",
                   ("held_ns", "gap_ns", "gap_wall_ns", "acquisitions", "switches"))
    for t in p["threads"]:
        at = "%s tid %s" % (where, t.get("tid"))
        check_fields(at, THREAD, t)
        check_seen(at, t, "hold_observed_ns", ("hold_ns", "acquisitions", "releases", "asked", "react_ns"))
        if (t["released_ns"] is None) != (t["hold_observed_ns"] < p["span_ns"] or not p["span_ns"]):
            complain("%s: released %s, holds seen for %d of %d ns", at, t["released_ns"], t["hold_observed_ns"], p["span_ns"])
        if t["state"] not in STATES:
            complain("%s: state %s", at, t["state"])
        if t["hold_offcpu_ns"] is not None and not t["hold_runnable_ns"] <= t["hold_offcpu_ns"] <= t["hold_ns"]:
            complain("%s: %d runnable of %d off-CPU of %d held", at, t["hold_runnable_ns"], t["hold_offcpu_ns"], t["hold_ns"])
        if t["tid"] is None and not t.get("folded"):
            complain("%s: neither a tid nor folded", at)
    for pair in p.get("pairs", []):
        check_fields("%s pair" % where, PAIR, pair)
        if pair["waiter"] is not None and pair["waiter"] == pair["holder"]:
            complain("%s: %s waits for itself", where, pair["waiter"])


def check_total(p, open_end, pairs):
    """The invariants, in integers."""
    def total(key):
        return sum(t[key] for t in p["threads"])

    unsure = sum(g["unsure_ns"] for g in p["gils"])
    if pairs and not open_end and "pairs" in p:
        paired = sum(pair["ns"] for pair in p["pairs"])
        if paired != total("blame_ns") + unsure:
            complain("pid %d: sum(pairs) %d != sum(blame) %d + unsure %d", p["pid"], paired, total("blame_ns"), unsure)
    for g in p["gils"]:
        own = [t for t in p["threads"] if t["gil"] == g["id"]]
        waited, blame = sum(t["wait_ns"] for t in own), sum(t["blame_ns"] for t in own)
        # In exact stretches runnable and unsure are in blame and gap, in light ones there is no gap.
        other = (g["gap_ns"] or 0) + g["runnable_ns"] + g["unsure_ns"]
        if waited != blame + other or waited != g["wait_ns"]:
            complain("pid %d: sum(wait) %d != sum(blame) %d + gap, runnable, unsure %d, off by %d; the GIL has %d", p["pid"],
                     waited, blame, other, waited - blame - other, g["wait_ns"])
        if g["held_ns"] is None:
            continue
        hold = sum(t["hold_ns"] for t in own)
        if hold != g["held_ns"]:
            complain("pid %d: sum(hold) %d != held %d", p["pid"], hold, g["held_ns"])
        if hold > g["held_observed_ns"]:
            complain("pid %d: held %d of %d ns", p["pid"], hold, g["held_observed_ns"])
        acquired = sum(t["acquisitions"] for t in own)
        if acquired != g["acquisitions"]:
            complain("pid %d: sum(acquisitions) %d != %d", p["pid"], acquired, g["acquisitions"])
    for t in p["threads"]:
        parts = t["wait_ns"] + t["yield_ns"]
        if t["released_ns"] is None:  # it has unseen holds in it
            if parts + (t["hold_ns"] or 0) > t["span_ns"]:
                complain("tid %s: parts are more than the span %d", t["tid"], t["span_ns"])
        elif parts + t["hold_ns"] + t["released_ns"] != t["span_ns"]:
            complain("tid %s: parts %d != span %d", t["tid"], parts + t["hold_ns"] + t["released_ns"], t["span_ns"])
        if (t["runnable_ns"] or 0) > t["wait_ns"]:
            complain("tid %s: runnable for %d of its wait %d", t["tid"], t["runnable_ns"], t["wait_ns"])
        whole = t["released_ns"] is not None
        if whole and not t.get("folded") and t["acquisitions"] - t["releases"] not in (-1, 0, 1):
            complain("tid %s: %d acquisitions, %d releases", t["tid"], t["acquisitions"], t["releases"])
        if whole and (t["contended"] > t["acquisitions"] or t["yields"] > t["releases"]):
            complain("tid %s: more contended than acquisitions, or yields than releases", t["tid"])
        for kind in ("wait", "hold"):
            q = [t["%s_%s_ns" % (kind, k)] for k in ("p50", "p99", "max")]
            q = [v for v in q if v is not None]
            if q != sorted(q):
                complain("tid %s: %s quantiles not in order: %s", t["tid"], kind, q)


def check_group(where, group, processes):
    """Its workers are children of one parent, a range is one of values of theirs, and the sums are theirs, in integers."""
    check_fields(where, GROUP, group)
    pids = group["workers"] + group["ended_workers"]
    own = [p for p in processes if p["pid"] in pids and p["parent"] == group["parent"] and not p.get("executed")]
    gils = [g for p in own for g in p["gils"]]
    if not sorted(p["pid"] for p in own) == sorted(pids) or len(pids) < 2:
        complain("%s: workers %s", where, pids)
    if (len(group["workers"]), len(group["ended_workers"])) != (group["alive"], group["ended"]):
        complain("%s: not %d that live and %d that ended", where, group["alive"], group["ended"])
    for name in RANGES:
        r = group[name]
        at = "%s %s" % (where, name)
        check_fields(at, RANGE, r)
        if r["known"] > (group["alive"] or group["ended"]):
            complain("%s: known of %d", at, r["known"])
        if not r["known"]:
            if [r[k] for k in ("min", "median", "max", "max_pid")] != [None] * 4:
                complain("%s: %s of none", at, r)
        elif not r["min"] <= r["median"] <= r["max"] or r["max_pid"] not in (group["workers"] or pids):
            complain("%s: %s", at, r)
    total = group["total"]
    for key in ("wait_ns", "runnable_ns", "unsure_ns", "held_observed_ns", "held_ns", "gap_ns", "switches", "acquisitions"):
        want = sum(g[key] or 0 for g in gils)
        if total[key] != want and not (total[key] is None and total["held_observed_ns"] == 0):
            complain("%s: %s is %s, of its workers %d", where, key, total[key], want)
    for key in ("yield_ns", "blame_ns"):
        want = sum(t[key] for p in own for t in p["threads"])
        if total[key] != want:
            complain("%s: %s is %s, of its workers %d", where, key, total[key], want)
    other = (total["gap_ns"] or 0) + total["runnable_ns"] + total["unsure_ns"]
    if total["wait_ns"] != total["blame_ns"] + other:
        complain("%s: waited %d, blame %d, other %d", where, total["wait_ns"], total["blame_ns"], other)


def check_record(r, open_end, pairs):
    check_fields(r["type"], RECORD, r)
    for group in r["groups"]:
        check_group("%s workers of %s" % (r["type"], group.get("parent")), group, r["processes"])
    for p in r["processes"]:
        check_process(r["type"], p)
    if r["type"] != "summary":
        return
    if r["lost_events"] or r["violations"]:
        complain("lost %d, violations %d", r["lost_events"], r["violations"])
    for p in r["processes"]:
        check_total(p, open_end, pairs)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--open-end", action="store_true")
    ap.add_argument("--no-pairs", action="store_true")
    ap.add_argument("--expr", action="append", default=[])
    ap.add_argument("file")
    args = ap.parse_args()
    with open(args.file, encoding="utf-8") as f:
        records = [json.loads(line) for line in f]
    kinds = [r["type"] for r in records]
    if kinds != ["meta"] + ["snapshot"] * (len(kinds) - 2) + ["summary"]:
        complain("records: %s", kinds)
        print("\n".join(wrong))
        return 1
    meta, snaps, total = records[0], records[1:-1], records[-1]
    check_fields("meta", META, meta)
    for r in records[1:]:
        if r["v"] != 1:
            complain("%s: v is %s", r["type"], r["v"])
        check_record(r, args.open_end, not args.no_pairs)
    for a, b in zip(snaps, snaps[1:]):
        if not a["processes"] and not a["duration_ns"]:
            continue  # -a: nobody was there yet
        if a["start_ns"] + a["duration_ns"] != b["start_ns"]:
            complain("snapshots do not join: %d + %d, %d", a["start_ns"], a["duration_ns"], b["start_ns"])
    proc = total["processes"][0] if total["processes"] else None
    threads = proc["threads"] if proc else []

    def thread(key, among=threads):
        return next(t for t in among if key in (t["name"], t["tid"]))

    names = {"meta": meta, "snaps": snaps, "total": total, "proc": proc, "threads": threads,
             "thread": thread, "gil": proc["gils"][0] if proc and proc["gils"] else None}
    for expr in args.expr:
        try:
            if not eval(expr, names):
                complain("not true: %s", expr)
        except (KeyError, IndexError, StopIteration, TypeError) as e:
            complain("%s: %r", expr, e)
    if wrong:
        print("\n".join(wrong))
        for p in total["processes"]:
            p["stacks"] = len(p.get("stacks", []))
            p["pairs"] = len(p.get("pairs", []))
            p["threads"] = [{k: v for k, v in t.items() if "_p" not in k} for t in p["threads"][:6]]
        print(json.dumps(total)[:4000])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
