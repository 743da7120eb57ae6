# SPDX-License-Identifier: BSD-2-Clause
"""Threads parked in all kinds of functions, and what the interpreter itself says where they are.

Run by stacks_truth.py with the interpreter under test (any from 3.7 on). Prints one line of JSON:
{"threads": [{"tid", "name", "frames": [[function, file, line], ..]}, ..]}, innermost frame first;
then waits for a line on stdin, prints the next (same threads running and never parked), and so on.
"""
import functools
import gc
import json
import platform
import sys
import threading
import time

HOLD = threading.Lock()
HOLD.acquire()
STARTED = threading.Semaphore(0)
TIDS = {}
RUN = [False]


def gettid():
    if hasattr(threading, "get_native_id"):
        return threading.get_native_id()
    import ctypes  # 3.7; later ones need not have it
    return ctypes.CDLL(None).syscall({"x86_64": 186, "aarch64": 178}[platform.machine()])


def park(*_args):
    """Where all threads end up: blocked in C, called from here."""
    STARTED.release()
    with HOLD:
        pass
    HOLD.acquire()
    return 0


def spin(until):
    n = 0
    while time.time() < until:
        n += sum(map(int, "12345"))
    return n


# ---- the cases: each is a function that parks somewhere below ------------------------------------
CASES = []


def case(fn):
    CASES.append((fn.__name__, fn))
    return fn


@case
def frame_being_set_up():
    """In 3.11 the collector can run while cells are made: a frame that the interpreter hides.

    The first case, and started alone: whoever allocates next runs the collector.
    """
    class Cycle:
        def __init__(self):
            self.me = self

        def __del__(self):
            gc.set_threshold(700, 10, 10)
            park()

    def with_cells(a, b):
        return lambda: a + b

    gc.disable()
    gc.collect()
    Cycle()
    gc.set_threshold(1, 1, 1)
    gc.enable()
    with_cells(1, 2)
    gc.collect()


@case
def plain():
    park()


@case
def nested():
    def inner():
        def innermost():
            park()
        innermost()
    inner()


class Thing:
    def method(self):
        park()

    @classmethod
    def from_class(cls):
        park()

    @staticmethod
    def static():
        park()

    @property
    def attribute(self):
        return park()

    def __len__(self):
        return park()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        park()

    def __del__(self):
        if getattr(self, "park_at_end", False):
            park()


@case
def method():
    Thing().method()


@case
def class_method():
    Thing.from_class()


@case
def static_method():
    Thing.static()


@case
def property_():
    Thing().attribute


@case
def dunder_from_c():
    len(Thing())


@case
def context_exit():
    with Thing():
        time.sleep(0)


@case
def finaliser():
    t = Thing()
    t.park_at_end = True
    del t


@case
def lambdas():
    (lambda: (lambda x: park(x))(1))()


@case
def list_comprehension():
    [park() for _ in (1,)]


@case
def dict_comprehension():
    {k: park() for k in (1,)}


@case
def generator_expression():
    list(park() for _ in range(2))


@case
def generator():
    def gen():
        yield 1
        yield park()

    def delegate():
        yield from gen()

    for _ in delegate():
        pass


@case
def coroutine():
    async def leaf():
        park()

    async def trunk():
        await leaf()

    try:
        trunk().send(None)
    except StopIteration:
        pass


@case
def sorted_key():
    sorted([2, 1], key=park)


@case
def map_reduce():
    functools.reduce(lambda a, b: a + park(), map(lambda x: x, [1, 2]))


@case
def through_c_many_times():
    def down(n):
        if not n:
            return park()
        return list(map(down, [n - 1]))

    down(40)


@case
def recursion_300():
    def down(n):
        if n:
            return down(n - 1)
        return park()

    down(300)


@case
def many_lines_in_one_call():
    print(
        "",
        end="".join(
            [
                "",
                str(
                    park()
                )[:0],
            ]
        )
    )


@case
def handler_and_finally():
    try:
        try:
            raise ValueError(1)
        except ValueError:
            park()
    finally:
        RUN[0] = RUN[0]


@case
def closures_with_many_cells():
    a = b = c = d = e = f = g = 1

    def inner():
        def more():
            return a + b + c + d + e + f + g + park()
        return more()

    inner()


