#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Reads a recording (FILE.giltop) by doc/format.md alone, and prints for each thread of each process the sums of its
waits, holds and yields: once from the blocks of events, once from the books."""
import struct
import sys
import zlib

KEY, RECORDS, EVENTS, _, _, INTERVAL = range(1, 7)
SCHEMA, THREAD, BOOKS, END_OF_PROCESS = 1, 7, 9, 10
WAIT, RETRY, GET, _, YIELD, _, START, END, _, SEGMENT = range(1, 11)
F_LIGHT, F_HOLDS, F_YIELDS = 2, 4, 8
STATES, MASK = ("wait", "hold", "yield"), (1 << 64) - 1


class Bad(Exception):
    """These bytes are no recording."""


def zigzag(n):
    return n >> 1 ^ -(n & 1)


class Bytes:
    def __init__(self, data, at=0, end=None):
        self.data, self.at, self.end = data, at, len(data) if end is None else end

    def u(self):
        n = 0
        for shift in range(0, 70, 7):
            if self.at >= self.end:
                break
            byte = self.data[self.at]
            self.at += 1
            n |= (byte & 127) << shift
            if byte < 128:
                return n & MASK
        raise Bad("varint")

    def s(self):
        return zigzag(self.u())

    def take(self, n):
        if n > self.end - self.at:
            raise Bad("length")
        self.at += n
        return Bytes(self.data, self.at - n, self.at)

    def t(self):
        n = self.u()
        return self.data[self.take(n).at:self.at].decode("utf-8", "replace")

    def more(self):
        return self.at < self.end


def frames(data):
    """Yields (type, payload) of each whole frame."""
    if data[:8] != b"giltop\n\0":
        raise Bad("no recording")
    major, minor, flags = struct.unpack_from("<HHI", data, 8)
    if major != 1:
        raise Bad("version %d.%d cannot be read" % (major, minor))
    at = 16
    while data[at:at + 4] == b"GTfr" and len(data) - at >= 48:
        kind, packed, size, crc, own = struct.unpack_from("<H2xII16xI8xI", data, at + 4)
        body = data[at + 48:at + 48 + packed]
        if own != zlib.crc32(data[at:at + 44]) or len(body) < packed or crc != zlib.crc32(body):
            break
        payload = zlib.decompress(body)
        if len(payload) != size:
            raise Bad("unpacked length")
        yield kind, payload
        at += 48 + packed
    if data[at:at + 8] != b"GTindex\0":
        print("the end is missing: %d bytes are left" % (len(data) - at), file=sys.stderr)


class Books:
    """Schemas and readings of books. A word is looked up by the name of its field."""

    def __init__(self):
        self.schemas, self.last, self.reading = {}, [[], [], []], None

    def schema(self, b):
        which, fields, at = b.u(), {}, 0
        for _ in range(b.u()):
            name, words = b.t(), b.u()
            fields[name] = (at, words)
            at += words
        self.schemas[which] = (fields, at)

    def changes(self, b, words):
        words, at = list(words), 0
        while True:
            skip, grows = b.u(), b.s()
            at += skip
            if at == len(words) and not grows:
                return words
            if at >= len(words):
                raise Bad("changes")
            words[at] = (words[at] + grows) & MASK
            at += 1

    def read(self, b):
        now, _ = [[], [], []], b.u()
        self.reading = self.changes(b, self.reading or [0] * self.schemas[3][1])
        for which in range(3):
            before, expected = self.last[which], 0
            for _ in range(b.u()):
                ref = b.u()
                words = [0] * self.schemas[which][1]
                if ref:
                    at = expected + zigzag(ref - 1)
                    if not 0 <= at < len(before):
                        raise Bad("object")
                    words, expected = before[at], at + 1
                now[which].append(self.changes(b, words))
                if which == 0:
                    for _ in range(b.u()):
                        b.s(), b.u(), b.u()
        self.last = now


def events(payload):
    """Yields (ns, pid, tid, lock, kind, flags, ns of a segment) of one block."""
    b = Bytes(payload)
    if b.u() != 1:
        return
    count, ns = b.u(), b.u()
    threads, who = [], [0, 0, 0]
    for _ in range(b.u()):
        who = [(w + b.s()) & MASK for w in who]
        threads.append(who)
    symbols = [b.u() for _ in range(b.u())]
    columns = [b.take(n) for n in [b.u() for _ in range(7)]]
    if b.more():
        raise Bad("block")
    at = 0
    for _ in range(count):
        at += columns[0].s()
        symbol = symbols[columns[1].u()]
        ns = (ns + columns[2].s()) & MASK
        kind, flags, segment = symbol >> 2 & 255, symbol >> 10, None
        if kind == SEGMENT:
            _, _, segment, _, bits = (columns[6].u() for _ in range(5))
            for _ in range(bin(bits).count("1")):
                columns[6].u()
        yield (ns, *threads[at], kind, flags, segment)


class States:
    """Sums of what threads did from one moment to another, by their events."""

    def __init__(self, begin, end, ended):
        self.begin, self.end, self.ended, self.sums, self.open = begin, end, ended, {}, {}

    def of(self, pid, tid):
        return self.sums.setdefault((pid, tid), dict.fromkeys(STATES, 0))

    def close(self, key, ns):
        state, since = self.open.pop(key, (None, 0))
        if state:
            self.of(*key[:2])[state] += max(0, min(ns, self.end) - max(since, self.begin))

    def add(self, ns, pid, tid, lock, kind, flags, segment):
        key = pid, tid, lock
        if kind == SEGMENT:
            self.of(pid, tid)["hold" if flags & F_HOLDS else "yield" if flags & F_YIELDS else "wait"] += segment
        elif WAIT <= kind <= END and kind != RETRY:
            # Who holds the GIL as the process ends has it up to the end of that.
            held = kind == END and self.open.get(key, "-")[0] == "hold"
            self.close(key, max(ns, self.ended.get(pid, 0)) if held else ns)
            if kind == WAIT:
                self.open[key] = "wait", ns
            elif kind == GET and not flags & F_LIGHT or kind == START and flags & F_HOLDS:
                self.open[key] = "hold", ns
            elif kind == YIELD:
                self.open[key] = "yield", ns


def of_books(books, ended):
    """The sums of all threads at one reading, with what is open in it; its moment."""
    sums, now, fields = {}, books.reading[books.schemas[3][0]["now_ns"][0]], books.schemas[1][0]
    for words in books.last[1]:
        def get(name, i=0):
            return words[fields[name][0] + i]
        pid, state = get("rec.tgid"), get("rec.state")
        row = [get("rec.sums.time_ns", i) for i in range(4)]
        row[state] += min(now, ended.get(pid, now)) - get("rec.since_ns")
        sums[pid, get("rec.tid"), get("key.cond")] = row
    return sums, now


def read(data):
    """Returns names, sums by events, sums by books; of threads (pid, tid)."""
    books, names, ended, blocks = Books(), {}, {}, []
    first, last, begin, now = None, {}, 0, 0
    for kind, payload in frames(data):
        if kind == EVENTS:
            blocks.append(payload)
        if kind not in (KEY, RECORDS, INTERVAL):
            continue
        if kind == KEY:
            books = Books()
        b = Bytes(payload)
        while b.more():
            what, body = b.u(), b.take(b.u())
            if what == SCHEMA:  # of no process, and without one
                books.schema(body)
            elif what == BOOKS:
                books.read(body)
                sums, now = of_books(books, ended)
                last.update(sums)
                if first is None:  # the sums of what a flight recorder kept begin here
                    first, begin = (sums, now) if data[12] & 1 else ({}, 0)
            elif what == THREAD:
                pid, tid, _ = body.u(), body.u(), body.u()
                names[pid, tid] = body.t()
            elif what == END_OF_PROCESS:
                pid = body.u()
                ended[pid] = body.u()
                last.update(of_books(books, ended)[0])
    states, total = States(begin, now, ended), {}
    for payload in blocks:
        for e in events(payload):
            states.add(*e)
    for key in list(states.open):
        states.close(key, now)
    for key, row in last.items():
        for i, state in enumerate(STATES, 1):
            total.setdefault(key[:2], dict.fromkeys(STATES, 0))[state] += row[i] - (first[key][i] if key in first else 0)
    return names, states.sums, total


def main():
    with open(sys.argv[1], "rb") as f:
        names, by_events, by_books = read(f.read())
    print("%8s %8s %-16s %-6s %15s %15s %15s" % ("PID", "TID", "THREAD", "FROM", *STATES))
    for key in sorted(set(by_events) | set(by_books)):
        for source, sums in ("events", by_events), ("books", by_books):
            row = sums.get(key, dict.fromkeys(STATES, 0))
            print("%8d %8d %-16.16s %-6s %15d %15d %15d" % (*key, names.get(key, "?"), source, *row.values()))


if __name__ == "__main__":
    try:
        main()
    except (Bad, OSError, struct.error, zlib.error) as e:
        sys.exit("format_reader: %s" % e)
