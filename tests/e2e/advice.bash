# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034,SC2154
# What is said of planted faults, for tests/e2e/ and tests/long/, after lib and run.

setup() {
	needs_giltop
	e2e_setup
}

teardown() { e2e_teardown; }

PLANTED=$REPO/tests/workloads/planted.py

# The line of a function's own code, by a word in it.
line_of() { grep -n -m1 -- "$1" "$PLANTED" | cut -d: -f1; }

# said KIND [MS]: measure that for some seconds; the text for a ticket is in $SAID, its lines joined.
said() {
	"$PYTHON" "$PLANTED" "$@" >"$BATS_TEST_TMPDIR/planted.out" 3>&- &
	WL_PID=$!
	WL_ALL+=("$WL_PID")
	wait_for 30 grep -q ready "$BATS_TEST_TMPDIR/planted.out"
	SAID=$("$GILTOP" -b -p "$WL_PID" -d "${SECONDS_OF:-2}" | tr '\n' ' ' | tr -s ' ')
	echo "$* : $SAID"
	kill -9 "$WL_PID"
}

has() { [[ $SAID == *"$1"* ]]; }
has_not() { [[ $SAID != *"$1"* ]]; }

native_is_told() { # MS
	said sleep "$1"
	has "planted (planted.py:$(line_of 'LIBC.usleep(int')) makes others wait most"
	has "Native code"
	has "to let go when asked"
	has_not "Python code"
	has_not "setswitchinterval"
	said spin "$1"
	has "planted (planted.py:$(line_of '^        sum(NUMBERS)')) makes others wait most"
	has "Native code"
	has_not "Python code"
}
