# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034,SC2154
# Sub-interpreters with a GIL of their own, for tests/e2e/ and tests/long/, after lib, run and subject.

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
		--expr 'all(g["wait_ns"] == (g["gap_ns"] or 0) + g["runnable_ns"] + g["unsure_ns"] + sum(t["blame_ns"] for t in threads if t["gil"] == g["id"]) for g in proc["gils"])' \
		--expr 'all(t["wait_ns"] > 0 for t in threads if t["name"] in ("main-0", "main-1", "b-0", "b-1"))' \
		--expr 'all(0 <= g["utilization"] <= 1 for g in proc["gils"])' \
		--expr 'sum(g["utilization"] for g in proc["gils"]) > 1.2'
	subject_end
	result live "$1/subinterpreters" ok
}
