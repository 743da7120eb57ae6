# SPDX-License-Identifier: BSD-2-Clause
# A long look at threads, children and code that come and go, in terminals of all sizes: SOAK_MINUTES (15), after
# a flood that fills the tables. soak_judge.py says what is wrong: memory and CPU must not grow, descriptors stay as many,
# every picture balances and all add up.

load ../e2e/lib
load ../e2e/run
load ../e2e/live

setup() { live_setup; }

teardown() { live_teardown; }

judge() {
	python3 "$REPO/tests/long/soak_judge.py" "$@"
}

now_s() {
	python3 -c 'import time; print(time.monotonic())'
}

# The lines are judged as they come: all of them would be gigabytes.
json_start() {
	mkfifo "$BATS_TEST_TMPDIR/lines"
	GT_OUT=$BATS_TEST_TMPDIR/books
	judge books "$WL_OUT" <"$BATS_TEST_TMPDIR/lines" >"$GT_OUT" 2>&1 3>&- &
	JUDGE_PID=$!
	pid_start "$JUDGE_PID"
	"$GILTOP" --json -s yes -i 100ms -p "$WL_PID" >"$BATS_TEST_TMPDIR/lines" 2>"$BATS_TEST_TMPDIR/err" </dev/null 3>&- &
	GT_PID=$!
	pid_start "$GT_PID"
}

# look_around SECONDS: at every screen, in terminals of all sizes, again and again
look_around() {
	local end=$((SECONDS + $1)) screen size
	while [ $SECONDS -lt $end ]; do
		for size in 120x40 80x24 60x12 132x43 20x5; do
			term resize-window -x "${size%x*}" -y "${size#*x}"
			for screen in 2 3 4 5 6 1; do
				keys $screen
				sleep 1
			done
		done
	done
}

@test "threads, children and code come and go for minutes: the sums agree, and giltop is as it was" {
	local minutes=${SOAK_MINUTES:-15} view begin judged=0
	python_start "$(cat "$BATS_TEST_DIRNAME/soak.py")" "$BATS_TEST_TMPDIR/go" "$BATS_TEST_TMPDIR/stop"
	json_start
	live 120 40 "$GILTOP" -i 200ms -s yes -p "$WL_PID"
	shows MainThread
	view=$(live_pid)
	judge sample "$BATS_TEST_TMPDIR/samples" "$GT_PID" "$view" 3>&- &
	pid_start $!
	touch "$BATS_TEST_TMPDIR/go"
	wait_for 1200 workload_said flooded
	begin=$(now_s)
	look_around $((minutes * 60))
	judge judge "$BATS_TEST_TMPDIR/samples" "$begin" "$(now_s)" "JSON lines=$GT_PID" "live view=$view" \
		>"$BATS_TEST_TMPDIR/judged" || judged=$?
	touch "$BATS_TEST_TMPDIR/stop"
	wait_for 60 workload_said "done"
	keys q
	live_ended
	giltop_end INT
	wait_for 120 ended "$JUDGE_PID"
	sed 's/^/# /' "$BATS_TEST_TMPDIR/judged" "$GT_OUT" >&3
	cat "$BATS_TEST_TMPDIR/err"
	[ "$LIVE_CODE" -eq 0 ]
	[ "$GT_CODE" -eq 0 ]
	wait "$JUDGE_PID"
	[ "$judged" -eq 0 ]
}
