# SPDX-License-Identifier: BSD-2-Clause
"""perfetto and pprof, as protoc and go tool pprof read them, against giltop report --json. Says what differs, and fails."""
import collections
import json
import re
import sys

STATES = {"Waiting for GIL": "wait_ns", "Has GIL": "hold_ns", "Yielding": "yield_ns"}
SHORT = {"Short waits": "wait_ns", "Short holds": "hold_ns", "Short yields": "yield_ns"}
BEGIN, END, COUNTER = 1, 2, 4


def summary(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f][-1]


def differ(have, want):
    return "\n".join("%s: %s, not %s" % (key, have.get(key), want.get(key)) for key in sorted(have.keys() | want.keys(), key=str)
                     if have.get(key) != want.get(key))


def unescape(text):
    return text[1:-1].encode().decode("unicode_escape").encode("latin-1").decode("utf-8")


def messages(lines):
    """Of protobuf's text format: each outermost message as a dict of lists."""
    stack = [collections.defaultdict(list)]
    for line in lines:
        line = line.strip()
        if line.endswith("{"):
            child = collections.defaultdict(list)
            stack[-1][line[:-1].strip()].append(child)
            stack.append(child)
        elif line == "}":
            stack.pop()
            if len(stack) == 1:
                yield stack[0].popitem()[1][0]
        else:
            key, _, value = line.partition(": ")
            stack[-1][key].append(value)


def one(message, key, default="0"):
    return message[key][0] if key in message else default


class Trace:
    """What a reader of a trace makes of it."""

    def __init__(self, lines):
        self.tracks, self.names, self.threads, self.clocks = {}, {}, {}, {}
        self.functions, self.frames, self.stacks, self.sources = {}, {}, {}, {}
        self.sums = collections.Counter()
        self.samples = collections.Counter()
        self.open, self.out, self.into, self.stack_cnt = {}, set(), set(), 0
        self.counters = collections.defaultdict(list)
        self.slices = collections.defaultdict(list)
        for packet in messages(lines):
            self.take(packet)

    def intern(self, data, seq):
        for entry in data["event_names"]:
            self.names[one(entry, "iid")] = unescape(one(entry, "name"))
        for entry in data["function_names"]:
            self.functions[seq, one(entry, "iid")] = unescape(one(entry, "str"))
        for entry in data["frames"]:
            self.frames[seq, one(entry, "iid")] = self.functions[seq, one(entry, "function_name_id")]
        for entry in data["callstacks"]:
            self.stacks[seq, one(entry, "iid")] = [self.frames[seq, i] for i in entry["frame_ids"]]

    def take(self, packet):
        seq = one(packet, "trusted_packet_sequence_id")
        at = int(one(packet, "timestamp"))
        for data in packet["interned_data"]:
            self.intern(data, seq)
        for defaults in packet["trace_packet_defaults"]:
            assert one(packet, "sequence_flags") == "1" and one(defaults, "timestamp_clock_id") == "3", packet
            for samples in defaults["stack_sample_defaults"]:
                assert one(samples["primary_descriptor"][0], "unit") == "1", samples
                self.sources[seq] = unescape(one(samples, "source"))
        for snapshot in packet["clock_snapshot"]:
            self.clocks = {one(c, "clock_id"): int(one(c, "timestamp")) for c in snapshot["clocks"]}
        for track in packet["track_descriptor"]:
            self.describe(track)
        for event in packet["track_event"]:
            assert seq == "1", packet
            self.event(event, at)
        for sample in packet["stack_sample"]:
            assert self.stacks[seq, one(sample, "callstack_iid")], sample
            task = sample["task_context"][0]
            self.samples[int(one(task, "pid")), int(one(task, "tid")), self.sources[seq]] += int(one(sample, "primary_weight"))

    def describe(self, track):
        uuid = one(track, "uuid")
        if track["thread"]:
            thread = track["thread"][0]
            self.threads[uuid] = int(one(thread, "pid")), int(one(thread, "tid"))
            self.names[self.threads[uuid]] = unescape(one(thread, "thread_name", '""'))
        self.tracks[uuid] = one(track, "parent_uuid"), unescape(one(track, "name", '""'))

    def event(self, event, at):
        uuid, kind = one(event, "track_uuid"), int(one(event, "type"))
        assert uuid in self.tracks, "no track %s" % uuid
        if kind == COUNTER:
            self.counters[uuid].append((at, int(one(event, "counter_value"))))
        elif kind == BEGIN:
            assert uuid not in self.open, "a slice within a slice"
            self.open[uuid] = self.names[one(event, "name_iid")], at, event
            self.out.update(event["flow_ids"])
            self.into.update(event["terminating_flow_ids"])
            if event["callstack_iid"]:
                assert self.stacks["1", one(event, "callstack_iid")]
                self.stack_cnt += 1
        elif kind == END:
            name, start, begin = self.open.pop(uuid)
            pid, tid = self.threads[self.tracks[uuid][0]]
            self.slices[uuid].append((start, at))
            if name in STATES:
                self.sums[pid, tid, STATES[name]] += at - start
            else:
                notes = {one(n, "name_iid"): n for n in begin["debug_annotations"]}
                self.sums[pid, tid, SHORT[name]] += int(one(notes["10"], "uint_value"))


