# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2154
# Planted holds and waits, for triggers.bats.

setup() {
	needs_giltop
	e2e_setup
	GO=$BATS_TEST_TMPDIR/go
}
teardown() { e2e_teardown; }

# The subject, before others where that is permitted: who has no CPU holds for longer than was planted.
subject() { # COUNT MIN_MS MAX_MS WAITERS [INTERVAL]
	python_start "$(<"$E2E_DIR/triggers_subject.py")" "$GO" "$@"
	renice -n -10 -p "$WL_PID" >/dev/null 2>&1 || true
}

# What of it must hold, and giltop's options.
told() { # WHAT OPTION..
	local what=$1
	shift
	python3 "$E2E_DIR/triggers.py" "$what" "$GO" "$WL_OUT" -- "$GILTOP" --json -i 500ms -p "$WL_PID" "$@" 3>&-
}
