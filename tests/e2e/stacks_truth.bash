# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# stacks_truth.bash - for tests/e2e/ and tests/long/, after lib

setup_file() {
	make -s -C "$REPO" BUILD="$BUILD" "$BUILD/tools/pystack_dump" >&2
}

setup() {
	needs_cap sys_ptrace
	[ -x "$BUILD/tools/pystack_dump" ] || skip "needs pystack_dump"
}

truth() { # COMMAND..
	python3 "$E2E_DIR/stacks_truth.py" "$BUILD/tools/pystack_dump" "$@"
}

own() { # NAME of lib.bash's interpreters
	needs_python "$1"
	truth "$PYTHON"
	result stacks "$1" ok
}

fetched() { # NAME of scripts/fetch-interpreters
	local cmd
	needs_root
	cmd=$(subject_line "$1")
	case $cmd in '' | -) skip "no interpreter $1 (scripts/fetch-interpreters)" ;; esac
	# shellcheck disable=SC2086
	truth $cmd
	result stacks "$1" ok
}
