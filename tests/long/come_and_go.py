# SPDX-License-Identifier: BSD-2-Clause
"""A hundred threads a second that live for some ten milliseconds and contend, beside four that stay."""
import os
import threading
import time


def count(times):
    n = 0
    for i in range(times):
        n += i * i


def stay():
    while True:
        count(2000)
        time.sleep(0.002)


def come_and_go():
    for _ in range(3):
        count(3000)
        time.sleep(0.003)


def main():
    for i in range(4):
        threading.Thread(target=stay, name="stay-%d" % i, daemon=True).start()
    print("ready", os.getpid(), flush=True)
    number, at = 0, time.monotonic()
    while True:
        threading.Thread(target=come_and_go, name="request-%d" % number, daemon=True).start()
        number += 1
        at += 0.01
        time.sleep(max(0, at - time.monotonic()))


main()
