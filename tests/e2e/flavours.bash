# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2154
# What tests of builds as others make them share (after lib.bash, run.bash and subject.bash).

setup_file() {
	"$REPO/scripts/build-flavours" >&2
	rm -f "$BATS_RUN_TMPDIR/subjects"
	make -s -C "$REPO" BUILD="$BUILD" "$BUILD/tools/pystack_dump" "$BUILD/tools/sites" "$BUILD/tools/truth" >&2
	mkdir -p "$BUILD/results"
}

setup() {
	needs_giltop
	e2e_setup
}

teardown() { subject_teardown; }

oracle_agrees() { # SUBJECT WORKLOAD [MORE ARGUMENTS]
	needs_subject "$1"
	needs_oracle
	local name=$1 workload=$2
	shift 2
	python3 "$E2E_DIR/accuracy.py" --giltop "$GILTOP" --oracle "$ORACLE" --python "$PYTHON" --root "$ROOT" \
		"$@" "$workload"
	result live "$name/$workload" ok
}

# The probes there are past the signal calls, and those of waits and yields are single-stepped.
noplt_agrees() {
	GILTOP_ORACLE_LATE=1 oracle_agrees flavour-noplt "$@"
}
