# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# cases.bash - for tests/e2e/ and tests/long/, after lib, run and subject

setup() {
	needs_giltop
	e2e_setup
}

teardown() { subject_teardown; }

right() { # CASE INTERPRETER
	needs_python "$2"
	python3 "$E2E_DIR/cases.py" "$GILTOP" "$1" "$PYTHON"
}
