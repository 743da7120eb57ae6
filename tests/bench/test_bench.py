# SPDX-License-Identifier: BSD-2-Clause
"""The benchmark's arithmetic and its page, from made-up readings: python3 -m unittest test_bench."""
import json
import os
import tempfile
import unittest
import xml.etree.ElementTree as tree

import compare_page
import swing
from cycles import cost_ns
from page import write_page
from turns import AGAIN, BARE, Samples

ABOUT = {"machine": "x86_64", "kernel": "6.1.0-name-of-a-host", "cpus": 2, "title": "CPython 3.11.2", "quick": False,
         "python": "/somewhere/python3", "load_average": 0.5, "start": 1}
RATES = [1e3, 10e3, 1e6]
SWEEP = {"rates": RATES, "settle_s": 12, "auto_s": 10, "clock_percent": {"exact": 0.1, "light": 0.1, "auto": None}, "percent": {
    AGAIN: [[rate, -0.01, 0.1] for rate in RATES],
    "exact": [[rate, rate * 2e-4, 0.01] for rate in RATES],
    "light": [[rate, 0.0, 0.02] for rate in RATES],
    "auto": [[1e3, 0.2, 0], [1e6, 0.05, 0]]}}
SERVICE = {"service": "gunicorn", "threads": 8, "rate": 200, "busy": 0.3, "mode": "auto", "windows": 20, "seconds": 3,
           "p50": {"ratio": 1.01, "noise": 0.02}, "p99": {"ratio": 0.98, "noise": 0.1}}
CELL = {"together": 1.25, "ratio": 1.02, "ratio_half": 0.01, "attach_s": 0.5, "detach_s": 12.3, "beyond_s": 1.0, "killed_s": None,
        "processes": 61, "mode": "exact", "way": "-p", "tier": "default"}
SCALE = {"threads": 10, "asked_s": 2, "cells": [CELL, dict(CELL, way="-a", ratio_half=None), dict(CELL, tier="perf", detach_s=150.4)],
         "own": [{"what": "99 processes", "mode": "auto", "handovers": 0, "cpu": 0.01, "peak_kib": 20480, "maps_kib": 61440}]}

COMPARED = [dict(work=work, kind=kind, workers=8, rate=100.0, times=1.0, held=0.5, held_median=0.5,
                 held_cnt=1 if kind == "threads" else 8, waiting=0.0, cpu=0.5, pss=1e7, others=0.1, lost=0,
                 verdict="The GIL is busy", text="> **The GIL is busy**")
            for work in ("io", "cpu") for kind in ("threads", "processes")]


class Chunks:
    """Prices of a cycle: 300 ns bare, 1,000 more with probes."""
    bare = {1e6: 300}
    exact_ns = {1e6: 1000}


class Second:
    def __init__(self, added_ns):
        self.added_ns = added_ns
        self.wall_ns = 1e9


class Arithmetic(unittest.TestCase):
    def test_ratio_is_within_a_round(self):
        samples = Samples()
        for drift in (1, 2, 5):  # the machine slows down, for all alike
            samples.add("job", BARE, (100 * drift, 1))
            samples.add("job", AGAIN, (100 * drift, 1))
            samples.add("job", "exact", (600 * drift, 1))
        self.assertEqual(samples.ratio("job", "exact")[:2], (6, 0))

    def test_noise_is_no_cost_of_auto(self):
        self.assertEqual(cost_ns({"cycle_ns": 700, "ops": 10}, Chunks, 1e6), 0)
        self.assertEqual(cost_ns({"cycle_ns": 1200, "ops": 10}, Chunks, 1e6), 10000)

    def test_worst_window_is_any(self):
        seconds = [Second(0)] * 30 + [Second(2e8)] * 5 + [Second(0)] * 85
        self.assertAlmostEqual(max(swing.rolling(seconds, 60)), 5 * 0.2 / 60)

    def test_exact_again_is_when_it_stays_so(self):
        modes = swing.Modes()
        modes.said = [(1, "exact"), (2, "light"), (12, "exact"), (13, "light"), (22, "exact"), (23, "exact")]
        self.assertEqual(modes.until_exact(2, 30), 20)
        self.assertIsNone(modes.until_exact(2, 13))


