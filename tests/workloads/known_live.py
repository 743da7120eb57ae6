# SPDX-License-Identifier: BSD-2-Clause
"""Threads that want or hold the GIL at exactly one line each, and what the interpreter says itself.

known_live.py [SPINNERS]

Each case below ends in a loop on a single line that blocks in C or computes: wherever the thread is
made to let go of the GIL or to wait for it, the stack is the same. That stack is taken from
sys._current_frames() before anybody measures. Prints one line of JSON:
{"pid", "threads": [{"tid", "name", "kind": "nap" | "spin", "frames": [[function, file, line], ..]}, ..]}
with the outermost frame first, and ends at end of file on stdin. Run by blame.py, with stack_cases.py before
it.
"""
NAP_S = 0.002
TEXT = "a b c d e f g h " * 30
HERE = os.path.abspath(os.__file__)
READY = threading.Semaphore(0)


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
def recursion_100():
    def down(n):
        if n:
            return down(n - 1)
        return leaf()

    down(100)


@case
def handler():
    try:
        raise ValueError(1)
    except ValueError:
        leaf()


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
def stacks():
    frames = sys._current_frames()
    ret = {ident: stack_of(frames[ident])[::-1] for ident in TIDS}
    del frames
    return ret


def main():
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    for fn in SPINNERS[:wanted]:
        case(fn)
    sys.setrecursionlimit(2000)
    threading.stack_size(16 << 20)
    threads = []
    for name, fn in CASES:
        thread = threading.Thread(target=run_case, args=(fn,), name="case-" + name, daemon=True)
        thread.start()
        READY.acquire()
        threads.append((thread, "spin" if fn in SPINNERS else "nap"))
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
