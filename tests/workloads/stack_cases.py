# SPDX-License-Identifier: BSD-2-Clause
"""Kinds of Python frames, one function each: what the workloads with known stacks have in common.

Not a module: known_parked.py and known_live.py are run as python -c SOURCE, in whatever root their
interpreter has, with this before them (tests/e2e/known.py). Each case ends in leaf(), which they
define. Runs on Python 3.7 and later.
"""
import functools
import json
import os
import platform
import sys
import threading
import time

RUN = [True]
TIDS = {}
CASES = []


def gettid():
    if hasattr(threading, "get_native_id"):
        return threading.get_native_id()
    import ctypes  # 3.7; later ones need not have it
    return ctypes.CDLL(None).syscall({"x86_64": 186, "aarch64": 178}[platform.machine()])


def case(fn, name=None):
    CASES.append((name or fn.__name__, fn))
    return fn


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

    @staticmethod
    def static():
        leaf()

    @property
    def attribute(self):
        return leaf()

    def __len__(self):
        return leaf()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        leaf()

    def __del__(self):
        if getattr(self, "park_at_end", False):
            leaf()


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
def recursion_300():
    def down(n):
        if n:
            return down(n - 1)
        return leaf()

    down(300)


def define(name, filename, source):
    """A case whose code comes from a file of that name."""
    exec(compile(source, filename, "exec"), globals())
    case(globals().pop("f"), name)


define("latin1", "/tmp/dossier-\xe9/na\xefve.py",
       "def \xe9t\xe9():\n leaf()\ndef f():\n\n\n \xe9t\xe9()\n")
define("ucs2", "/tmp/\u65e5\u672c/\u30d5\u30a1\u30a4\u30eb.py",
       "def \u65e5\u672c\u8a9e():\n\n leaf()\ndef f():\n \u65e5\u672c\u8a9e()\n")
define("ucs4", "/tmp/\U0001f40d/snake.py",
       "def \U00010330\U00010331():\n\n\n leaf()\ndef f():\n \U00010330\U00010331()\n")
define("long_gaps", "/tmp/gaps.py",
       "def f():\n x = 1\n" + "\n" * 300 + " x = 2\n" + "\n" * 70000 + " leaf()\n")


# ---- what the interpreter says ---------------------------------------------------------------------
def stack_of(frame):
    ret = []
    while frame is not None:
        code = frame.f_code
        ret.append([getattr(code, "co_qualname", code.co_name), code.co_filename,
                    frame.f_lineno or 0])
        frame = frame.f_back
    return ret


def run_case(fn):
    TIDS[threading.get_ident()] = gettid()
    fn()
