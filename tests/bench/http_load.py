# SPDX-License-Identifier: BSD-2-Clause
"""Requests at a rate, whether the service keeps up or not: a request that has to wait for a connection
is as late as it is. http_load.py PORT says "ready"; each line "RATE SECONDS" is answered with a line of
JSON: latencies in ns. RATE 0: one after the other on each connection, as many as go."""
import json
import random
import select
import socket
import sys
import time

CONNECTIONS = 8
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Connection:
    def __init__(self, port):
        self.port = port
        self.sock = None
        self.since = 0
        self.data = b""

    def fileno(self):
        return self.sock.fileno()

    def send(self, since):
        if not self.sock:
            self.sock = socket.create_connection(("127.0.0.1", self.port))
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.since, self.data = since, b""
        self.sock.sendall(REQUEST)

    def receive(self):
        """Whether the answer is complete."""
        try:
            more = self.sock.recv(65536)
        except ConnectionResetError:
            more = b""
        self.data += more
        head, found, body = self.data.partition(b"\r\n\r\n")
        if not more and self.data:
            raise ConnectionError("the service closed a connection in the middle of an answer")
        if not more:  # it had been idle for too long
            self.sock.close()
            self.sock = None
            self.send(self.since)
            return False
        if not found:
            return False
        fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:])
        if len(body) < int(fields[b"content-length"]):
            return False
        if fields.get(b"connection") == b"close":
            self.sock.close()
            self.sock = None
        return True


def run(connections, rate, seconds):
    """The moments of the requests are drawn before anything else happens, as independent users' are."""
    now = due = time.monotonic()
    end = now + seconds
    idle, busy, took = list(connections), [], []
    while now < end or busy:
        while idle and due <= now < end:
            connection = idle.pop()
            connection.send(due if rate else now)
            busy.append(connection)
            due += random.expovariate(rate) if rate else 0
        # Without a free connection the next request waits for an answer, which ends select() itself.
        wait = max(due - now, 0) if idle and now < end else 1
        for connection in select.select(busy, [], [], wait)[0]:
            if connection.receive():
                took.append(time.monotonic() - connection.since)
                busy.remove(connection)
                idle.append(connection)
        now = time.monotonic()
    return [int(t * 1e9) for t in took]


def main():
    connections = [Connection(int(sys.argv[1])) for _ in range(CONNECTIONS)]
    print("ready", flush=True)
    for line in sys.stdin:
        rate, seconds = (float(word) for word in line.split())
        print(json.dumps(run(connections, rate, seconds)), flush=True)


if __name__ == "__main__":
    main()
