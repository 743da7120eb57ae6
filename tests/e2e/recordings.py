#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a recording must be equal to: recordings.py CHECK FILE.."""
import json
import sys


def lines(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def differences(a, b, at=""):
    if type(a) is not type(b):
        yield f"{at}: {a!r} {b!r}"
    elif isinstance(a, dict):
        for k in sorted(set(a) | set(b)):
            if k in a and k in b:
                yield from differences(a[k], b[k], f"{at}.{k}")
            else:
                yield f"{at}.{k}: only in one"
    elif isinstance(a, list):
        if len(a) != len(b):
            yield f"{at}: {len(a)} and {len(b)} of them"
        for i, (x, y) in enumerate(zip(a, b)):
            yield from differences(x, y, f"{at}[{i}]")
    elif a != b:
        yield f"{at}: {a!r} {b!r}"


def same(live, played):
    """All records, field by field, but the moments' order is that of the lines."""
    a, b = lines(live), lines(played)
    for text in list(differences(a, b))[:20]:
        print(text)
    return a == b and len(a) > 2


def main():
    check, *files = sys.argv[1:]
    return 0 if {"same": same}[check](*files) else 1


if __name__ == "__main__":
    sys.exit(main())
