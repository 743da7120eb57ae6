# SPDX-License-Identifier: BSD-2-Clause
"""Print the files of the standard library that the guest needs, relative to its lib/python3.x.

modules.py ROOT: run by the interpreter that will be in the guest. What is not installed for want of a
shared library (_hashlib, _bz2, _lzma) is left out, the modules above have a way to do without.
"""
import os
import sys

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [REPO + "/tests/" + d for d in ("e2e", "oracle", "workloads")]

import contextlib  # noqa: E402,F401
import encodings.ascii  # noqa: E402,F401
import encodings.latin_1  # noqa: E402,F401
import io  # noqa: E402,F401
import site  # noqa: E402,F401

import accuracy  # noqa: E402,F401
import compare  # noqa: E402,F401
import mixed  # noqa: E402,F401

stdlib = os.path.dirname(os.__file__) + "/"
for module in list(sys.modules.values()):
    path = getattr(module, "__file__", None) or ""
    if path.startswith(stdlib) and os.path.basename(path).split(".")[0] not in ("_hashlib", "_bz2", "_lzma"):
        print(path[len(stdlib):])
