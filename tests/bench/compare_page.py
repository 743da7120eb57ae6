# SPDX-License-Identifier: BSD-2-Clause
"""What compare.py measured, as a table for a terminal and as doc/threads-or-processes.md."""
import textwrap

WORK = {"io": "I/O", "cpu": "CPU"}
BUSY = 0.2  # of the machine: others' share from which on it is said

# What a cell holds: the words of the page are longer, its figures the same.
COLUMNS = [  # terminal, page, text of a row
    ("pieces/s", "work done, pieces/s", lambda row: "%.1f" % row["rate"]),
    ("x one", "against one worker", lambda row: "%.1f x" % row["times"]),
    ("GIL held", "GIL held", lambda row: held(row)),
    ("waiting", "threads waiting", lambda row: "%.1f" % row["waiting"]),
    ("CPU used", "CPU used, of the machine", lambda row: percent(row["cpu"])),
    ("memory", "memory", lambda row: "%.0f MB" % (row["pss"] / 1e6)),
]


def percent(share):
    return "%.0f %%" % (share * 100)


def held(row):
    """Of the threads' one GIL; of the processes' the busiest, and the one in the middle."""
    if row["held_cnt"] == 1:
        return percent(row["held"])
    return "%s, median %s" % (percent(row["held"]), percent(row["held_median"]))


def name(row):
    return "%s, %d %s" % (WORK[row["work"]], row["workers"], row["kind"])