class Page(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def page(self, **parts):
        for name, data in parts.items():
            with open(os.path.join(self.folder.name, name + ".json"), "w") as f:
                json.dump({"about": data.pop("about", ABOUT), "figures": [], "data": {name: data}}, f)
        write_page(self.folder.name, self.folder.name)
        with open(os.path.join(self.folder.name, "cost.md")) as f:
            return f.read()

    def test_names_no_host_and_no_place(self):
        page = self.page(sweep=dict(SWEEP), service=dict(SERVICE))
        self.assertNotIn("name-of-a-host", page)
        self.assertNotIn("/somewhere", page)
        self.assertIn("| p50 | 1.01 | ±0.02 |", page)

    def test_scale_has_both_tiers_and_what_is_not_known(self):
        page = self.page(scale=SCALE)
        self.assertIn("| 61 | `-p` | exact | 1.25 | 1.02 ±0.01 | 0.5 | 12 | 1 | - |", page)
        self.assertIn("| 61 | `-a` | exact | 1.25 | 1.02 |", page)
        default, perf = page.split("The same by perf events")
        self.assertNotIn("150", default)
        self.assertIn("| 150 |", perf)
        self.assertIn("| 99 processes | auto | - | 1 % | 20 MiB | 60 MiB |", perf)

    def test_exports_are_a_row_each(self):
        page = self.page(exports={"events": 1040000, "seconds": 16, "rows": [
            {"format": "chrome", "events_s": 2.34e6, "memory": 21.3, "bytes": 123456789}]})
        self.assertIn("| chrome | 2.3 M | above 0.5 M | 123.5 MB | 21 MB |", page)

    def test_says_what_was_not_measured(self):
        other = dict(SERVICE, about=dict(ABOUT, title="CPython 3.13.0", start=0))
        page = self.page(sweep=dict(SWEEP), service=other)
        self.assertIn("Not measured: `scripts/bench modes`", page)
        self.assertIn("`scripts/bench service`", page)

    def test_picture_is_a_picture_without_scripts(self):
        self.page(sweep=dict(SWEEP))
        root = tree.parse(os.path.join(self.folder.name, "cost.svg")).getroot()
        kinds = [element.tag.rsplit("}", 1)[-1] for element in root.iter()]
        self.assertEqual(kinds.count("polyline"), 2)
        self.assertEqual(kinds.count("circle"), 3 + 3 + 2)
        self.assertNotIn("script", kinds)


class Compared(unittest.TestCase):
    def notes(self, cpus, **changed):
        return "\n".join(compare_page.notes({"cpus": cpus}, [dict(row, **changed) for row in COMPARED]))

    def test_says_what_makes_rows_hard_to_compare(self):
        self.assertNotIn("only one CPU", self.notes(2))
        self.assertNotIn("Other programs", self.notes(2))
        self.assertIn("only one CPU", self.notes(1))
        self.assertIn("Other programs used up to 60 %", self.notes(2, others=0.6))
        self.assertIn("lost 12 events", self.notes(2, lost=3))

    def test_page_has_the_rows_of_the_terminal(self):
        facts = {"cpus": 1, "machine": "x86_64", "python": "3.11.2", "seconds": 4, "workers": 8}
        page = compare_page.page(facts, COMPARED)
        self.assertIn("| CPU, 8 processes | 100.0 | 1.0 x | 50 %, median 50 % | 0.0 | 50 % | 10 MB |", page)
        self.assertIn("**There is only one CPU", page)
        self.assertEqual(page.count("- I/O, 8 threads: The GIL is busy\n"), 1)


if __name__ == "__main__":
    unittest.main()
