# SPDX-License-Identifier: BSD-2-Clause
"""The service of the benchmark: a request computes a little, calls what lets go of the GIL, and waits for
something as if it were a database. For gunicorn as service_app:app; alone as service_app.py PORT."""
import json
import sys
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ORDERS = json.dumps([{"id": i, "price": i * 7 % 101, "name": "order %d" % i} for i in range(200)])
PAGE = bytes(range(256)) * 256


def answer():
    orders = json.loads(ORDERS)
    time.sleep(0.002)
    check = 0
    for i in range(8):
        check = zlib.crc32(PAGE, check + i)
    orders.sort(key=lambda order: (order["price"], order["id"]))
    return json.dumps({"check": check, "first": orders[:20]}).encode()


def app(_environ, start_response):
    body = answer()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = answer()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
