# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/live.bats: every screen at every size, and on terminals that know ASCII alone.

load ../e2e/lib
load ../e2e/run
load ../e2e/live

setup() { live_setup; }

teardown() { live_teardown; }

@test "any size: 132x43, 100x30, 80x24, 60x12, 40x5 and back, on every screen" {
	demo_start
	live 100 30 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	for size in 60x12 132x43 80x24 100x30; do
		term resize-window -x "${size%x*}" -y "${size#*x}"
		for s in 1 2 3 4 5 6; do
			keys "$s"
			settles || true
			wait_for 5 is_whole "${size%x*}"
		done
	done
	term resize-window -x 40 -y 5
	shows "GIL " "held, load"
	[ "$(screen | grep -c .)" -eq 1 ]
	term resize-window -x 2 -y 1
	sleep 0.5
	term resize-window -x 100 -y 30
	keys 1
	demo_threads_seen
	keys q
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
}

@test "ASCII with -U, with LANG=C and on a vt100" {
	demo_start
	for how in "$GILTOP -U" "env LANG=C LC_ALL=C $GILTOP" "env TERM=vt100 LC_ALL=C $GILTOP"; do
		# shellcheck disable=SC2086
		live 100 30 $how -p "$WL_PID"
		demo_threads_seen
		keys p # else each refresh changes it
		shows PAUSED
		for s in 1 2 3 4 5 6; do
			keys "$s"
			settles || true
			screen >"$LIVE/ascii"
			cat "$LIVE/ascii"
			[ "$(LC_ALL=C grep -c '[^ -~]' "$LIVE/ascii")" -eq 0 ]
		done
		keys 2
		shows '# hold w wait'
		keys q
		live_ended
		term_ends
	done
}
