# SPDX-License-Identifier: BSD-2-Clause
"""Loads that run for a time and say how much they did: {"ops": N}; load.py adds their CPU time.

  read      os.read of one byte from /dev/zero: GIL cycles without contention, as fast as they can be
  crc       zlib.crc32 of 5,200 bytes: the shortest piece of work for which zlib lets go of the GIL
  pingpong  two pairs of threads that pass a byte to and fro: an operation is a round trip
  queue     a producer and a consumer at a queue.Queue: an operation is an item
  spin4     four threads that compute: an operation is a thousand passes
"""
import os
import queue
import socket
import threading
import time
import zlib

import parked

ZERO = os.open("/dev/zero", os.O_RDONLY)
BLOCK = bytes(5200)
BATCH = 200
# A cycle that took longer was interrupted by something else than probes: another program had the CPU.
CUT_NS = 200_000


def read(end):
    fd, func, count = ZERO, os.read, 0
    while not count or time.monotonic() < end:
        for _ in range(BATCH):
            func(fd, 1)
        count += BATCH
    return count


def crc(end):
    block, func, count = BLOCK, zlib.crc32, 0
    while not count or time.monotonic() < end:
        for _ in range(BATCH):
            func(block)
        count += BATCH
    return count


def pingpong(end):
    counts, socks, threads = [], [], []

    def ping(sock):
        count = 0
        while not count or time.monotonic() < end:
            for _ in range(50):
                sock.send(b"x")
                sock.recv(1)
            count += 50
        sock.shutdown(socket.SHUT_RDWR)
        counts.append(count)

    def pong(sock):
        while sock.recv(1):
            try:
                sock.send(b"x")
            except BrokenPipeError:
                break

    for _ in range(2):
        pair = socket.socketpair()
        socks += pair
        threads += [threading.Thread(target=func, args=(sock,)) for func, sock in zip((ping, pong), pair)]
    parked.run_all(threads)
    for sock in socks:
        sock.close()
    return sum(counts)


def through_queue(end):
    items, counts = queue.Queue(100), []

    def produce():
        count = 0
        while not count or time.monotonic() < end:
            for _ in range(BATCH):
                items.put(count)
            count += BATCH
        items.put(None)
        counts.append(count)

    def consume():
        while items.get() is not None:
            pass

    parked.run_all([threading.Thread(target=func) for func in (produce, consume)])
    return sum(counts)


def spin4(end):
    counts = []

    def compute():
        count = 0
        while not count or time.monotonic() < end:
            for _ in range(1000):
                pass
            count += 1
        counts.append(count)

    parked.run_all([threading.Thread(target=compute) for _ in range(4)])
    return sum(counts)


LOOPS = {"read": read, "crc": crc, "pingpong": pingpong, "queue": through_queue, "spin4": spin4}


def loop(name, seconds):
    return {"ops": LOOPS[name](time.monotonic() + seconds)}


def cycles(seconds, work):
    """GIL cycles with so many passes of an empty loop between them. Each is clocked: what probes add is
    seen beside a load that computes most of the time, whose own noise is a hundred times as large."""
    fd, func, clock, passes = ZERO, os.read, time.perf_counter_ns, range(work)
    count = kept = kept_ns = 0
    cpu = time.thread_time_ns()
    start = now = clock()
    end = start + int(seconds * 1e9)
    while now < end:
        for _ in passes:
            pass
        begin = clock()
        func(fd, 1)
        now = clock()
        count += 1
        if now - begin < CUT_NS:
            kept += 1
            kept_ns += now - begin
    return {"ops": count, "cycle_ns": kept_ns / max(kept, 1), "cpu_ns": time.thread_time_ns() - cpu,
            "wall_ns": now - start}


def chunks(seconds, work, chunk_s):
    """The same in short pieces, one after the other."""
    end = time.monotonic() + seconds
    done = []
    while not done or time.monotonic() < end:
        done.append(cycles(chunk_s, work))
    return {"chunks": done}
