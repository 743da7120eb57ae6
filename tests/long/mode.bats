# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/mode.bats, for longer: a load that swings every 30 s, and what auto costs it.

load ../e2e/lib
load ../e2e/run
load ../e2e/subject
load ../e2e/balance
load ../e2e/mode

teardown() { subject_teardown; }

# Where it is calm it is exact within 20 s; each change is a step; no total jumps.
@test "auto: a load that swings every 30 s" {
	swing_start 30 30
	giltop_start --json -p "$WL_PID"
	sleep 185
	giltop_end INT
	balances --snapshots 1000 --busy
	jq -r 'select(.type == "snapshot") | .processes[] | "\(.mode) \(.gils[0].held_observed_ns) \(.span_ns)"' "$GT_OUT" |
		uniq -c -w 5 >"$BATS_TEST_TMPDIR/steps"
	cat "$BATS_TEST_TMPDIR/steps"
	# Three times fast: light for at least 28 of 30 s each. Three times calm: exact for at least 10 of 30 s each.
	jq -s '[.[] | select(.type == "snapshot") | .processes[]] |
		([.[].gils[0].held_observed_ns] | add) / ([.[].span_ns] | add)' "$GT_OUT" >"$BATS_TEST_TMPDIR/share"
	cat "$BATS_TEST_TMPDIR/share"
	python3 -c 'import sys; assert 30 / 185 < float(open(sys.argv[1]).read()) < 96 / 185' "$BATS_TEST_TMPDIR/share"
	NUMBERS_OF=$GT_OUT numbers --open-end --expr '5 <= proc["mode_changes"] <= 40' --expr 'gil["unsure_ns"] < 0.05 * gil["wait_ns"]'
}
