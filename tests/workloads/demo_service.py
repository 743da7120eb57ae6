# SPDX-License-Identifier: BSD-2-Clause
"""A small service with a GIL problem, to look at with giltop.

demo_service.py [SECONDS]

  http-1       answers a request every 5 ms over a local socket; each needs some 20 us of CPU, and
               writes down how long it took: what the users of the service feel
  feed-1, -2   parse a feed in pure Python, all day long
  checksum     hashes big blocks; hashlib lets go of the GIL, so this one is innocent
  report       four times a second one C call (a sort) that keeps the GIL for about 20 ms

Runs for SECONDS, or until SIGTERM, SIGINT, or end of file on a pipe or terminal at stdin; then prints
the latencies of http-1.
"""
import hashlib
import os
import random
import select
import signal
import socket
import stat
import sys
import threading
import time

REPORT_HOLD_S = 0.020
REQUEST_EVERY_S = 0.005
stopping = threading.Event()


def parse_line(line):
    fields = {}
    for pair in line.split(";"):
        key, _, value = pair.partition("=")
        fields[key] = int(value) if value.isdigit() else value
    return fields


def parse_feed():
    line = ";".join("key%d=%d" % (i, i * 7919) for i in range(40))
    while not stopping.is_set():
        for _ in range(50):
            parse_line(line)


def checksum_blocks():
    block = bytes(range(256)) * 8192
    while not stopping.is_set():
        hashlib.sha256(block).hexdigest()
        time.sleep(0.005)


def sort_rows(rows):
    return sorted(rows)


def make_rows():
    """So many random numbers that sorting them takes REPORT_HOLD_S."""
    size = 20000
    while True:
        rows = [random.random() for _ in range(size)]
        best = min(timed(sort_rows, rows) for _ in range(3))
        if best >= REPORT_HOLD_S:
            return rows[:max(1000, int(size * REPORT_HOLD_S / best))]
        size *= 2


def timed(function, *args):
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def render_report(rows):
    while not stopping.wait(0.25):
        sort_rows(rows)


def handle_request(client, server):
    client.send(b"GET / HTTP/1.1\r\n\r\n")
    request = server.recv(512)
    server.send(b"HTTP/1.1 200 OK\r\n\r\n" + request[:3])
    return client.recv(512)


def serve_requests(latencies):
    """One request is due every REQUEST_EVERY_S; its latency counts from then."""
    client, server = socket.socketpair()
    due = time.perf_counter()
    while not stopping.is_set():
        due = max(due + REQUEST_EVERY_S, time.perf_counter())
        time.sleep(max(0.0, due - time.perf_counter()))
        handle_request(client, server)
        latencies.append(time.perf_counter() - due)
    client.close()
    server.close()


def print_latencies(latencies):
    latencies = sorted(latencies) or [0.0]
    print("io latency of http-1, %d requests:" % len(latencies), end="")
    for name, q in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0)):
        value = latencies[min(len(latencies) - 1, int(q * len(latencies)))]
        print("  %s %.2f ms" % (name, value * 1e3), end="")
    print(flush=True)


def wait_for_stop(seconds):
    """Until SIGTERM, SIGINT, the time is up, or stdin ends (if it is one that can end later)."""
    end = None if seconds is None else time.monotonic() + seconds
    mode = os.fstat(0).st_mode
    can_end = os.isatty(0) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
    while not stopping.is_set():
        left = 0.2 if end is None else min(0.2, end - time.monotonic())
        if left <= 0:
            return
        if not can_end:
            stopping.wait(left)
        elif select.select([0], [], [], left)[0] and not os.read(0, 4096):
            return


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else None
    for signo in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signo, lambda *_: stopping.set())
    latencies = []
    rows = make_rows()
    threads = [
        threading.Thread(target=serve_requests, name="http-1", args=(latencies,)),
        threading.Thread(target=parse_feed, name="feed-1"),
        threading.Thread(target=parse_feed, name="feed-2"),
        threading.Thread(target=checksum_blocks, name="checksum"),
        threading.Thread(target=render_report, name="report", args=(rows,)),
    ]
    for thread in threads:
        thread.start()
    print("ready %d" % os.getpid(), flush=True)
    wait_for_stop(seconds)
    stopping.set()
    for thread in threads:
        thread.join()
    print_latencies(latencies)


if __name__ == "__main__":
    main()
