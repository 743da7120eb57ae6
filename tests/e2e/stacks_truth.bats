# SPDX-License-Identifier: BSD-2-Clause
# Function, file and line of every frame of every thread, as read from outside, against what the
# interpreter says itself (stacks_truth.py): stock, self-built and Debian's interpreters.

load lib

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
	cmd=$("$REPO/scripts/fetch-interpreters" --list 2>/dev/null | awk -F'\t' -v n="$1" '$1 == n { print $8 }')
	case $cmd in '' | -) skip "no interpreter $1 (scripts/fetch-interpreters)" ;; esac
	# shellcheck disable=SC2086
	truth $cmd
	result stacks "$1" ok
}

@test "stacks are true: stock 3.11" { own stock-3.11; }
@test "stacks are true: 3.7" { own pyenv-3.7; }
@test "stacks are true: 3.8" { own pyenv-3.8; }
@test "stacks are true: 3.9" { own pyenv-3.9; }
@test "stacks are true: 3.10" { own pyenv-3.10; }
@test "stacks are true: 3.11" { own pyenv-3.11; }
@test "stacks are true: 3.12" { own pyenv-3.12; }
@test "stacks are true: 3.13" { own pyenv-3.13; }
@test "stacks are true: Debian 3.9" { fetched bullseye-amd64-3.9-exe; }
@test "stacks are true: Debian 3.9, shared library" { fetched bullseye-amd64-3.9-lib; }
@test "stacks are true: Debian 3.9, debug build" { fetched bullseye-amd64-3.9d-exe; }
@test "stacks are true: Debian 3.11" { fetched bookworm-amd64-3.11-exe; }
@test "stacks are true: Debian 3.11, shared library" { fetched bookworm-amd64-3.11-lib; }
@test "stacks are true: Debian 3.11, debug build" { fetched bookworm-amd64-3.11d-exe; }
@test "stacks are true: Debian 3.13.5" { fetched trixie-amd64-3.13-exe; }
@test "stacks are true: Debian 3.13.5, shared library" { fetched trixie-amd64-3.13-lib; }
@test "stacks are true: Debian 3.13.5, debug build" { fetched trixie-amd64-3.13d-exe; }
@test "stacks are true: Debian 3.13" { fetched sid-amd64-3.13-exe; }
@test "stacks are true: Debian 3.13, shared library" { fetched sid-amd64-3.13-lib; }
@test "stacks are true: Debian 3.14" { fetched sid-amd64-3.14-exe; }
@test "stacks are true: Debian 3.14, shared library" { fetched sid-amd64-3.14-lib; }
@test "stacks are true: Debian 3.14, debug build" { fetched sid-amd64-3.14d-exe; }
@test "stacks are true: Debian 3.15" { fetched sid-amd64-3.15-exe; }
@test "stacks are true: Debian 3.15, shared library" { fetched sid-amd64-3.15-lib; }
@test "stacks are true: Debian 3.15, debug build" { fetched sid-amd64-3.15d-exe; }
@test "stacks are true: Debian 3.14 with the JIT on" { PYTHON_JIT=1 fetched sid-amd64-3.14-exe; }
@test "stacks are true: Debian 3.15 with the JIT on" { PYTHON_JIT=1 fetched sid-amd64-3.15-exe; }
