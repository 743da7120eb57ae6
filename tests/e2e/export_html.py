# SPDX-License-Identifier: BSD-2-Clause
"""A page of giltop, as an HTML parser reads it, against giltop report --json of the same recording. Says what differs, and fails."""
import base64
import hashlib
import html.parser
import json
import os
import sys

SIZE_MAX = 5000000
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
KEYS = ("wait_ns", "yield_ns", "hold_ns", "blame_ns", "acquisitions", "contended")
# Without these a page shows nothing that it loads and sends nothing.
TAGS = {"html", "head", "meta", "title", "style", "body", "a", "header", "h1", "h2", "h3", "p", "span", "div", "button", "main", "noscript", "section",
        "canvas", "i", "label", "input", "dl", "dt", "dd", "ul", "ol", "li", "table", "caption", "thead", "tbody", "tr", "th", "td", "small", "svg", "rect",
        "footer", "script", "b"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "href", "id", "type", "hidden", "aria-label", "aria-labelledby",
              "aria-describedby", "aria-pressed", "aria-live", "aria-hidden", "role", "tabindex", "height", "width", "data-zoom", "data-weight",
              "aria-sort", "data-key", "data-v", "data-tid", "data-pid", "autocomplete", "spellcheck", "scope", "title"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.pid = self.tid = self.policy = self.inside = None
        self.cells, self.blocks, self.names = {}, [], []

    def handle_starttag(self, tag, attrs):
        attr = dict(attrs)
        assert tag in TAGS, "an element %s" % tag
        assert set(attr) <= ATTRIBUTES, "attributes %s of %s" % (set(attr) - ATTRIBUTES, tag)
        assert attr.get("href", "#main") == "#main", attr
        if tag == "meta" and "http-equiv" in attr:
            self.policy = attr["content"]
        self.pid = attr.get("data-pid", self.pid)
        if tag == "tr":
            self.tid = attr.get("data-tid")
        if tag == "td" and self.tid and "data-key" in attr:
            self.cells[self.pid, self.tid, attr["data-key"]] = int(attr["data-v"]) if "data-v" in attr else None
        self.inside = tag
        if tag in ("script", "style"):
            self.blocks.append([attr.get("type", tag), ""])

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside in ("script", "style"):
            self.blocks[-1][1] += data


def check_policy(page):
    style, data, script = page.blocks
    for what, (_, text) in ("style-src", style), ("script-src", script):
        sha = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert "%s 'sha256-%s'" % (what, sha) in page.policy, "the policy has another sum of its %s" % what
    assert page.policy.startswith("default-src 'none';"), page.policy
    assert data[0] == "application/json" and "<" not in data[1] and "&" not in data[1], "names in the data are not inert"
    return json.loads(data[1])


def check_data(data, summary):
    flames = data["flames"]
    for kind in "wait", "hold", "blame":
        want = sum(s["ns"] for p in summary["processes"] for s in p.get("stacks", ()) if s["kind"] == kind)
        assert (flames[kind][2] if flames[kind] else 0) == want, "the flame graph of %s" % kind
    assert data["t0"] + data["t1"] == summary["start_ns"] + summary["duration_ns"], "the end of the timeline"
    assert len(data["longs"]) % 7 == 0
    at, sums = 0, {}
    for row, kind, after, length, holder, stack, _ in zip(*[iter(data["longs"])] * 7):
        at += after
        assert 0 <= row < len(data["rows"]) and -1 <= holder < len(data["rows"]) and -1 <= stack < len(data["stacks"]) and kind in (1, 2, 3)
        sums[row, kind] = sums.get((row, kind), 0) + length
    if data["left"]:
        return
    # All states are there one by one: they and the shares are what the threads did.
    pids = [p["pid"] for p in summary["processes"]]
    for i, (_, pid, tid, *shares) in enumerate(data["rows"]):
        for kind, key in (1, "wait_ns"), (2, "hold_ns"), (3, "yield_ns"):
            want = sum(t[key] or 0 for p in summary["processes"] if p["pid"] == pid for t in p["threads"] if t["tid"] == tid)
            have = sums.get((i, kind), 0)
            assert not tid or pids.count(pid) > 1 or have == want, "%s of %s: %d, not %d" % (key, tid, have, want)
            about = sum(LETTERS.index(c) for c in shares[kind - 1]) / 63 * data["bin"]
            assert abs(about - have) <= data["bin"] * (2 + 0.02 * data["bins"]), "shares of %s: about %d, not %d" % (key, about, have)


def check_page(live, path):
    with open(live, encoding="utf-8") as f:
        summary = [json.loads(line) for line in f][-1]
    page = Page()
    with open(path, encoding="utf-8") as f:
        page.feed(f.read())
    data = check_policy(page)
    assert os.path.getsize(path) < SIZE_MAX, os.path.getsize(path)
    pids = [p["pid"] for p in summary["processes"]]
    for proc in summary["processes"]:
        for t in proc["threads"] if pids.count(proc["pid"]) == 1 else ():
            tids = [other["tid"] for other in proc["threads"]]
            for key in KEYS:
                cell = str(proc["pid"]), str(t["tid"]), key
                if t["tid"] and tids.count(t["tid"]) == 1 and (len(pids) <= 8 or cell in page.cells):
                    assert page.cells[cell] == t[key], "%s: %s, not %s" % (cell, page.cells[cell], t[key])
    check_data(data, summary)


if __name__ == "__main__":
    {"page": check_page}[sys.argv[1]](*sys.argv[2:])
