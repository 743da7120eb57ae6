# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# names.bash - for tests/e2e/ and tests/long/, after lib and run

setup() {
	e2e_setup
	needs_giltop
}
teardown() { e2e_teardown; }

# A thread whose whole life falls into a time when giltop does not get a CPU has no name: that happens on a machine
# with other work, but not in every tenth run.
named_in_runs() { # COUNT
	local missed=0
	for ((i = 0; i < $1; i++)); do
		"$GILTOP" -b --json -- "$PYTHON" "$WORKLOADS/short_threads.py" "$BATS_TEST_TMPDIR/truth" >"$OUT" 3>&-
		python3 "$E2E_DIR/names.py" "$OUT" "$BATS_TEST_TMPDIR/truth" || missed=$((missed + 1))
	done
	[ "$missed" -le 1 ]
}
