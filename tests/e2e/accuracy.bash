# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2153
# giltop beside the oracle, for accuracy.bats here and in tests/long/; after lib, run and subject.

accuracy_setup() {
	needs_giltop
	needs_oracle
	e2e_setup
}

measure() { # INTERPRETER WORKLOAD [MORE ARGUMENTS]
	local python=$1
	shift
	python3 "$E2E_DIR/accuracy.py" --giltop "$GILTOP" --oracle "$ORACLE" --python "$python" "$@"
}

agree() { # INTERPRETER WORKLOAD
	needs_python "$1"
	measure "$PYTHON" "$2"
	result live "$1/$2" ok
}

# Debian's run in a chroot with their own libc.
agree_each() { # SUBJECT LOAD..: a subject of lib.bash, or of scripts/fetch-interpreters
	local subject=$1 load
	needs_subject "$subject"
	shift
	for load; do
		# shellcheck disable=SC2086
		measure "$PYTHON" --root "$ROOT" $load
		result live "$subject/${load% *}" ok
	done
}

# .. in light mode: SUBJECT "LOAD POINTS"..: by how much the shares of blame may differ.
light_agrees() {
	local subject=$1 load
	needs_subject "$subject"
	shift
	for load; do
		# shellcheck disable=SC2086
		measure "$PYTHON" --root "$ROOT" --light "${load##* }" ${load% *}
	done
	result light "$subject" ok
}
