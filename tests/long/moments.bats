# SPDX-License-Identifier: BSD-2-Clause
# tests/e2e/moments.bats for longer than `make check` has time for, and with perf events: GILTOP_MOMENTS (200).

load ../e2e/lib
load ../e2e/run

setup() {
	needs_giltop
	needs_root
	e2e_setup
}

teardown() { e2e_teardown; }

# at_any_moment SIGNAL [OPTION..]; what it counts is worth seeing.
at_any_moment() {
	run python3 "$E2E_DIR/any_moment.py" "$GILTOP" "$PYTHON" "$1" "${GILTOP_MOMENTS:-200}" "${@:2}"
	echo "$output"
	echo "# ${lines[-1]}" >&3
	[ "$status" -eq 0 ]
}

@test "INT at 200 moments: gone soon, an honest exit code, the target's code is as before" {
	at_any_moment INT
}

@test "kill -9 at 200 moments: the target goes on, its code is as before" {
	at_any_moment KILL
}

@test "INT at 200 moments, perf events: gone soon, an honest exit code, the target's code is as before" {
	at_any_moment INT --attach=perf
}

@test "kill -9 at 200 moments, perf events: the target goes on, its code is as before" {
	at_any_moment KILL --attach=perf
}

@test "kill -9 at 200 moments of a step to light mode: the target goes on, its code is as before" {
	ROUNDS_PHASE="step down" at_any_moment KILL --max-overhead=0.3
}

@test "kill -9 at 200 moments of a trial of exact mode: the target goes on, its code is as before" {
	ROUNDS_PHASE="step up" at_any_moment KILL --max-overhead=0.3
}
