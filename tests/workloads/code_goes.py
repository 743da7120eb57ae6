# SPDX-License-Identifier: BSD-2-Clause
"""Code that runs once and is freed, the next one at its address: each piece's time is known.

code_goes.py rules      ten small rules are compiled and run in turn, "<rule-7>" takes 12 ms, each other one 1 ms
code_goes.py import     a new module every 0.2 s, "piece_N.py", whose body computes for 0.1 s
Runs on Python 3.7 and later; spans.py has the protocol.
"""
import importlib
import os
import shutil
import sys
import tempfile
import time

import spans

BODY = """import time
end = time.monotonic() + %s
while time.monotonic() < end:
    for i in range(50): pass
"""
took = []


def rules():
    turn = 0
    while not spans.STOP:
        name = "<rule-%d>" % (turn % 10)
        code = compile(BODY % (0.012 if turn % 10 == 7 else 0.001), name, "exec")
        start = spans.clock()
        exec(code, {})
        took.append((name, start, spans.clock()))
        del code
        turn += 1
        time.sleep(0.001)


def imports():
    folder = tempfile.mkdtemp()
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = True
    turn = 0
    while not spans.STOP:
        name = "piece_%d" % turn
        with open(os.path.join(folder, name + ".py"), "w") as f:
            f.write(BODY % 0.1)
        importlib.invalidate_caches()
        start = spans.clock()
        importlib.import_module(name)
        took.append((name + ".py", start, spans.clock()))
        turn += 1
        time.sleep(0.1)
    shutil.rmtree(folder)


spans.main([rules if sys.argv[1] == "rules" else imports, spans.ping], took)
