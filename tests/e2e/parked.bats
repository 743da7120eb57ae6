#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Daemon threads that want the GIL of an interpreter that finalizes do not wait: they are ended, or parked for ever.
load lib
load run
load subject

setup() {
	e2e_setup
	needs_giltop
}
teardown() { subject_teardown; }

teardown_seen_as() {
	subject_start teardown.py
	giltop_start --json -p "$WL_PID"
	sleep 1
	subject_say go
	subject_heard "done"
	giltop_end
	[ "$GT_CODE" -eq 0 ]
	# One or two may have let go of the GIL before they were parked; a refresh may come in the middle of their ends.
	NUMBERS_OF=$GT_OUT numbers --open-end \
		--expr "len({t['tid'] for s in snaps for t in s['processes'][0]['threads'] if t['state'] == '$1'}) >= 6" \
		--expr "any(s['processes'][0]['gils'][0]['waiters'] >= 6 for s in snaps)" \
		--expr 'sum(s["processes"][0]["gils"][0]["waiters"] == 0 for s in snaps) >= 5' \
		--expr 'sum(s["processes"][0]["gils"][0]["load"] < 1.1 for s in snaps) >= 5' \
		--expr 'all(t["state"] == "exited" for t in threads)'
}

@test "threads that 3.14 parks at its end are finalizing, and wait no more" {
	needs_subject sid-amd64-3.14-exe
	teardown_seen_as finalizing
	NUMBERS_OF=$GT_OUT numbers --open-end \
		--expr 'sum(t["state"] == "finalizing" for t in snaps[-2]["processes"][0]["threads"]) >= 6'
}

@test "threads that 3.15 parks at its end are finalizing, and wait no more" {
	needs_subject sid-amd64-3.15-exe
	teardown_seen_as finalizing
}

@test "threads that 3.10 ends at its end have exited, and wait no more" {
	needs_python pyenv-3.10
	SUBJECT_CMD=("$PYTHON")
	ROOT=
	teardown_seen_as exited
}
