# SPDX-License-Identifier: BSD-2-Clause
# Stacks, pairs and blame against programs whose answer is known (blame.py, blame_cases.py).

load lib
load known
load blame

setup() {
	needs_giltop
	e2e_setup
}

teardown() { e2e_teardown; }

@test "known stacks: stock 3.11" { known stock-3.11; }
@test "known stacks: 3.13" { known pyenv-3.13; }
@test "known stacks: Debian 3.15" { known_debian sid-amd64-3.15-exe; }

@test "the demo: http-1's wait is blamed on the right lines of the right threads" {
	workload_start demo_service.py 60
	check demo "$GILTOP" "$WL_PID"
}

@test "sums: a mixed load" { sums_of mixed.py 3.0; }
@test "sums: 3000 threads that come and go" { sums_of churn.py 3000; }

@test "sums: the target is killed with waits and a hold open" {
	local out=$BATS_TEST_TMPDIR/giltop.jsonl pid
	workload_start many.py 60
	"$GILTOP" -b --json -p "$WL_PID" >"$out" 3>&- &
	pid=$!
	WL_ALL+=("$pid")
	wait_for 30 test -s "$out"
	workload_go
	sleep 2
	kill -9 "$WL_PID"
	wait "$pid"
	check sums "$out"
}

@test "a hold of 2 s in one C call: all of it at the line that calls" { answer regex stock-3.11; }
@test "a hold of 2 s in a sleeping C call: all of it at the line that calls" { answer sleep stock-3.11; }
@test "a hold of 2 s over many lines: sampled along the way" { answer lines stock-3.11; }

@test "a hold of 2 s in a shared object: its function is named below the line" {
	needs_cmd cc
	cc -O2 -shared -fPIC "$WORKLOADS/burn.c" -o "$BATS_TEST_TMPDIR/libburn.so"
	answer burn stock-3.11 "$BATS_TEST_TMPDIR/libburn.so"
}

@test "more stacks than the kernel's tables keep: taken as they come, or under [other]; the sums hold" { answer full stock-3.11; }
@test "functions that come and go at one address: stock 3.11" { answer reused stock-3.11; }
@test "functions that come and go at one address: 3.13" { answer reused pyenv-3.13; }
@test "dump: one holder, three waiters, since before the look: stock 3.11" { answer dump stock-3.11; }
@test "dump: one holder, three waiters, since before the look: 3.13" { answer dump pyenv-3.13; }
@test "threads that do not meet: no stack is captured but by the clocks" { answer quiet stock-3.11; }
@test "--no-stacks: no stacks in any record, the other sums hold" { answer none stock-3.11; }
