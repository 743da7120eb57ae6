# SPDX-License-Identifier: BSD-2-Clause
"""The collector starts by itself while JSON is encoded: an allocation was one too many. How long it took, it says itself.

collected.py      spans.py has the protocol; the one name is "collector"
"""
import gc
import json
import time

import spans

took = []
started = []


class Node:
    def __init__(self):
        self.me = [self]


def encode(rows, kept):
    for row in rows:
        kept.extend([Node(), Node(), Node()])
        json.dumps({"id": row, "tags": ["a", "b"]})


def push():
    kept = []
    while not spans.STOP:
        if len(kept) > 200000:
            kept.clear()
        encode(range(1000), kept)
        time.sleep(0.01)


def note(phase, _info):
    if phase == "start":
        started.append(spans.clock())
    else:
        took.append(("collector", started.pop(), spans.clock()))


gc.callbacks.append(note)
gc.set_threshold(700, 2, 2)
spans.main([push, spans.ping], took)
