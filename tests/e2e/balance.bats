# SPDX-License-Identifier: BSD-2-Clause
# Every snapshot of `giltop --json -i 100ms` balances by itself, in integers, and all of them add up to the summary.

load lib
load run
load subject
load balance

teardown() { subject_teardown; }

@test "the judge sees a single nanosecond, and a snapshot that is not there" {
	local judge=$E2E_DIR/balance.py
	python_start "$SPIN"
	giltop_start --json -p "$WL_PID"
	sleep 1.5
	giltop_end INT
	python3 "$judge" --snapshots 6 --busy "$GT_OUT"
	local change
	for change in wait_ns hold_ns blame_ns acquisitions span_ns drop; do
		python3 - "$GT_OUT" $change >"$BATS_TEST_TMPDIR/changed.json" <<-'END'
		import json, sys
		records = [json.loads(line) for line in open(sys.argv[1])]
		if sys.argv[2] == "drop":
		    del records[4]
		else:
		    records[4]["processes"][0]["threads"][0][sys.argv[2]] += 1
		for record in records:
		    print(json.dumps(record))
		END
		run -1 python3 "$judge" --snapshots 6 "$BATS_TEST_TMPDIR/changed.json"
		echo "$change: $output" | cut -c1-300
		[[ $output == *"snapshot 4: "* ]]
	done
}

@test "threads that come and go" { balanced 3 churn.py 1000; }
@test "ping-pong" { balanced 2 pingpong.py 5000; }
@test "200 threads" { balanced 2 many.py 1.0; }
@test "a thread for every request" { balanced 2 per_request.py 200; }

spinning() { # OPTION OF balance.py..
	python_start "$SPIN"
	giltop_start --json -p "$WL_PID"
	sleep 2
	giltop_end INT
	balances --busy "$@"
}

@test "nothing is only in the summary" { spinning --whole; }
@test "the stacks balance with the threads" { spinning --stacks; }
@test "a mixed load" { balanced 2 mixed.py 1.0; }

@test "three sub-interpreters with a GIL of their own, one of which ends" {
	needs_first_subject pyenv-3.13 trixie-amd64-3.13-exe pyenv-3.12
	subject_start subinterp.py
	subject_say "new a" && subject_heard "a new 1"
	giltop_start --json -p "$WL_PID"
	sleep 1
	subject_say "new b" && subject_heard "b new 2"
	subject_say "new c" && subject_heard "c new 3"
	sleep 1
	subject_say "end b" && subject_heard "b ended"
	sleep 1
	giltop_end INT
	balances --busy --gils 4
	subject_end
}

@test "two giltops, a target each" {
	local first
	python_start "$SPIN"
	giltop_start --json -p "$WL_PID"
	first=$GT_PID
	mv "$GT_OUT" "$BATS_TEST_TMPDIR/first.json"
	python_start "$SPIN"
	giltop_start --json -p "$WL_PID"
	sleep 3
	giltop_end INT
	balances --busy
	GT_PID=$first GT_OUT=$BATS_TEST_TMPDIR/first.json
	giltop_end INT
	balances --busy
}

@test "two targets, one giltop" {
	python_start "$SPIN"
	local first=$WL_PID
	python_start "$SPIN"
	giltop_start --json -p "$first,$WL_PID"
	sleep 2
	giltop_end INT
	balances --busy
}

# Spins until the file argv[1] is there.
SPIN_UNTIL='
import os, sys, threading
def spin():
    n = 0
    while True: n += 1
for i in range(4): threading.Thread(target=spin, daemon=True).start()
print("ready")
while not os.path.exists(sys.argv[1]): threading.Event().wait(0.05)
'

@test "the target ends in the middle" {
	python_start "$SPIN_UNTIL" "$BATS_TEST_TMPDIR/go"
	giltop_start --json -p "$WL_PID"
	sleep 2
	touch "$BATS_TEST_TMPDIR/go"
	giltop_end
	balances --busy
}

@test "the target is killed (-9) in the middle" {
	python_start "$SPIN_UNTIL" "$BATS_TEST_TMPDIR/go"
	giltop_start --json -p "$WL_PID"
	sleep 2
	kill -9 "$WL_PID"
	giltop_end
	balances --busy
}

@test "the target is killed (-9) while threads come and go" {
	workload_start churn.py 100000
	giltop_start --json -p "$WL_PID"
	workload_go
	sleep 2
	kill -9 "$WL_PID"
	giltop_end
	balances
}

# What its memory says of who holds is its parent's tid, until Python has put that right; here it never does.
@test "a child that was forked by C, with the GIL" {
	GT_OUT=$BATS_TEST_TMPDIR/fork.json GT_CODE=0
	"$GILTOP" -b --json -i 100ms --mode exact -- "$PYTHON" -c '
import ctypes, os, time
time.sleep(0.3)
if not ctypes.PyDLL(None).fork():
    end = time.monotonic() + 2
    while time.monotonic() < end: pass
    os._exit(0)
os.wait()
' >"$GT_OUT" 3>&- || GT_CODE=$?
	balances
	[ "$(jq -s '[last | .processes[].threads[].hold_ns] | max > 1500000000' "$GT_OUT")" = true ]
}
