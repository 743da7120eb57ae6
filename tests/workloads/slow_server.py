# SPDX-License-Identifier: BSD-2-Clause
"""An HTTP server on loopback that takes its time: what a worker waits for that does I/O.

    slow_server.py

Answers each request after THINK_S with a small JSON document, as many at a time as there are connections. Says
"ready PORT"; ends at end of file on stdin.
"""
import asyncio
import json
import sys

THINK_S = 0.05
BODY = json.dumps({"rows": [{"id": i, "name": "row %d" % i} for i in range(20)]}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


async def serve(reader, writer):
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            await asyncio.sleep(THINK_S)
            writer.write(ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the client has gone
    finally:
        writer.close()


async def main():
    loop = asyncio.get_running_loop()
    end = loop.create_future()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print("ready %d" % server.sockets[0].getsockname()[1], flush=True)
    loop.add_reader(sys.stdin, lambda: end.done() or end.set_result(None))
    await end
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