@case
def class_body():
    class Body:
        x = park()

    return Body


def define(name, filename, source):
    """A case whose code comes from a file of that name."""
    scope = {"park": park}
    exec(compile(source, filename, "exec"), scope)
    CASES.append((name, scope["f"]))


define("latin1", "/tmp/dossier-\xe9/na\xefve.py",
       "def \xe9t\xe9():\n park()\ndef f():\n\n\n \xe9t\xe9()\n")
define("ucs2", "/tmp/\u65e5\u672c/\u30d5\u30a1\u30a4\u30eb.py",
       "def \u65e5\u672c\u8a9e():\n\n park()\ndef f():\n \u65e5\u672c\u8a9e()\n")
define("ucs4", "/tmp/\U0001f40d/snake.py",
       "def \U00010330\U00010331():\n\n\n park()\ndef f():\n \U00010330\U00010331()\n")
define("normalised", "/tmp/norm.py",
       "def \U0001d518\U0001d52b\U0001d526():\n park()\ndef f():\n \U0001d518\U0001d52b\U0001d526()\n")
define("long_gaps", "/tmp/gaps.py",
       "def f():\n x = 1\n" + "\n" * 300 + " x = 2\n" + "\n" * 70000 + " park()\n")
define("big_function", "/tmp/big.py",
       "def f():\n x = 0\n" + "".join(" x = x + %d\n" % (i % 7) for i in range(9000)) + " park()\n")
define("backwards", "/tmp/back.py",
       "def f():\n return (0 if\n\n\n\n\n\n"
       + "\n" * 200 + "  park() else\n  1)\n")
define("long_name", "/tmp/" + "d" * 180 + "/x.py",
       "def f():\n def " + "n" * 300 + "():\n  park()\n " + "n" * 300 + "()\n")


# ---- what the interpreter says ---------------------------------------------------------------------
def stack_of(frame):
    ret = []
    while frame is not None:
        code = frame.f_code
        ret.append([getattr(code, "co_qualname", code.co_name), code.co_filename,
                    frame.f_lineno or 0])
        frame = frame.f_back
    return ret


def report():
    frames = sys._current_frames()
    threads = []
    for t in threading.enumerate():
        if t.ident in TIDS and t is not threading.current_thread():
            threads.append({"tid": TIDS[t.ident], "name": t.name,
                            "frames": stack_of(frames[t.ident])})
    del frames
    sys.stdout.write(json.dumps({"threads": threads}) + "\n")
    sys.stdout.flush()


def run_case(fn):
    TIDS[threading.get_ident()] = gettid()
    fn()


def run_hot(fn):
    TIDS[threading.get_ident()] = gettid()
    while RUN[0]:
        fn(time.time() + 0.01)


def hot_recursive(until):
    def down(n):
        return down(n - 1) if n else spin(until)
    return down(50)


def hot_generator(until):
    def gen():
        while time.time() < until:
            yield sorted([3, 1, 2], key=lambda x: -x)
    for _ in gen():
        pass


def coordinator():
    """Report from a thread of its own, so that the main thread can be looked at, too."""
    for _ in range(len(CASES)):
        STARTED.acquire()
    time.sleep(0.3)  # all of them are past the release and blocked
    report()
    sys.stdin.readline()
    RUN[0] = True
    for fn in (spin, hot_recursive, hot_generator):
        threading.Thread(target=run_hot, args=(fn,), daemon=True).start()
    time.sleep(0.1)
    sys.stdout.write(json.dumps({"hot": ["spin", "hot_recursive", "hot_generator"]}) + "\n")
    sys.stdout.flush()
    sys.stdin.readline()
    RUN[0] = False
    time.sleep(0.1)
    DONE.release()


def start_threads():
    threading.stack_size(16 << 20)
    for i, (name, fn) in enumerate(CASES):
        threading.Thread(target=run_case, args=(fn,), name="case-" + name, daemon=True).start()
        if i == 0:
            STARTED.acquire()
            STARTED.release()
    TIDS[threading.get_ident()] = gettid()
    threading.Thread(target=coordinator, daemon=True).start()


sys.setrecursionlimit(2000)
DONE = threading.Lock()
DONE.acquire()
start_threads()
DONE.acquire()
