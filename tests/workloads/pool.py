# SPDX-License-Identifier: BSD-2-Clause
"""The same work for threads or for processes: a pool of concurrent.futures that always has something to do.

    pool.py threads|processes io|cpu WORKERS [PORT]

  io    a piece is a request to slow_server.py at PORT and its answer, over a connection that each worker keeps
  cpu   a piece parses lines in pure Python

Says "ready PID" when every worker has done a piece. Answers each line with {"pieces": done so far, "ns": when (of the
monotonic clock), "workers": [pids]}; ends at end of file. Runs on Python 3.7 and later.
"""
import concurrent.futures
import http.client
import json
import os
import sys
import threading
import time

LINE = ";".join("key%d=%d" % (i, i * 7919) for i in range(40))
LINES_A_PIECE = 1000
AHEAD = 4  # pieces under way or in the queue, for each worker: who finishes one finds the next
own = threading.local()


def request(port):
    if not hasattr(own, "connection"):
        own.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    own.connection.request("GET", "/rows")
    return len(json.loads(own.connection.getresponse().read())["rows"])


def parse_line(line):
    fields = {}
    for pair in line.split(";"):
        key, _, value = pair.partition("=")
        fields[key] = int(value) if value.isdigit() else value
    return fields


def parse_lines(count):
    return sum(len(parse_line(LINE)) for _ in range(count))


def piece(function, argument):
    """Who did it: (pid, thread)."""
    function(argument)
    return os.getpid(), threading.get_ident()


class Score:
    """Written by the main thread alone: no lock that somebody could hold while he waits for the GIL."""

    def __init__(self):
        self.pieces = 0
        self.workers = set()

    def add(self, done):
        self.workers.update(future.result() for future in done)
        self.pieces += len(done)

    def text(self):
        return json.dumps({"pieces": self.pieces, "ns": time.monotonic_ns(),
                           "workers": sorted({pid for pid, _ in self.workers})})


def answer(score, stopping):
    for _ in sys.stdin:
        print(score.text(), flush=True)
    stopping.set()


def main():
    kind, work, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    job = (request, int(sys.argv[4])) if work == "io" else (parse_lines, LINES_A_PIECE)
    pools = {"threads": concurrent.futures.ThreadPoolExecutor, "processes": concurrent.futures.ProcessPoolExecutor}
    score, stopping, ready = Score(), threading.Event(), False
    with pools[kind](count) as pool:
        pending = set()
        while not stopping.is_set():
            while len(pending) < AHEAD * count:
                pending.add(pool.submit(piece, *job))
            done, pending = concurrent.futures.wait(pending, return_when=concurrent.futures.FIRST_COMPLETED)
            score.add(done)
            if not ready and len(score.workers) == count:
                ready = True
                print("ready %d" % os.getpid(), flush=True)
                threading.Thread(target=answer, args=(score, stopping), name="answers", daemon=True).start()


if __name__ == "__main__":
    main()
