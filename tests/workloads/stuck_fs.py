# SPDX-License-Identifier: BSD-2-Clause
"""A file system with one file that at some time nobody can open any more: stuck_fs.py FILE DIR FLAG

DIR/python has the bytes of FILE, until FLAG exists: from then on who opens it waits for ever (as from a server that is
gone). Just enough of the FUSE protocol (linux/fuse.h) for that; needs root.
"""

import ctypes
import os
import struct
import sys

FILE, DIR, FLAG = sys.argv[1:]
INIT, LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS = 26, 1, 2, 3, 14, 15, 17
RELEASE, FLUSH, INTERRUPT, BATCH_FORGET = 18, 25, 36, 42
ENOENT, ENOSYS = 2, 38

data = open(FILE, "rb").read()
fuse = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % fuse
if libc.mount(b"stuck", DIR.encode(), b"fuse", 0, options.encode()):
    sys.exit("cannot mount: " + os.strerror(ctypes.get_errno()))


def attributes(node):
    mode, size = (0o40755, 4096) if node == 1 else (0o100755, len(data))
    times = struct.pack("QQQIII", 0, 0, 0, 0, 0, 0)
    return struct.pack("QQQ", node, size, (size + 511) // 512) + times + \
        struct.pack("IIIIIII", mode, 1, 0, 0, 0, 4096, 0)


def answer(unique, body=b"", error=0):
    os.write(fuse, struct.pack("IiQ", 16 + len(body), -error, unique) + body)


print("ready", flush=True)
while True:
    try:
        request = os.read(fuse, 1 << 20)
    except OSError:
        break  # unmounted
    _, opcode, unique, node = struct.unpack_from("IIQQ", request)
    body = request[40:]
    if opcode == INIT:
        answer(unique, struct.pack("IIIIHHII", 7, 31, 1 << 17, 0, 16, 12, 1 << 17, 1) + bytes(36))
    elif opcode == LOOKUP and body.rstrip(b"\0") == b"python":
        answer(unique, struct.pack("QQQQII", 2, 1, 1000, 1000, 0, 0) + attributes(2))
    elif opcode == LOOKUP:
        answer(unique, error=ENOENT)
    elif opcode == GETATTR:
        answer(unique, struct.pack("QII", 1000, 0, 0) + attributes(node))
    elif opcode == OPEN and os.path.exists(FLAG):
        continue  # for ever
    elif opcode == OPEN:
        answer(unique, struct.pack("QII", 1, 2, 0))  # FOPEN_KEEP_CACHE
    elif opcode == READ:
        _, offset, size = struct.unpack_from("QQI", body)
        answer(unique, data[offset:offset + size])
    elif opcode == STATFS:
        answer(unique, bytes(80))
    elif opcode in (FLUSH, RELEASE):
        answer(unique)
    elif opcode not in (FORGET, BATCH_FORGET, INTERRUPT):
        answer(unique, error=ENOSYS)
