# SPDX-License-Identifier: BSD-2-Clause
# Programs in which somebody looked for something and was led astray. (A short burst before a send is in places.bats.)

load lib
load run
load subject
load cases

@test "rules that are compiled, run and freed: each has its time" { right rules stock-3.11; }
@test "modules imported at first use: each has its time" { right import stock-3.11; }
@test "the collector inside of JSON encoding is named" { right collector stock-3.11; }
@test "a command that is over before the first refresh has names" { right command stock-3.11; }
@test "the last phase of a command has names" { right phases stock-3.11; }
@test "daemon threads at the interpreter's end: who is gone does not wait: 3.10" { right daemons pyenv-3.10; }

# Parked for ever there, not gone.
@test "daemon threads at the interpreter's end: who is parked does not wait: Debian 3.14" {
	needs_subject sid-amd64-3.14-exe
	place "$WORKLOADS/daemons.py"
	local wrapper=$BATS_TEST_TMPDIR/python
	printf '#!/bin/sh\nexec %s %s/daemons.py 4\n' "${SUBJECT_CMD[*]}" "$PLACE" >"$wrapper"
	chmod 755 "$wrapper"
	python3 "$E2E_DIR/cases.py" "$GILTOP" daemons "$wrapper"
}

@test "a long switch interval: Python that is not asked to let go is not called native code" {
	python_start "${SPIN/import os, sys, threading/import os, sys, threading; sys.setswitchinterval(0.3)}"
	run -0 "$GILTOP" -b -d 3 -p "$WL_PID"
	echo "$output"
	[[ $output != *"native code"* ]]
}
