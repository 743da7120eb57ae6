# SPDX-License-Identifier: BSD-2-Clause
# Processes that live for some 70 ms, a thousand a minute, and workers that are forked and executed again: who is measured,
# what is exact, what stays behind in giltop.

load lib
load run
load burst

setup() { burst_setup; }

teardown() { e2e_teardown; }

@test "-a while short programs come and go: nearly all are measured, and the others are counted" {
	burst_start
	giltop_start --json -v -i 1s --mode exact -a
	burst_for 8
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	burst_measured
	needs_shared_links
	burst_measured --share 99 --some
}

@test "short programs with an oracle in each: what giltop counted is there, and of those measured it counted all waits" {
	needs_oracle
	mkdir "$BATS_TEST_TMPDIR/oracles"
	LD_PRELOAD=$ORACLE GILTOP_ORACLE=$BATS_TEST_TMPDIR/oracles GILTOP_ORACLE_ON=1 burst_start
	giltop_start --json -i 1s --mode exact -s -p "$WL_PID"
	burst_for 4
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	burst_measured --oracle "$BATS_TEST_TMPDIR/oracles"
	needs_shared_links
	burst_measured --oracle "$BATS_TEST_TMPDIR/oracles" --whole 99
}

@test "a supervisor's workers, forked and executed again: their counts are those of an oracle in each" {
	needs_oracle
	python3 "$E2E_DIR/workers.py" --giltop "$GILTOP" --oracle "$ORACLE" --python "$PYTHON"
}

@test "a supervisor's workers are measured from their first event on, and beyond exec" {
	needs_oracle
	python_start "$SLEEP"
	giltop_start --json -d 100ms -p "$WL_PID"
	giltop_end
	needs_shared_links
	python3 "$E2E_DIR/workers.py" --giltop "$GILTOP" --oracle "$ORACLE" --python "$PYTHON" --from-birth
}
