# SPDX-License-Identifier: BSD-2-Clause
# A long look at threads that come and go, at short intervals: GILTOP_SOAK_SECONDS (180), after half a minute in
# which they fill the tables.

load ../e2e/lib
load ../e2e/run
load ../e2e/live

setup() { live_setup; }

teardown() { live_teardown; }

# The first record and the last fifty: all of them would be a hundred megabytes.
json_start() {
	GT_OUT=$BATS_TEST_TMPDIR/soak.json
	"$GILTOP" --json -i 100ms -p "$WL_PID" > >({ sed -u 1q && tail -n 50; } >"$GT_OUT" 3>&-) </dev/null 3>&- &
	GT_PID=$!
	pid_start "$GT_PID"
	wait_for 30 measures
}

has_summary() {
	tail -n 1 "$GT_OUT" | grep -q '^{"type":"summary".*}$'
}

# look_around SECONDS: at every screen, again and again
look_around() {
	local end=$((SECONDS + $1)) screen
	while [ $SECONDS -lt $end ]; do
		for screen in 2 3 4 5 6 1; do
			keys $screen
			sleep 1
		done
	done
}

status_of() { # PID KEY
	awk -v key="$2:" '$1 == key { print $2 }' "/proc/$1/status"
}

# Its peak may rise by a tenth: there is more to sort and to show at one time than at another.
grew_no_more() { # WHO PID PEAK_KIB_AT_HALF
	local peak
	peak=$(status_of "$2" VmHWM)
	echo "# $1: VmHWM $3 KiB at half time, $peak at the end, VmRSS $(status_of "$2" VmRSS)" >&3
	[ "$peak" -le $(($3 + $3 / 10)) ]
}

@test "threads come and go for minutes: the sums agree, and giltop stops growing" {
	local half=$((${GILTOP_SOAK_SECONDS:-180} / 2)) view json_kib view_kib
	python_start "$(cat "$BATS_TEST_DIRNAME/soak.py")" "$BATS_TEST_TMPDIR/go" "$BATS_TEST_TMPDIR/stop"
	json_start
	live 120 40 "$GILTOP" -i 200ms -p "$WL_PID"
	shows MainThread
	view=$(live_pid)
	touch "$BATS_TEST_TMPDIR/go"
	wait_for 600 workload_said flooded
	look_around "$half"
	json_kib=$(status_of "$GT_PID" VmHWM)
	view_kib=$(status_of "$view" VmHWM)
	look_around "$half"
	grew_no_more "JSON lines" "$GT_PID" "$json_kib"
	grew_no_more "live view" "$view" "$view_kib"
	touch "$BATS_TEST_TMPDIR/stop"
	wait_for 60 workload_said "done"
	keys q
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	wait_for 60 has_summary
	NUMBERS_OF=$GT_OUT numbers --expr 'len(snaps) > 40 and gil["switches"] > 10000' \
		--expr "sum(t.get('folded', 1) for t in threads) == 1 + $(sed -n 's/^done //p' "$WL_OUT")"
}
