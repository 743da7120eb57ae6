# SPDX-License-Identifier: BSD-2-Clause
# Sub-interpreters with a GIL of their own (3.12 and later): a row a GIL, its interpreter's id, its own
# threads under it, and the books of each GIL add up alone.

load lib
load run
load subject

setup() {
	needs_giltop
	e2e_setup
}

teardown() { subject_teardown; }

names_of() { # GIL'S INTERPRETER ID: Python text for the names of the threads on its GIL
	echo "{t['name'] for t in threads if t['gil'] == [g['id'] for g in proc['gils'] if g['interpreter'] == $1][0]}"
}

# Two before giltop, one while it looks; the first one ends. All that is asked for is true of any
# schedule: only that those who computed all the time held their GIL most of it is a matter of CPUs.
own_gils() { # SUBJECT
	needs_subject "$1"
	subject_start subinterp.py
	subject_say "new a" && subject_heard "a new 1"
	subject_say "new b" && subject_heard "b new 2"
	run -0 "$GILTOP" doctor -p "$WL_PID"
	local i
	for i in 0 1 2; do
		[[ $output == *"GIL of interpreter $i at "* ]]
	done
	giltop_start --json -p "$WL_PID"
	sleep 1
	subject_say "new c" && subject_heard "c new 3"
	sleep 1
	subject_say "end a" && subject_heard "a ended"
	sleep 0.5
	giltop_end INT
	NUMBERS_OF=$GT_OUT
	# shellcheck disable=SC2016
	numbers --expr 'sorted(g["interpreter"] for g in proc["gils"]) == [0, 1, 2, 3]' \
		--expr "{'main-0', 'main-1', 'MainThread'} <= $(names_of 0)" \
		--expr "{'a-0', 'a-1'} <= $(names_of 1)" --expr "{'b-0', 'b-1'} <= $(names_of 2)" \
		--expr "{'c-0', 'c-1'} <= $(names_of 3)" \
		--expr 'not any(t["name"][:2] in ("b-", "c-") and t["state"] == "exited" for t in threads)' \
		--expr 'all(t["state"] == "exited" for t in threads if t["name"] in ("a-0", "a-1"))' \
		--expr 'all(g["wait_ns"] == sum(t["wait_ns"] for t in threads if t["gil"] == g["id"]) for g in proc["gils"])' \
		--expr 'all(g["wait_ns"] == g["gap_ns"] + sum(t["blame_ns"] for t in threads if t["gil"] == g["id"]) for g in proc["gils"])' \
		--expr 'all(t["wait_ns"] > 0 for t in threads if t["name"] in ("main-0", "main-1", "b-0", "b-1"))' \
		--expr 'all(0 <= g["utilization"] <= 1 for g in proc["gils"])' \
		--expr 'sum(g["utilization"] for g in proc["gils"]) > 1.2'
	subject_end
	result live "$1/subinterpreters" ok
}

@test "own GILs: 3.12" { own_gils pyenv-3.12; }
@test "own GILs: 3.13" { own_gils pyenv-3.13; }
@test "own GILs: Debian 13, 3.13" { own_gils trixie-amd64-3.13-exe; }
@test "own GILs: Debian sid, 3.14" { own_gils sid-amd64-3.14-exe; }
@test "own GILs: Debian sid, 3.15" { own_gils sid-amd64-3.15-exe; }

@test "sub-interpreters that share the main GIL are one row" {
	needs_first_subject pyenv-3.13 trixie-amd64-3.13-exe
	subject_start subinterp.py plain
	subject_say "new a" && subject_heard "a new 1"
	giltop_start --json -p "$WL_PID"
	sleep 1
	giltop_end INT
	NUMBERS_OF=$GT_OUT numbers --expr 'len(proc["gils"]) == 1' --expr 'gil["interpreter"] == 0' \
		--expr '{"a-0", "a-1", "main-0", "main-1"} <= {t["name"] for t in threads}'
	subject_end
}

# The public module of 3.14 uses the same, from an application's point of view: its pool of workers.
@test "concurrent.interpreters and InterpreterPoolExecutor: 3.14" {
	needs_subject sid-amd64-3.14-exe
	cat >"$BATS_TEST_TMPDIR/pool.py" <<-'END'
	import os, sys, threading, time
	from concurrent import interpreters
	from concurrent.futures import InterpreterPoolExecutor
	WORK = "n = 0\nwhile True:\n    for i in range(20000):\n        n += i\n"
	own = interpreters.create()
	pool = InterpreterPoolExecutor(2)
	jobs = [pool.submit(exec, WORK) for _ in range(2)]
	threading.Thread(target=own.exec, args=(WORK,), daemon=True).start()
	time.sleep(0.5)
	os.write(1, b"ready\n")
	sys.stdin.read()
	os._exit(0)
	END
	place "$BATS_TEST_TMPDIR/pool.py"
	WORKLOADS=$BATS_TEST_TMPDIR subject_start pool.py
	giltop_start --json -p "$WL_PID"
	sleep 1.5
	giltop_end INT
	NUMBERS_OF=$GT_OUT numbers --expr 'len([g for g in proc["gils"] if g["interpreter"] > 0]) == 3' \
		--expr 'sum(g["utilization"] for g in proc["gils"]) > 1.2'
	subject_end
}
