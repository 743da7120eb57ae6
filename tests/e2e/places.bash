# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# places.bash - the shares of functions and lines against tests/workloads/shares.py, for tests/e2e/ and tests/long/

setup_file() {
	command -v cc >/dev/null || return 0
	cc -O2 -shared -fPIC -pthread "$WORKLOADS/shares.c" -o "$BATS_FILE_TMPDIR/libshares.so"
}

setup() {
	needs_giltop
	needs_cmd cc
	e2e_setup
}

teardown() { subject_teardown; }

right() { # SUBJECT [OPTION OF places.py..] VARIANT [OPTION..]
	local options=()
	needs_subject "$1"
	shift
	while [[ $1 == --* ]]; do
		options+=("$1")
		shift
	done
	place "$WORKLOADS/shares.py" "$BATS_FILE_TMPDIR/libshares.so"
	python3 "$E2E_DIR/places.py" "${options[@]}" "$GILTOP" "${SUBJECT_CMD[@]}" "$PLACE/shares.py" \
		"$PLACE/libshares.so" "$@"
}
