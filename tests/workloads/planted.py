# SPDX-License-Identifier: BSD-2-Clause
"""A service with one thing wrong, which is known: planted.py KIND [MS]

Two quick waiters, and what makes them wait, in the function planted():
  sleep MS     native code that sleeps with the GIL       spin MS   native code that runs with it
  python MS    Python code under a switch interval of MS  open      one call that does not come back
  small        many short holds                           collect   full garbage collections
  executor     200 tasks at a time for 8 threads          request   a new thread for each request
  spread       one function among 40 of a pool            library   a library's function that it calls
"""

import concurrent.futures
import ctypes
import gc
import json
import sys
import threading
import time

KIND = sys.argv[1]
SECONDS = float(sys.argv[2]) / 1000 if len(sys.argv) > 2 else 0
LIBC = ctypes.PyDLL(None)


def compute(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(200):
            pass


def sized(seconds):
    """So many numbers that adding them up takes as long."""
    some = list(range(100_000))
    best = 1e9
    for _ in range(20):
        start = time.perf_counter()
        sum(some)
        best = min(best, time.perf_counter() - start)
    return list(range(max(1000, int(100_000 * seconds / best))))


NUMBERS = sized(SECONDS) if KIND == "spin" else []


def planted():
    if KIND == "sleep":
        LIBC.usleep(int(SECONDS * 1e6))
    elif KIND == "spin":
        sum(NUMBERS)
    elif KIND == "open":
        time.sleep(1)  # all have started
        LIBC.usleep(1_000_000_000)
    elif KIND == "collect":
        gc.collect()
    else:
        end = time.monotonic() + (0.00005 if KIND == "small" else 0.004)
        while time.monotonic() < end:
            for _ in range(200):  # Python code
                pass


def forever():
    while True:
        planted()
        if KIND != "python":
            time.sleep(0 if KIND == "small" else 0.001)


def waits():
    while True:
        compute(0.00002)
        time.sleep(0.002)


def executor():
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        while True:
            for f in [pool.submit(planted) for _ in range(200)]:
                f.result()


def request():
    while True:
        threads = [threading.Thread(target=planted) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()


def library():
    data = {str(i): [i, {"a": i}] for i in range(3000)}
    while True:
        json.dumps(data, indent=1)  # the library's own Python code
        time.sleep(0.001)


WORK = """def work_{}():
    end = time.monotonic() + 0.002
    while time.monotonic() < end:
        for _ in range(200):
            pass
"""


def spread(n):
    names = {}
    for i in range(40):
        exec(WORK.format(i), globals(), names)
    todo = list(names.values())[n::2]
    while True:
        for f in todo:
            f()


def main():
    if KIND == "python":
        sys.setswitchinterval(SECONDS)
    if KIND == "collect":
        gc.disable()
        main.junk = [[i] for i in range(300_000)]
    if KIND == "executor":
        makers = [threading.Thread(target=executor, name="front")]
    elif KIND == "request":
        makers = [threading.Thread(target=request, name="front")]
    elif KIND == "library":
        makers = [threading.Thread(target=library, name="writer")]
    elif KIND == "spread":
        makers = [threading.Thread(target=spread, args=(i,), name=f"part-{i}") for i in range(2)]
    else:
        makers = [threading.Thread(target=forever, name=f"maker-{i}") for i in range(1 if KIND in ("open", "collect") else 2)]
    for t in [threading.Thread(target=waits, name=f"quick-{i}") for i in range(2)] + makers:
        t.daemon = True
        t.start()
    print("ready", flush=True)
    threading.Event().wait()


main()
