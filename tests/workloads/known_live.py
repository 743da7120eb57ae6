# SPDX-License-Identifier: BSD-2-Clause
"""Threads that want or hold the GIL at exactly one line each, and what the interpreter says itself.

known_live.py [SPINNERS]

Each case below ends in a loop on a single line that blocks in C or computes: wherever the thread is
made to let go of the GIL or to wait for it, the stack is the same. That stack is taken from
sys._current_frames() before anybody measures. Prints one line of JSON:
{"pid", "threads": [{"tid", "name", "kind": "nap" | "spin", "frames": [[function, file, line], ..]}, ..]}
with the outermost frame first, and ends at end of file on stdin. Runs on Python 3.7 and later, also as
python -c SOURCE.
"""
import ctypes
import functools
import json
import os
import platform
import sys
import threading
import time

NAP_S = 0.002
RUN = [True]
TEXT = "a b c d e f g h " * 30
HERE = os.path.abspath(os.__file__)
READY = threading.Semaphore(0)
TIDS = {}
CASES = []


def gettid():
    if hasattr(threading, "get_native_id"):
        return threading.get_native_id()
    return ctypes.CDLL(None).syscall({"x86_64": 186, "aarch64": 178}[platform.machine()])


def case(fn, kind="nap"):
    CASES.append((fn.__name__, kind, fn))
    return fn


def leaf(*_args):
    READY.release()
    while RUN[0]: time.sleep(NAP_S)  # noqa: E701
    return 0


@case
def plain():
    READY.release()
    while RUN[0]: time.sleep(NAP_S)  # noqa: E701


@case
def stat_files():
    READY.release()
    while RUN[0]: (os.stat(HERE), os.listdir("/"), time.sleep(NAP_S))  # noqa: E701


@case
def nested():
    def inner():
        leaf()
    inner()


class Thing:
    def method(self):
        leaf()

    @classmethod
    def from_class(cls):
        leaf()

    @property
    def attribute(self):
        return leaf()

    def __len__(self):
        return leaf()


@case
def method():
    Thing().method()


@case
def class_method():
    Thing.from_class()


@case
def property_():
    Thing().attribute


@case
def dunder_from_c():
    len(Thing())


@case
def lambdas():
    (lambda: (lambda x: leaf(x))(1))()


@case
def list_comprehension():
    [leaf() for _ in (1,)]


@case
def dict_comprehension():
    {k: leaf() for k in (1,)}


@case
def generator_expression():
    list(leaf() for _ in (1,))


@case
def generator():
    def gen():
        yield 1
        READY.release()
        while RUN[0]: time.sleep(NAP_S)  # noqa: E701
        yield 2

    def delegate():
        yield from gen()

    for _ in delegate():
        pass


@case
def coroutine():
    async def bottom():
        leaf()

    async def trunk():
        await bottom()

    try:
        trunk().send(None)
    except StopIteration:
        pass


@case
def sorted_key():
    sorted([1], key=leaf)


@case
def map_reduce():
    functools.reduce(lambda a, b: a + leaf(), map(lambda x: x, [1, 2]))


@case
def through_c_many_times():
    def down(n):
        if not n:
            return leaf()
        return list(map(down, [n - 1]))

    down(30)


@case
def recursion_100():
    def down(n):
        if n:
            return down(n - 1)
        return leaf()

    down(100)


@case
def recursion_300():
    def down(n):
        if n:
            return down(n - 1)
        return leaf()

    down(300)


@case
def handler():
    try:
        raise ValueError(1)
    except ValueError:
        leaf()


def define(name, filename, source):
    """A case whose code comes from a file of that name."""
    scope = {"leaf": leaf}
    exec(compile(source, filename, "exec"), scope)
    CASES.append((name, "nap", scope["f"]))


define("latin1", "/tmp/dossier-\xe9/na\xefve.py",
       "def \xe9t\xe9():\n leaf()\ndef f():\n\n\n \xe9t\xe9()\n")
define("ucs2", "/tmp/\u65e5\u672c/\u30d5\u30a1\u30a4\u30eb.py",
       "def \u65e5\u672c\u8a9e():\n\n leaf()\ndef f():\n \u65e5\u672c\u8a9e()\n")
define("ucs4", "/tmp/\U0001f40d/snake.py",
       "def \U00010330\U00010331():\n\n\n leaf()\ndef f():\n \U00010330\U00010331()\n")
define("long_gaps", "/tmp/gaps.py",
       "def f():\n x = 1\n" + "\n" * 300 + " x = 2\n" + "\n" * 70000 + " leaf()\n")


# ---- who holds ---------------------------------------------------------------------------------------
def spin():
    READY.release()
    while RUN[0]: len(TEXT.split())  # noqa: E701


def spin_in_key():
    def key(_):
        READY.release()
        while RUN[0]: len(TEXT.split())  # noqa: E701
        return 0
    sorted([1], key=key)


def spin_in_generator():
    def gen():
        READY.release()
        while RUN[0]: len(TEXT.split())  # noqa: E701
        yield 1
    for _ in gen():
        pass


SPINNERS = [spin, spin_in_key, spin_in_generator]


# ---- what the interpreter says -----------------------------------------------------------------------
def stack_of(frame):
    ret = []
    while frame is not None:
        code = frame.f_code
        ret.append([getattr(code, "co_qualname", code.co_name), code.co_filename, frame.f_lineno])
        frame = frame.f_back
    return ret[::-1]


def stacks():
    frames = sys._current_frames()
    ret = {ident: stack_of(frames[ident]) for ident in TIDS}
    del frames
    return ret


def run_case(fn):
    TIDS[threading.get_ident()] = gettid()
    fn()


def main():
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    for fn in SPINNERS[:wanted]:
        case(fn, "spin")
    sys.setrecursionlimit(2000)
    threading.stack_size(16 << 20)
    threads = []
    for name, kind, fn in CASES:
        thread = threading.Thread(target=run_case, args=(fn,), name="case-" + name, daemon=True)
        thread.start()
        READY.acquire()
        threads.append((thread, kind))
    # All are in their loops when two looks agree.
    seen = None
    while stacks() != seen:
        seen = stacks()
        time.sleep(0.1)
    truth = [{"tid": TIDS[t.ident], "name": t.name, "kind": kind, "frames": seen[t.ident]}
             for t, kind in threads]
    os.write(1, (json.dumps({"pid": os.getpid(), "threads": truth}) + "\n").encode())
    while os.read(0, 4096):
        pass
    RUN[0] = False
    for thread, _ in threads:
        thread.join()


main()
