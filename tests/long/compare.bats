# SPDX-License-Identifier: BSD-2-Clause
# Threads beside processes (make demo-compare): what is right on every machine; never how fast it is.

load ../e2e/lib
load ../e2e/run

setup() {
	needs_giltop
	e2e_setup
}

teardown() { e2e_teardown; }

@test "demo-compare: four rows, who waits for a GIL and who does not, and the page of it; nothing stays behind" {
	local page=$BATS_TEST_TMPDIR/page.md
	needs_root
	needs_cmd setpriv
	run -1 setpriv --reuid 65534 --clear-groups bash "$REPO/scripts/demo-compare"
	[ "$output" = "demo-compare: probing another process needs root; try: sudo make demo-compare" ]
	ln -s /usr/bin/python3 "$BATS_TEST_TMPDIR/python3"
	env DEMO_PYTHON="$BATS_TEST_TMPDIR/python3" BUILD="$BUILD" \
		"$REPO/scripts/demo-compare" --seconds 1 --workers 4 --page "$page" </dev/null >"$OUT" 3>&-
	cat "$OUT"
	python3 "$E2E_DIR/compare.py" "$OUT" "$page"
	run -1 pgrep -f "^$BATS_TEST_TMPDIR/python3"
}