def integral(counters, end):
    return sum(cnt * (then - at) for events in counters.values() for (at, cnt), (then, _) in zip(events, events[1:] + [(end, 0)]))


def check_perfetto(live, *options):
    total, trace = summary(live), Trace(sys.stdin)
    want, stacks = collections.Counter(), collections.Counter()
    for proc in total["processes"]:
        for t in proc["threads"]:
            for key in STATES.values():
                want[proc["pid"], t["tid"], key] += t[key] or 0
        for s in proc["stacks"]:
            stacks[proc["pid"], s["tid"] or 0, "giltop." + s["kind"]] += s["ns"]
    assert +trace.sums == +want, differ(+trace.sums, +want)
    assert +trace.samples == +stacks, differ(+trace.samples, +stacks)
    for list_ in trace.slices.values():
        list_.sort()
        assert all(a[1] <= b[0] for a, b in zip(list_, list_[1:])), "slices overlap"
    assert trace.clocks["6"] >= trace.clocks["3"] and trace.clocks["1"] > 1.7e18, trace.clocks
    assert trace.stack_cnt and trace.into <= trace.out
    if "segments" not in options:
        assert trace.into, "nothing was handed over"
        waited = sum(n for key, n in want.items() if key[2] == "wait_ns")
        assert integral(trace.counters, total["start_ns"] + total["duration_ns"]) == waited, "the counter of waiters"
    pids = [proc["pid"] for proc in total["processes"]]
    for proc in total["processes"]:
        for t in proc["threads"] if pids.count(proc["pid"]) == 1 else ():
            assert trace.names.get((proc["pid"], t["tid"]), t["name"]) == t["name"], t["name"]
    if "two-gils" in options:
        assert any(name.startswith("gil 1") for _, name in trace.tracks.values()), "no track of a second GIL"


UNITS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "mins": 60e9}


def pprof_ns(text):
    number, unit = re.match(r"([\d.]+)([a-z]*)$", text).groups()
    return float(number) * UNITS[unit or "ns"]


def check_pprof(live, kind):
    """On stdin: go tool pprof -unit=ns -tags -sample_index=KIND, and the same of -top."""
    want, by_thread = 0, collections.Counter()
    for proc in summary(live)["processes"]:
        names = {t["tid"]: t["name"] for t in proc["threads"]}
        for s in proc["stacks"]:
            if s["kind"] == {"delay": "wait"}.get(kind, kind):
                want += s["ns"]
                by_thread[names.get(s["tid"], "[other threads]")] += s["ns"]
    text = sys.stdin.read()
    shown = re.search(r"of ([\d.]+[a-z]*) total", text)
    assert want and shown and pprof_ns(shown.group(1)) == want, "-top has %s, not %d" % (shown and shown.group(1), want)
    part = text[text.index(" thread: Total"):]
    have = {name: pprof_ns(ns) for ns, name in re.findall(r"^ +([\d.]+[a-z]*) \([^)]*\): (.*)$", part.split("\n\n")[0], re.M)}
    assert have == {k: v for k, v in by_thread.items() if v}, differ(have, by_thread)


def check_raw(live):
    """On stdin: go tool pprof -raw. All values of all samples, and the names of the run."""
    sums = [0] * 6
    text = sys.stdin.read()
    for line in re.findall(r"^ +((?:\d+ +){5}\d+): ", text, re.M):
        sums = [a + int(b) for a, b in zip(sums, line.split())]
    want = [0] * 6
    for proc in summary(live)["processes"]:
        for s in proc["stacks"]:
            at = 2 * ("wait", "hold", "blame").index(s["kind"])
            want[at] += s["count"]
            want[at + 1] += s["ns"]
    assert sums == want, "%s, not %s" % (sums, want)
    assert "<module>" in text or "Thread" in text, "names are gone"


if __name__ == "__main__":
    {"perfetto": check_perfetto, "pprof": check_pprof, "raw": check_raw}[sys.argv[1]](*sys.argv[2:])
