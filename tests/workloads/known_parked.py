# SPDX-License-Identifier: BSD-2-Clause
"""Threads parked in all kinds of functions, and what the interpreter itself says where they are.

Run by stacks_truth.py, with stack_cases.py before it. Prints one line of JSON:
{"threads": [{"tid", "name", "frames": [[function, file, line], ..]}, ..]}, innermost frame first;
then waits for a line on stdin, prints the next (same threads running and never parked), and so on.
"""
import gc

HOLD = threading.Lock()
HOLD.acquire()
STARTED = threading.Semaphore(0)


def leaf(*_args):
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


# ---- more cases ------------------------------------------------------------------------------------
def frame_being_set_up():
    """In 3.11 the collector can run while cells are made: a frame that the interpreter hides.

    The first case, and started alone: whoever allocates next runs the collector.
    """
    class Cycle:
        def __init__(self):
            self.me = self

        def __del__(self):
            gc.set_threshold(700, 10, 10)
            leaf()

    def with_cells(a, b):
        return lambda: a + b

    gc.disable()
    gc.collect()
    Cycle()
    gc.set_threshold(1, 1, 1)
    gc.enable()
    with_cells(1, 2)
    gc.collect()


CASES.insert(0, ("frame_being_set_up", frame_being_set_up))


@case
def plain():
    leaf()


@case
def static_method():
    Thing.static()


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
def generator():
    def gen():
        yield 1
        yield leaf()

    def delegate():
        yield from gen()

    for _ in delegate():
        pass


@case
def many_lines_in_one_call():
    print(
        "",
        end="".join(
            [
                "",
                str(
                    leaf()
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
            leaf()
    finally:
        RUN[0] = RUN[0]


@case
def closures_with_many_cells():
    a = b = c = d = e = f = g = 1

    def inner():
        def more():
            return a + b + c + d + e + f + g + leaf()
        return more()

    inner()


@case
def class_body():
    class Body:
        x = leaf()

    return Body


define("normalised", "/tmp/norm.py",
       "def \U0001d518\U0001d52b\U0001d526():\n leaf()\ndef f():\n \U0001d518\U0001d52b\U0001d526()\n")
define("big_function", "/tmp/big.py",
       "def f():\n x = 0\n" + "".join(" x = x + %d\n" % (i % 7) for i in range(9000)) + " leaf()\n")
define("backwards", "/tmp/back.py",
       "def f():\n return (0 if\n\n\n\n\n\n"
       + "\n" * 200 + "  leaf() else\n  1)\n")
define("long_name", "/tmp/" + "d" * 180 + "/x.py",
       "def f():\n def " + "n" * 300 + "():\n  leaf()\n " + "n" * 300 + "()\n")


# ---- what the interpreter says ---------------------------------------------------------------------
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
