# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034,SC2154
# What the tests of the command line share (after lib.bash):
#
#   python_start CODE [ARG..]   run CODE under $PYTHON; returns when it has printed "ready" (WL_PID, WL_OUT)
#   pid_start PID               count a process among those that the test ends
#   giltop_start ARG..          in the background: GT_PID, $GT_OUT, $GT_ERR; returns when it measures
#   giltop_end [SIGNAL]         send SIGNAL (or none) and wait: GT_CODE
#   numbers OPTION..            tests/e2e/numbers.py on $OUT
#   one_line TEXT               $stderr is one line, starts with "giltop: " and holds TEXT

bats_require_minimum_version 1.5.0

OUT=$BATS_TEST_TMPDIR/out.json

python_start() {
	local n=${#WL_ALL[@]}
	printf '%s\n' "$1" >"$BATS_TEST_TMPDIR/program.$n.py"
	WL_OUT=$BATS_TEST_TMPDIR/program.$n.out
	shift
	"$PYTHON" -S -u "$BATS_TEST_TMPDIR/program.$n.py" "$@" </dev/null >"$WL_OUT" 2>"$WL_OUT.err" 3>&- &
	WL_PID=$!
	WL_ALL+=("$WL_PID")
	wait_for 10 workload_said ready
}

pid_start() {
	WL_ALL+=("$1")
}

measures() {
	[ -s "$GT_OUT" ] || ! kill -0 "$GT_PID" 2>/dev/null
}

# A refresh of 100 ms writes the first lines soon after the start. Under nohup the tests would hand it on.
giltop_start() {
	GT_OUT=$BATS_TEST_TMPDIR/giltop.out
	GT_ERR=$BATS_TEST_TMPDIR/giltop.err
	rm -f "$GT_OUT" # measures() must not take the last one's output for the new one's
	env --default-signal=HUP "$GILTOP" -i 100ms "$@" >"$GT_OUT" 2>"$GT_ERR" </dev/null 3>&- &
	GT_PID=$!
	WL_ALL+=("$GT_PID")
	wait_for 30 measures
}

giltop_end() {
	[ -z "${1:-}" ] || kill "-$1" "$GT_PID"
	wait_for 60 ended "$GT_PID"
	GT_CODE=0
	wait "$GT_PID" || GT_CODE=$?
}

numbers() {
	python3 "$E2E_DIR/numbers.py" "$@" "${NUMBERS_OF:-$OUT}"
}

json_of() {
	"$GILTOP" --json "$@" >"$OUT" 3>&-
}

one_line() {
	echo "stderr: $stderr"
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	[[ $stderr == "giltop: "*"$1"* ]]
}

# Let every user reach what is in the test's own directory; those of bats are for one alone.
open_the_way() {
	local dir=$BATS_TEST_TMPDIR
	while [ "$dir" != / ]; do
		chmod o+x "$dir"
		dir=$(dirname "$dir")
	done
}

# Two threads that always want the GIL, until killed.
SPIN='
import os, sys, threading
def spin():
    n = 0
    while True:
        n += 1
for i in range(2):
    threading.Thread(target=spin, daemon=True).start()
print("ready", os.getpid())
threading.Event().wait()
'

# One thread asleep.
SLEEP='
import time
print("ready")
time.sleep(1000)
'
