# SPDX-License-Identifier: BSD-2-Clause
"""Pairs of threads that hand the GIL to each other, about RATE times a second in sum: handovers.py RATE

Each pair passes a byte to and fro, a burst every 10 ms; how long bursts are follows from how many were managed.
"""
import socket
import sys
import threading
import time

PAIRS, EVERY_S = 2, 0.01


def answer(sock):
    while sock.recv(1):
        sock.send(b"x")


def ask(sock, rate):
    due = time.monotonic()
    while True:
        for _ in range(int(rate * EVERY_S)):
            sock.send(b"x")
            sock.recv(1)
        due += EVERY_S
        late = due - time.monotonic()
        if late > 0:
            time.sleep(late)
        else:  # a burst took too long: the next one is due from now on
            due -= late


def main():
    rate = float(sys.argv[1]) / PAIRS / 2  # a round has two hand-overs at least
    for i in range(PAIRS):
        a, b = socket.socketpair()
        threading.Thread(target=answer, name=f"answer-{i}", args=(b,), daemon=True).start()
        threading.Thread(target=ask, name=f"ask-{i}", args=(a, rate), daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
