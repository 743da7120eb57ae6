# SPDX-License-Identifier: BSD-2-Clause
"""names.py JSON TRUTH: has every thread of TRUTH ("TID NAME SECONDS") that lived more than 20 ms its name in the summary?"""
import json
import sys

LIVED = 0.02


def main(report, truth):
    with open(report) as f:
        last = json.loads(f.read().splitlines()[-1])
    names = {t["tid"]: t["name"] for p in last["processes"] for t in p["threads"]}
    wrong = 0
    with open(truth) as f:
        for line in f:
            tid, name, lived = line.split()
            if float(lived) > LIVED and names.get(int(tid)) != name:
                print("%s lived %s s, is called %s" % (name, lived, names.get(int(tid))))
                wrong += 1
    return wrong


sys.exit(1 if main(*sys.argv[1:]) else 0)
