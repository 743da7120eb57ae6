# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Stacks and blame of programs whose answer is known, for blame.bats.

answer() { # CASE NAME [LIBRARY]
	needs_python "$2"
	python3 "$E2E_DIR/blame_cases.py" "$GILTOP" "$1" "$PYTHON" "${@:3}"
}

# What the summary of a whole load says adds up, to the nanosecond.
sums_of() { # WORKLOAD ARG..
	local out=$BATS_TEST_TMPDIR/giltop.jsonl pid
	workload_start "$@"
	"$GILTOP" -b --json -p "$WL_PID" -i 500ms >"$out" 3>&- &
	pid=$!
	WL_ALL+=("$pid")
	wait_for 30 test -s "$out"
	workload_go
	workload_wait_done 90
	kill -INT "$pid"
	wait "$pid"
	check sums "$out"
}
