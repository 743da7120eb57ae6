# SPDX-License-Identifier: BSD-2-Clause
"""compare.py TABLE PAGE: what demo-compare printed and the page that it wrote are the same four rows, and tell threads
from processes as they must on every machine, whatever else runs there."""
import re
import sys

ROW = re.compile(r"^(I/O|CPU), 4 (threads|processes)  +([\d.]+) +([\d.]+) x +(\d+) %(?:, median (\d+) %)? +"
                 r"([\d.]+) +(\d+) % +(\d+) MB$", re.M)
CASES = [("I/O", "threads"), ("I/O", "processes"), ("CPU", "threads"), ("CPU", "processes")]


def rows_of(text):
    rows = {}
    for found in ROW.finditer(text):
        rate, times, held, _, waiting, cpu, memory = (float(group or 0) for group in found.groups()[2:])
        rows[found.group(1, 2)] = {"rate": rate, "times": times, "held": held, "waiting": waiting, "cpu": cpu,
                                   "memory": memory, "median": found.group(6)}
    return rows


def check(text, page):
    rows = rows_of(text)
    assert list(rows) == CASES, list(rows)
    for (work, kind), row in rows.items():
        assert row["rate"] > 0 and row["times"] > 0 and row["memory"] > 1, row
        assert row["cpu"] <= 101 and row["held"] <= 100, row
        assert (row["median"] is not None) == (kind == "processes"), row
        assert re.search(r"^  %s, 4 %s: \w.* " % (work, kind), text, re.M), (work, kind)
    threads, processes = rows["CPU", "threads"], rows["CPU", "processes"]
    assert threads["held"] > 90 and threads["waiting"] > 1, threads
    assert processes["waiting"] < 1, processes
    for kind in ("threads", "processes"):
        assert rows["I/O", kind]["held"] < 50 and rows["I/O", kind]["waiting"] < 1, rows["I/O", kind]
    for work in ("I/O", "CPU"):
        assert rows[work, "processes"]["memory"] > rows[work, "threads"]["memory"], rows
    # The second, where other programs leave it hardly any CPU.
    assert re.search(r"^  CPU, 4 threads: (The GIL is the bottleneck: held|Too few CPUs: )", text, re.M)
    check_page(text, page)


def check_page(text, page):
    for line in ROW.finditer(text):
        cells = re.split("  +", line.group())
        assert "| %s |" % " | ".join(cells) in page, cells
    for verdict in re.findall(r"^  ((?:I/O|CPU), 4 \w+: .*)", text, re.M):
        assert "- %s\n" % verdict in page, verdict
    assert "`sudo scripts/demo-compare --page`" in page
    assert page.count("\n> giltop ") == 2
    assert page.count("\n> **") == 2
    assert "pool.py threads cpu 4`" in page and "/python3" not in page


def main():
    with open(sys.argv[1], encoding="utf-8") as table, open(sys.argv[2], encoding="utf-8") as page:
        check(table.read(), page.read())


main()
