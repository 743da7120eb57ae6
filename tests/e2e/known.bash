# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# known.bash - stacks whose answer is known, for tests/e2e/ and tests/long/, after lib

check() { # COMMAND OF blame.py..
	python3 "$E2E_DIR/blame.py" "$@"
}

# Every stack of 25 threads (generators, recursion, C in between, all kinds of names) is true, and the
# sums agree.
known() { # NAME of lib.bash's interpreters
	needs_python "$1"
	check known "$GILTOP" "$PYTHON"
}

known_debian() { # NAME of scripts/fetch-interpreters
	local cmd
	needs_root
	cmd=$(subject_line "$1")
	case $cmd in '' | -) skip "no interpreter $1 (scripts/fetch-interpreters gets it)" ;; esac
	# shellcheck disable=SC2086
	check known "$GILTOP" $cmd
}
