# SPDX-License-Identifier: BSD-2-Clause
"""Two pairs of threads that pass one byte back and forth: as many GIL cycles as there can be.

pingpong.py [ROUND_TRIPS]
"""
import socket
import threading

import parked

PAIRS = 2


def ping(sock, rounds):
    for _ in range(rounds):
        sock.send(b"x")
        sock.recv(1)


def pong(sock, rounds):
    for _ in range(rounds):
        sock.recv(1)
        sock.send(b"x")


def load(rounds):
    threads = []
    socks = []
    for i in range(PAIRS):
        a, b = socket.socketpair()
        socks += [a, b]
        threads.append(threading.Thread(target=ping, name="ping-%d" % i, args=(a, rounds)))
        threads.append(threading.Thread(target=pong, name="pong-%d" % i, args=(b, rounds)))
    parked.run_all(threads)
    for sock in socks:
        sock.close()


if __name__ == "__main__":
    parked.main(load, 25000)
