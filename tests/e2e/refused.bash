# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034,SC2154
# Processes that are to be refused, for tests/e2e/ and tests/long/, after lib, run and subject.

setup() {
	needs_giltop
	needs_cap sys_ptrace
	e2e_setup
}

teardown() { subject_teardown; }

untouched() { # PID
	python3 "$E2E_DIR/text_bytes.py" "$1"
}

# 4 or 5, whatever the attach, never a number, never a probe; and it still runs.
refused() { # PID [CODE]
	local tier
	untouched "$1"
	for tier in multi perf; do
		run --separate-stderr "$GILTOP" -b -p "$1" -d 1 "--attach=$tier"
		echo "$status $output $stderr"
		[ "$status" -eq "${2:-5}" ]
		[ -z "$output" ]
		[ "$(wc -l <<<"$stderr")" -eq 1 ]
		untouched "$1"
	done
	kill -0 "$1"
}

build_condvars() { # NAME [ARGUMENTS FOR cc]
	needs_cmd cc
	local name=$1
	shift
	cc -O2 -D_GNU_SOURCE -o "$BATS_TEST_TMPDIR/$name" "$@" "$REPO/tests/embed/condvars.c" -lpthread
}

condvars_start() { # NAME
	"$BATS_TEST_TMPDIR/$1" 100 >"$BATS_TEST_TMPDIR/out" 3>&- &
	WL_PID=$!
	pid_start "$WL_PID"
	WL_OUT=$BATS_TEST_TMPDIR/out
	wait_for 5 workload_said ready
}

# A C program with a _PyRuntime of zeros, of sizes that 3.7 to 3.10 have: what else must be there is not.
fakes_are_refused() { # SIZE..
	local size
	for size; do
		build_condvars python3 -rdynamic "-DFAKE_RUNTIME=$size"
		condvars_start python3
		refused "$WL_PID" 5
	done
}

sleeps() {
	[ "$(cut -d' ' -f1 "/proc/$1/syscall")" = "$SLEEP_CALL" ]
}

# So many calls of each kind, in turn, are replaced by "done" (xor eax, eax): one thread alone runs with that.
patched_are_refused() { # MAX
	needs_python stock-3.11
	python_start "$SLEEP"
	"$GILTOP" doctor -p "$WL_PID" >"$BATS_TEST_TMPDIR/sites"
	[ "$(uname -m)" = x86_64 ] || skip "x86_64 only"
	local kind off n=0 SLEEP_CALL=230 # clock_nanosleep
	while read -r kind off; do
		n=$((n + 1))
		cp "$PYTHON" "$BATS_TEST_TMPDIR/python-$n"
		printf '\x31\xc0\x0f\x1f\x00' |
			dd of="$BATS_TEST_TMPDIR/python-$n" bs=1 seek=$((off)) conv=notrunc status=none
		echo "$kind at $off"
		"$BATS_TEST_TMPDIR/python-$n" -S -E -c 'import time; time.sleep(100)' 3>&- &
		pid_start $!
		wait_for 5 sleeps $!
		refused $! 5
		kill $!
	done < <(awk -v max="$1" '$1 ~ /^(acquire|release|wait|yield)$/ && $4 == "call" && ++n[$1] <= max { print $1, $3 }' "$BATS_TEST_TMPDIR/sites")
	[ "$n" -ge 6 ]
}
