# SPDX-License-Identifier: BSD-2-Clause
# Folded stacks: that every reader of the format can take them, whatever things are called, and that a
# flame graph comes out.

load lib
load flamegraph

@test "hostile names, folded: every line can be read: stock 3.11" { hostile stock-3.11; }

@test "hostile names: nothing raw in tables, dump and JSON" {
	local out=$BATS_TEST_TMPDIR/text
	needs_python stock-3.11
	hostile_start
	"$GILTOP" -b -p "$WL_PID" -d 1 >"$out" 3>&-
	"$GILTOP" dump -p "$WL_PID" >>"$out" 3>&-
	"$GILTOP" -b --json -p "$WL_PID" -d 1 >>"$out" 3>&-
	python3 - "$out" <<-'END'
		import re, sys
		text = open(sys.argv[1], "rb").read().decode("utf-8")
		bad = re.findall("[^\n]{0,20}[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufffe\uffff]", text)
		print(len(text), "characters,", bad[:5])
		sys.exit(bool(bad))
	END
}

@test "a flame graph of a live service: the culprits are in it" {
	local svg=$BATS_TEST_TMPDIR/blame.svg frame
	needs_cmd xmllint
	workload_start demo_service.py 60
	record blame 5
	flamegraph --title="GIL blame" "$FOLDED" >"$svg"
	xmllint --noout "$svg"
	for frame in parse_line parse_feed sort_rows; do
		grep -q "<title>$frame (demo_service.py:[0-9]*)" "$svg"
	done
	grep -q "<title>feed-1 ([0-9]*)" "$svg"
}

@test "the chain of waiter and holder: one line holds both" {
	workload_start demo_service.py 60
	record chain 5
	grep -q ';http-1 ([0-9]*);.*;serve_requests (demo_service.py:[0-9]*);.*--;.*parse_feed (demo_service.py:[0-9]*);.*;feed-[12] ([0-9]*) [0-9]*$' "$FOLDED"
	grep -q ';http-1 ([0-9]*);.*;--;sort_rows (demo_service.py:[0-9]*);render_report (demo_service.py:[0-9]*);.*;report ([0-9]*) [0-9]*$' "$FOLDED"
}

@test "folded output is the same in us and ns" {
	workload_start demo_service.py 60
	"$GILTOP" record -p "$WL_PID" -d 2 -f folded --weight hold --unit ns -o - >"$BATS_TEST_TMPDIR/ns" 3>&-
	"$GILTOP" record -p "$WL_PID" -d 2 -f folded --weight hold --unit us -o - >"$BATS_TEST_TMPDIR/us" 3>&-
	awk '{ s += $NF } END { exit !(s > 0.2e9 && s <= 4e9) }' "$BATS_TEST_TMPDIR/ns"
	awk '{ s += $NF } END { exit !(s > 0.2e6 && s <= 4e6) }' "$BATS_TEST_TMPDIR/us"
}

@test "-f svg: the culprits are in it, a frame is as wide as its time, and one root a pool" {
	local frame
	needs_cmd xmllint
	workload_start demo_service.py 60
	record_svg blame 5 --merge-threads
	xmllint --noout "$SVG"
	for frame in parse_line parse_feed sort_rows; do
		grep -q "<title>$frame (demo_service.py:[0-9]*)$" "$SVG"
	done
	grep -q '<title>feed-\*$' "$SVG"
	! grep -E "<title>feed-[12]" "$SVG" || return 1
	[ "$(grep -o '<script' "$SVG" | wc -l)" -eq 1 ]
	! grep -v "xmlns=" "$SVG" | grep -E "href|src=|url\(|@import|https?:" || return 1
	# On the row of the threads all time is shown.
	grep -Eo 'x="[0-9.]+%" y="[0-9]+" width="[0-9.]+%"' "$SVG" | tr -d '%"' | sed 's/[a-z]*=//g' |
		awk '{ if ($2 > max) max = $2; w[$2] += $3 }
			END { exit !(w[max] == 100 && w[max - 34] > 98 && w[max - 34] < 100.001) }'
}
