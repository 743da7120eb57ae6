#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Stands in for giltop in the tests of the judge: says what the oracle says, and lies on demand.

FAKE_LIE=NAME adds one to that figure of the busiest thread.
"""
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))

import oracle_log  # noqa: E402
import test_compare  # noqa: E402

pid = int(sys.argv[sys.argv.index("-p") + 1])
stopped = []
signal.signal(signal.SIGINT, lambda *_: stopped.append(True))
with open("/proc/%d/environ" % pid, "rb") as f:
    env = dict(entry.partition(b"=")[::2] for entry in f.read().split(b"\0"))
start_ns = time.monotonic_ns()
print(json.dumps({"type": "meta", "v": 1}), flush=True)
while not stopped:
    time.sleep(0.02)
summary = test_compare.summary_of(oracle_log.OracleFile(env[b"GILTOP_ORACLE"]).log())
process = summary["processes"][0]
process["pid"] = pid
lie = os.environ.get("FAKE_LIE")
if lie:
    max(process["threads"], key=lambda t: t["acquisitions"])[lie] += 1
print(json.dumps(summary), flush=True)
