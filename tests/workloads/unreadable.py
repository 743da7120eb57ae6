# SPDX-License-Identifier: BSD-2-Clause
"""A threaded program that makes it hard to look into it: unreadable.py KIND

  page   its list of interpreters is on a page that never comes (userfaultfd; needs root)
  table  functions whose line tables have 15 MB, all of it to be passed before the first line
"""

import ctypes
import fcntl
import mmap
import os
import platform
import struct
import sys
import threading
import time

KIND = sys.argv[1]
PAGES = 4


def spin():
    x = 0
    while True:
        for i in range(10000):
            x += i


def page_that_never_comes():
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall({"x86_64": 323, "aarch64": 282}[platform.machine()], os.O_CLOEXEC)
    if fd < 0:
        sys.exit("no userfaultfd: " + os.strerror(ctypes.get_errno()))
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + 3 * [ctypes.c_int] + [ctypes.c_long]
    addr = libc.mmap(None, PAGES * mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_WRITE,
                     mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    fcntl.ioctl(fd, 0xC018AA3F, bytearray(struct.pack("QQQ", 0xAA, 0, 0)))  # UFFDIO_API
    register = struct.pack("QQQQ", addr, PAGES * mmap.PAGESIZE, 1, 0)  # .. MISSING
    fcntl.ioctl(fd, 0xC020AA00, bytearray(register))  # UFFDIO_REGISTER
    return addr


def hide_interpreters():
    page = page_that_never_comes()
    runtime = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))
    ctypes.pythonapi.PyInterpreterState_Main.restype = ctypes.c_void_p
    main = ctypes.pythonapi.PyInterpreterState_Main()
    for off in range(0, 1024, 8):
        word = ctypes.c_uint64.from_address(runtime + off)
        if word.value == main:  # interpreters.head comes before interpreters.main
            word.value = page
            return
    sys.exit("no list of interpreters found")


def with_long_table(number):
    source = "def f%d():\n x = 0\n while True:\n  for i in range(10000):\n   x += i\n" % number
    names = {}
    exec(compile(source, "table.py", "exec"), names)
    f = names["f%d" % number]
    # One entry with 15 MB of columns, then the real ones.
    table = b"\xf0" + bytes(15 << 20) + f.__code__.co_linetable
    f.__code__ = f.__code__.replace(co_linetable=table)
    return f


targets = [spin] * 3
if KIND == "table":
    targets = [with_long_table(i) for i in range(8)]
for target in targets:
    threading.Thread(target=target, daemon=True).start()
if KIND == "page":
    hide_interpreters()
print("ready", flush=True)
time.sleep(1000)
