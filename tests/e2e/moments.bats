# SPDX-License-Identifier: BSD-2-Clause
# A signal at any moment of giltop's life: GILTOP_MOMENTS (20) rounds of each; tests/long does more.

load lib
load run

setup() {
	needs_giltop
	needs_root # to read all of a target's code
	e2e_setup
}

teardown() { e2e_teardown; }

# at_any_moment SIGNAL [OPTION..]
at_any_moment() {
	python3 "$E2E_DIR/any_moment.py" "$GILTOP" "$PYTHON" "$1" "${GILTOP_MOMENTS:-20}" "${@:2}"
}

@test "INT at any moment: gone soon, an honest exit code, the target's code is as before" {
	at_any_moment INT
}

@test "kill -9 at any moment: the target goes on, its code is as before" {
	at_any_moment KILL
}
