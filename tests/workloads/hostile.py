# SPDX-License-Identifier: BSD-2-Clause
"""Threads, functions and files whose names try to break whoever writes them down.

hostile.py [SECONDS]: runs for SECONDS (60), or until end of file on stdin. Python 3.8 and later.
"""
import os
import select
import sys
import threading
import time

RUN = [True]
NAMES = [
    "a;b 12", "two\nlines 7", "\x1b[31mred\x1b]0;title\x07", "x 99", ";", " ", "", "--", "[other]", "[x] 5",
    "tab\there", "nul\0byte", "<b>&amp;\"'</b>", "]]>", "\x80\x9b31m", "\u202eright to left", "\u2028line",
    "\ufffe\uffff", "\ud800", "\u200b\u200b", "n" * 4096, "\u65e5\u672c\u8a9e 3", "%s%n%d", "a\\nb", "\r 1",
    "</script><img src=x onerror=pwned=1>", "<script>pwned=1</script>", "\"><svg onload=pwned=1>", "javascript:pwned=1", "${pwned=1}", "=1+1",
]
FILES = [
    "a;b 12.py", "/tmp/two\nlines 7", "", " 5", "/", "dir 3/", "\x1b[2J.py", "f" * 4096 + ".py", "x)y (1",
    "\ud800.py", "\u202e.py", "<&>.py", "\u65e5\u672c.py",
]
SOURCE = """
def napping(inner):
    while RUN[0]: time.sleep(0.001)
def spinning(inner):
    while RUN[0]: len(TEXT.split())
def calling(inner):
    return inner(None)
"""


def renamed(fn, name, filename):
    code = fn.__code__
    more = {"co_name": name, "co_filename": filename}
    if hasattr(code, "co_qualname"):
        more["co_qualname"] = name
    return type(fn)(code.replace(**more), fn.__globals__, name or "x")


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    scope = {"RUN": RUN, "time": time, "TEXT": "a b c " * 99}
    exec(SOURCE, scope)
    threads = []
    for i, name in enumerate(NAMES):
        filename = FILES[i % len(FILES)]
        work = renamed(scope["spinning" if i % 8 == 0 else "napping"], name, filename)
        call = renamed(scope["calling"], NAMES[-i - 1], FILES[-(i % len(FILES)) - 1])
        threads.append(threading.Thread(target=call, args=(work,), name=name or " ", daemon=True))
    for thread in threads:
        thread.start()
    os.write(1, b"ready %d\n" % os.getpid())
    select.select([0], [], [], seconds)
    RUN[0] = False
    for thread in threads:
        thread.join()


main()
