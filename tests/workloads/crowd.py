# SPDX-License-Identifier: BSD-2-Clause
"""Many processes of one interpreter, mostly idle: crowd.py PROCESSES THREADS BOARD [ring]

The first turns GIL cycles, os.read of one byte from /dev/zero, while it is asked to; each of the others has THREADS threads
that sleep, and take the GIL when they wake; ring: that hand a few tokens on to the next one, and only the first of them
sleeps, before it does. So the GIL goes to and fro among a thousand threads without all of them wanting it at once.

BOARD is a file of words of 8 bytes that all of them map: what is asked of them, and what the first has done (see the names
below). Prints "ready PID PID ..", the first one first; ends with its children at the end of standard input. Python 3.7
and later.
"""
import ctypes
import mmap
import os
import queue
import random
import signal
import sys
import threading
import time

CYCLING, NAP_US, CYCLES, CPU_NS = range(4)  # asked: 1 or 0, a thread's sleep; done: cycles, CPU time of the thread
BOARD_SZ = 4096
FIRST_NAP_US = 300000
BATCH = 200
TOKENS = 4
PR_SET_PDEATHSIG = 1


def map_board(path):
    with open(path, "r+b") as f:
        return memoryview(mmap.mmap(f.fileno(), BOARD_SZ)).cast("Q")


def turn_cycles(board):
    fd, func = os.open("/dev/zero", os.O_RDONLY), os.read
    while True:
        while not board[CYCLING]:
            time.sleep(0.02)
        for _ in range(BATCH):
            func(fd, 1)
        board[CYCLES] += BATCH
        board[CPU_NS] = time.thread_time_ns()


def nap(board):
    time.sleep(random.random() * board[NAP_US] / 1e6)  # not all at once
    while True:
        time.sleep(board[NAP_US] / 1e6)


def hand_on(number, gates, board):
    mine, following = gates[number].get, gates[(number + 1) % len(gates)].put
    while True:
        mine()
        if not number:
            time.sleep(board[NAP_US] / 1e6)
        following(None)


def ring(threads, board):
    threading.stack_size(128 * 1024)
    gates = [queue.SimpleQueue() for _ in range(threads)]
    for i in range(1, threads):
        threading.Thread(target=hand_on, name="ring-%d" % i, args=(i, gates, board), daemon=True).start()
    for _ in range(TOKENS):
        gates[0].put(None)
    hand_on(0, gates, board)


def live(number, threads, board, in_ring):
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if not number:
        turn_cycles(board)
    if in_ring:
        ring(threads, board)
    for i in range(1, threads):
        threading.Thread(target=nap, name="nap-%d" % i, args=(board,), daemon=True).start()
    nap(board)


def main():
    count, threads, board = int(sys.argv[1]), int(sys.argv[2]), map_board(sys.argv[3])
    board[NAP_US] = board[NAP_US] or FIRST_NAP_US
    pids = []
    for i in range(count):
        pid = os.fork()
        if not pid:
            live(i, threads, board, sys.argv[4:] == ["ring"])
        pids.append(pid)
    print("ready", *pids, flush=True)
    os.read(0, 1)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
