#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a recording must be equal to: recordings.py CHECK FILE.."""
import json
import struct
import sys

import format_reader


def lines(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def differences(a, b, at=""):
    if type(a) is not type(b):
        yield f"{at}: {a!r} {b!r}"
    elif isinstance(a, dict):
        for k in sorted(set(a) | set(b)):
            if k in a and k in b:
                yield from differences(a[k], b[k], f"{at}.{k}")
            else:
                yield f"{at}.{k}: only in one"
    elif isinstance(a, list):
        if len(a) != len(b):
            yield f"{at}: {len(a)} and {len(b)} of them"
        for i, (x, y) in enumerate(zip(a, b)):
            yield from differences(x, y, f"{at}[{i}]")
    elif a != b:
        yield f"{at}: {a!r} {b!r}"


def same(live, played):
    """All records, field by field, but the moments' order is that of the lines."""
    a, b = lines(live), lines(played)
    for text in list(differences(a, b))[:20]:
        print(text)
    return a == b and len(a) > 2


def moments(played, *files):
    """FILE has the interval that the moment in its name is in."""
    all_of = [r for r in lines(played) if r["type"] == "snapshot"]
    begin = all_of[0]["start_ns"]
    for path in files:
        text = path.rsplit("at.", 1)[1]
        at = begin + {"0": 0, "1s": 1e9, "1.7s": 1.7e9, "0:03": 3e9}[text]
        shown = [r for r in lines(path) if r["type"] == "snapshot"]
        due = [r for r in all_of if r["start_ns"] + r["duration_ns"] >= at]
        if not at > begin:  # what had passed since the books were opened
            if len(shown) != 1 or shown[0]["duration_ns"] > 1e9:
                print(text, "is not the beginning")
                return False
        elif shown != due[:1]:
            print(text, *list(differences(due[:1], shown))[:5])
            return False
    return True


def folded(played, path):
    """The sum of the stacks of waits, in ns."""
    summary = lines(played)[-1]
    wait = sum(s["ns"] for p in summary["processes"] for s in p["stacks"] if s["kind"] == "wait")
    with open(path, encoding="utf-8") as f:
        written = sum(int(line.rsplit(" ", 1)[1]) for line in f)
    print(wait, written)
    return wait == written and wait > 0


def planted(played, seconds):
    """A hold of so many seconds is told of while it goes on and when it is over, with both stacks; something was before it,
    and the books have it.
    """
    all_of = lines(played)
    events = [r for r in all_of if r["type"] == "event" and r["event"] == "hold"]
    before = [r for r in all_of if r["type"] == "snapshot" and r["start_ns"] + r["duration_ns"] <= events[0]["start_ns"]]
    names = [[frame["name"] for frame in e[key]] for e in events for key in ("holder_stack", "waiter_stack")]
    longest = max(t["hold_max_ns"] or 0 for p in all_of[-1]["processes"] for t in p["threads"])
    print(events, len(before), longest)
    return (len(events) == 2 and not events[0]["over"] and events[1]["over"] and events[0]["no"] == events[1]["no"]
            and abs(events[1]["ns"] - longest) < 2e6 and longest >= float(seconds) * 1e9
            and "seize" in names[0] and "spin" in names[1] and len(before) >= 1)


def written(path, played):
    """By a reader that knows doc/format.md alone: of each thread the events, the books and the JSON say the same."""
    with open(path, "rb") as f:
        _, by_events, by_books = format_reader.read(f.read())
    by_json = {}
    for p in lines(played)[-1]["processes"]:
        for t in p["threads"]:
            row = by_json.setdefault((p["pid"], t["tid"]), dict.fromkeys(format_reader.STATES, 0))
            for state in format_reader.STATES:
                row[state] += t[state + "_ns"] or 0
    none = dict.fromkeys(format_reader.STATES, 0)
    bad = [k for k in set(by_events) | set(by_books) | set(by_json)
           if not by_events.get(k, none) == by_books.get(k, none) == by_json.get(k, none)]
    for k in bad:
        print(k, by_events.get(k), by_books.get(k), by_json.get(k))
    return not bad and len(by_json) > 2


def damage(path):
    """One bit of the payload of the third interval's frame."""
    with open(path, "r+b") as f:
        data = bytearray(f.read())
        at, intervals = 16, 0
        while True:
            kind, packed = struct.unpack_from("<H2xI", data, at + 4)
            intervals += kind == 6
            if intervals == 3:
                data[at + 48 + packed // 2] ^= 4
                break
            at += 48 + packed
        f.seek(0)
        f.write(data)
    return True


def main():
    check, *files = sys.argv[1:]
    return 0 if {"same": same, "moments": moments, "folded": folded, "planted": planted, "written": written, "damage": damage}[check](*files) else 1


if __name__ == "__main__":
    sys.exit(main())
