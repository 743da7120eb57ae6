# SPDX-License-Identifier: BSD-2-Clause
"""A load whose answer is known: what the oracle itself is checked with (tests/oracle/selfcheck.py).

known.py [ROUNDS]

The thread "sorter" keeps the GIL in one C call (a sort, tens of ms), then sleeps; "waiter" wakes up
within each sort and has to wait for the rest of it. Both measure this themselves with perf_counter.
Prints "times SORT_NS LATE_NS": the time in sorts, and by how much the waiter woke late.
"""
import random
import threading
import time

import parked

NAP_S = 0.030


def sorter(rows, rounds, turn, times):
    for _ in range(rounds):
        turn.release()
        time.sleep(NAP_S / 2)  # the waiter is in its nap now
        start = time.perf_counter()
        sorted(rows)
        times.append(time.perf_counter() - start)
        time.sleep(2 * NAP_S)


def waiter(rounds, turn, late):
    for _ in range(rounds):
        turn.acquire()
        start = time.perf_counter()
        time.sleep(NAP_S)
        late.append(time.perf_counter() - start - NAP_S)


def load(rounds):
    rows = [random.random() for _ in range(300000)]
    turn, times, late = threading.Semaphore(0), [], []
    parked.run_all([
        threading.Thread(target=sorter, args=(rows, rounds, turn, times)),
        threading.Thread(target=waiter, args=(rounds, turn, late)),
    ])
    parked.say("times %d %d\n" % (sum(times) * 1e9, sum(late) * 1e9))


if __name__ == "__main__":
    parked.main(load, 10)
