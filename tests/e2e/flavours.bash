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

# Counts that follow from the program: for builds into which nothing can be preloaded.
counts_are_exact() { # SUBJECT N [OPTION OF giltop..]
	local subject=$1 n=$2
	needs_subject "$1"
	subject_start countable.py "$n"
	wait_for 5 is_parked
	shift 2
	giltop_start --json --mode exact -p "$WL_PID" "$@"
	workload_go
	workload_wait_done
	sleep 0.2
	giltop_end INT
	NUMBERS_OF=$GT_OUT numbers --expr "gil['acquisitions'] == $n + 2" \
		--expr "[(t['acquisitions'], t['releases'], t['contended']) for t in threads] == [($n + 2, $n + 2, 0)]"
	result counts "$subject" ok
}

stacks_are_true() { # SUBJECT
	needs_subject "$1"
	python3 "$E2E_DIR/stacks_truth.py" "$BUILD/tools/pystack_dump" "${SUBJECT_CMD[@]}"
	result stacks "$1" ok
}