def table(rows):
    lines = [[""] + [column[0] for column in COLUMNS]]
    lines += [[name(row)] + [column[2](row) for column in COLUMNS] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = ["  ".join([line[0].ljust(widths[0])] + [cell.rjust(w) for cell, w in zip(line[1:], widths[1:])]).rstrip()
            for line in lines]
    return text + ["", "giltop says:"] + ["  %s: %s" % (name(row), row["verdict"]) for row in rows]


def remarks(facts, rows):
    """What a reader must know before comparing."""
    found = []
    if facts["cpus"] == 1:
        found.append("There is only one CPU to run on: processes cannot do more than threads here.")
    busiest = max(row["others"] for row in rows)
    if busiest > BUSY:
        found.append("Other programs used up to %s of this machine meanwhile: it does less than it could." % percent(busiest))
    lost = sum(row["lost"] for row in rows)
    if lost:
        found.append("giltop lost %d events: its times are too small." % lost)
    return found


LEGEND = """
A piece of I/O is a request to a slow server and its answer, a piece of CPU parses lines in pure Python.
x one: against one worker. GIL held: of processes the busiest worker's. waiting: threads that wait for
a GIL, on average. CPU used: of the whole machine. memory: of all processes of the pool.
I/O: threads do as much and take less memory. CPU: threads share one GIL, processes have one each.
"""


def notes(facts, rows):
    return LEGEND.rstrip("\n").split("\n") + remarks(facts, rows)


def wrapped(text):
    return "\n\n".join(textwrap.fill(" ".join(part.split()), 110, break_on_hyphens=False, break_long_words=False)
                       for part in text.strip().split("\n\n")) + "\n"


def quoted(text):
    return "\n".join(("> " + line).rstrip() for line in text.splitlines())


def page_table(rows):
    lines = [["", *(column[1] for column in COLUMNS)], [" --- "] + [" ---: "] * len(COLUMNS)]
    lines += [[name(row)] + [column[2](row) for column in COLUMNS] for row in rows]
    return "\n".join("|%s|" % "|".join(line) if line[1] == " ---: " else "| %s |" % " | ".join(line) for line in lines)


HEAD = """
**Threads for what waits, processes for what computes.** CPython runs the Python code of one thread at a time: the one that
holds the GIL. A thread that waits for a network, a disk or a database lets go of it meanwhile, so many threads can wait side by
side, in one process, with one copy of everything. Threads that compute in Python take turns: ten of them do the work of one.
Processes have a GIL each, and a copy of everything each.
"""

HOW = """
The same work was given to a `ThreadPoolExecutor` and to a `ProcessPoolExecutor` of {workers} workers each, while giltop looked at
it. A piece of I/O is an HTTP request over loopback to a server that takes its time, a piece of CPU parses lines in pure Python
(`tests/workloads/pool.py`). Measured for {seconds:g} s each, with the pools at work before, on {machine} with {cpus} CPU{s}, CPython
{python}, by `sudo scripts/demo-compare --page`, which makes this page again; `sudo make demo-compare` shows the same of your
machine. Times differ by as much as machines do: compare rows.
"""

READ = """
## How to read it

**threads waiting** is the column that decides: how many threads want to run Python code and cannot, on average, for
another one of their process holds the GIL. It is the *load* of giltop's header without the one that holds. **GIL held**
is the share of the time in which somebody held it: of the busiest worker process, and of the one in the middle.
**memory** is the PSS of all processes of the pool: what they share counts once.

- *I/O, threads*: the GIL is hardly held, waits for it are short. More threads would do more, at the price of a stack each.
- *I/O, processes*: the same work in {more_memory:.1f} times the memory. There was nothing to win. (What
  giltop's sentence is about here is the pool's own process, the busiest of them: it hands out the work.)
- *CPU, threads*: the GIL is held all the time, and all workers but one wait for it. More threads wait more.
- *CPU, processes*: each GIL is held as long as its worker has work, but nobody waits for it: a held GIL alone is no trouble. The
  limit is the number of CPUs now. A worker without a CPU keeps its GIL meanwhile.
"""

BUT = """
## When the rule does not hold

- **C code that lets go of the GIL**: numpy's large operations, zlib, hashlib, lzma, most image and compression libraries compute
  without it. Threads are as fast as processes then, and nothing has to be copied between them. giltop shows a GIL that is held
  little although CPUs are busy. C code that does *not* let go is worse than Python code: a long *max hold* shows it.
- **A little of both**: a service that mostly waits, with one thread that computes. The others wait behind it, a switch
  interval each time. **BLAME%** says which thread it is: move that one to a process, leave the rest.
- **Free-threaded builds** (3.13t and newer): there is no GIL to wait for, threads compute side by side. Until a module turns it
  on again; giltop says which of both it is.
- **Short work**: a process has to be started, its modules imported, and each piece and its result are pickled and sent. For
  small pieces that is dearer than the work. Start pools once, send large pieces.
- **Memory of preloaded workers**: what is loaded before a fork is shared until somebody writes to it, and counting a reference
  writes. `gc.freeze()` before the fork helps, `spawn` and `forkserver` share nothing of the parent's. Here the workers had little
  to load: an application multiplies what its workers touch.
- **Programs without GIL trouble**: if nobody waits for the GIL in `sudo giltop -p PID`, neither is the answer.
"""


def page(facts, rows):
    io = [row for row in rows if row["work"] == "io"]
    cpu = [row for row in rows if row["work"] == "cpu"]
    parts = ["# Threads or processes?\n", wrapped(HEAD),
             wrapped(HOW.format(s="" if facts["cpus"] == 1 else "s", **facts)), page_table(rows) + "\n"]
    parts += [wrapped("**%s**" % remark) for remark in remarks(facts, rows)]
    parts += ["In giltop's words:\n", "\n".join("- %s: %s" % (name(row), row["verdict"]) for row in rows) + "\n",
              READ.strip().format(more_memory=io[1]["pss"] / io[0]["pss"]) + "\n"]
    parts += ["## What giltop shows\n",
              "`giltop --markdown -s -p PID`, of both pools that compute. %s:\n" % name(cpu[0]), quoted(cpu[0]["text"]) + "\n",
              name(cpu[1]) + ":\n", quoted(cpu[1]["text"]) + "\n", BUT.strip() + "\n"]
    return "\n".join(parts)
