# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034,SC2154
# Short programs beside giltop, for burst.bats here and scale.bats in tests/long/; after lib and run.

burst_setup() {
	needs_giltop
	needs_root
	e2e_setup
}

# 1,000 programs a minute, when asked for.
burst_start() {
	workload_start burst.py 1000
}

burst_done() {
	[ "$(grep -c '^done' "$WL_OUT")" -ge "$1" ]
}

burst_for() { # SECONDS
	local before
	before=$(grep -c '^done' "$WL_OUT") || true
	echo "$1" >&"$WL_IN_FD"
	wait_for $(($1 + 30)) burst_done $((before + 1))
}

burst_measured() { # OPTION..: of burst.py
	python3 "$E2E_DIR/burst.py" "$WL_OUT" "$GT_OUT" "$GT_ERR" "$@" >"$BATS_TEST_TMPDIR/measured" || {
		cat "$BATS_TEST_TMPDIR/measured"
		return 1
	}
	sed 's/^/# /' "$BATS_TEST_TMPDIR/measured" >&3
}

# Without shared links each process has links of its own, made when it is old enough to be missed.
needs_shared_links() {
	grep -q '"processes_missed"' "$GT_OUT" || skip "until shared links are here"
}

holdings() { # [BEFORE]
	python3 "$E2E_DIR/holdings.py" "$GT_PID" "$@" >"$BATS_TEST_TMPDIR/holdings"
}

# Twice the same within a second: what has ended is cleared away. Then in $BATS_TEST_TMPDIR/before.
settled() {
	holdings
	cp "$BATS_TEST_TMPDIR/holdings" "$BATS_TEST_TMPDIR/before"
	sleep 1
	holdings "$BATS_TEST_TMPDIR/before"
}

holds_no_more() { # BEFORE
	wait_for 30 holdings "$1" || {
		cat "$1" "$BATS_TEST_TMPDIR/holdings"
		return 1
	}
}
