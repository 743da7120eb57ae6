# SPDX-License-Identifier: BSD-2-Clause
# html: the page in a browser, used as people use it.

load ../e2e/lib
load consumers

page() { drive "$REPO/tests/consumers/page.mjs" "$@"; }

demo_page() {
	needs_playwright
	demo_recording
	"$GILTOP" export -o "$OPEN/x.html" "$FILE"
}

@test "html: its numbers are giltop's" { demo_page && page numbers "$OPEN/x.html" "$LIVE"; }
@test "html: search, zoom, hover and sort by mouse" { demo_page && page mouse "$OPEN/x.html"; }
@test "html: the same by keyboard" { demo_page && page keyboard "$OPEN/x.html"; }
@test "html: light and dark, with enough contrast" { demo_page && page dark "$OPEN/x.html"; }
@test "html: 390 pixels wide" { demo_page && page narrow "$OPEN/x.html"; }
@test "html: words and tables without scripts" { demo_page && page noscript "$OPEN/x.html"; }

@test "html: hostile names are text" {
	needs_playwright
	hostile_start
	"$GILTOP" record --mode exact -p "$WL_PID" -d 1s -o "$OPEN/x.html" 3>&-
	page inert "$OPEN/x.html"
}

@test "html: a million events are there at once" {
	needs_playwright
	"$PYTHON" -S "$REPO/tests/bench/handovers.py" 16700 >"$OPEN/out" 3>&- < <(sleep 60 3>&-) &
	WL_ALL+=("$!")
	wait_for 10 test -s "$OPEN/out"
	"$GILTOP" record --mode exact -p "${WL_ALL[0]}" -d 15s -o "$OPEN/x.html" 3>&-
	[ "$(stat -c %s "$OPEN/x.html")" -lt 5000000 ]
	page fast "$OPEN/x.html"
}
