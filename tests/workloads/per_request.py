# SPDX-License-Identifier: BSD-2-Clause
"""A service that starts a thread for every request, as socketserver's ThreadingMixIn does; four clients ask.

per_request.py [REQUESTS]      of each client
"""
import socket
import threading

import parked

CLIENTS = 4


def answer(connection):
    with connection:
        size = len(connection.recv(100))
        connection.send(str(sum(range(300 * size))).encode())


def serve(listener, count):
    threads = []
    for _ in range(count):
        connection = listener.accept()[0]
        threads.append(threading.Thread(target=answer, args=(connection,)))
        threads[-1].start()
    for thread in threads:
        thread.join()


def ask(address, count):
    for _ in range(count):
        with socket.create_connection(address) as connection:
            connection.send(b"GET /")
            connection.recv(100)


def load(count):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        clients = [threading.Thread(target=ask, args=(listener.getsockname(), count)) for _ in range(CLIENTS)]
        parked.run_all([threading.Thread(target=serve, args=(listener, CLIENTS * count))] + clients)


if __name__ == "__main__":
    parked.main(load, 200)
