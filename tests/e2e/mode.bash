# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2154
# What the tests of exact, light and auto share (after lib, run, subject and balance).

# Two threads, one of which takes the GIL as often as it can, or a thousand times a second.
swing_start() { # FAST_SECONDS SLOW_SECONDS
	local n=${#WL_ALL[@]}
	WL_OUT=$BATS_TEST_TMPDIR/swing.$n.out
	"$PYTHON" -S "$WORKLOADS/swing.py" "$@" </dev/null >"$WL_OUT" 2>"$WL_OUT.err" 3>&- &
	WL_PID=$!
	WL_ALL+=("$WL_PID")
	wait_for 10 workload_said ready
}

# The bytes at its probe points: original, exact, light or all.
probed() { # HOW
	python3 "$E2E_DIR/probe_bytes.py" "$GILTOP" "$WL_PID" "$1" >"$BATS_TEST_TMPDIR/bytes"
}

is_probed() { # HOW
	wait_for 10 probed "$1" || {
		cat "$BATS_TEST_TMPDIR/bytes"
		return 1
	}
}

# The modes of the last snapshots, newest last, as JSON says them.
modes_of() {
	jq -r 'select(.type == "snapshot") | .processes[].mode' "$GT_OUT"
}

last_mode_is() {
	[ "$(modes_of 2>/dev/null | tail -1)" = "$1" ]
}
