# SPDX-License-Identifier: BSD-2-Clause
"""Clients of a web server that may be reloaded and whose workers may be killed: ask.py PORT CLIENTS STOP

Each asks again and again on a new connection, until the file STOP is there. Prints "ready" after the first answer, and at
the end how many there were and how many questions had none.
"""

import http.client
import os
import socket
import sys
import threading
import time

PORT, STOP = int(sys.argv[1]), sys.argv[3]
answers, failures, first = [], [], threading.Event()


def ask():
    c = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
    try:
        c.request("GET", "/")
        if c.getresponse().read() == b"ok\n":
            answers.append(1)
            first.set()
            return
    except (OSError, socket.timeout, http.client.HTTPException):
        time.sleep(0.01)
    finally:
        c.close()
    failures.append(1)


def client():
    while not os.path.exists(STOP):
        ask()


clients = [threading.Thread(target=client) for _ in range(int(sys.argv[2]))]
for t in clients:
    t.start()
first.wait()
print("ready", flush=True)
for t in clients:
    t.join()
print("answers", len(answers), "failures", len(failures), flush=True)
