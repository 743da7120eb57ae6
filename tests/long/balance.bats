# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/balance.bats, for GILTOP_BALANCE_SECONDS (600) of threads that come and go.

load ../e2e/lib
load ../e2e/run

setup() {
	needs_giltop
	e2e_setup
}

teardown() { e2e_teardown; }

is_judged() {
	grep -q '^balance: ' "$BATS_TEST_TMPDIR/judged"
}

# What is written is judged as it comes: kept, it would be gigabytes.
@test "every snapshot of minutes balances, and they add up to the summary" {
	local seconds=${GILTOP_BALANCE_SECONDS:-600} end
	end=$((SECONDS + seconds))
	workload_start churn.py 1000
	"$GILTOP" --json -i 100ms -p "$WL_PID" </dev/null 3>&- > >(
		python3 "$E2E_DIR/balance.py" --busy --snapshots $((seconds * 5)) >"$BATS_TEST_TMPDIR/judged" 2>&1
		echo "status $?" >>"$BATS_TEST_TMPDIR/judged"
	) &
	GT_PID=$!
	pid_start "$GT_PID"
	while [ $SECONDS -lt $end ]; do
		: >"$WL_OUT"
		workload_go
		wait_for 60 workload_said "done"
	done
	giltop_end INT
	wait_for 60 is_judged
	cat "$BATS_TEST_TMPDIR/judged"
	[ "$GT_CODE" -eq 0 ]
	wait_for 5 grep -q '^status 0$' "$BATS_TEST_TMPDIR/judged"
}
