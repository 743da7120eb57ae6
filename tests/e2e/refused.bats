# SPDX-License-Identifier: BSD-2-Clause
# No wrong address is ever probed: what looks like a CPython and is none is refused, and after every refusal
# the code in memory, byte for byte, is that of the files. (errors.bats has the words and exit codes.)

load lib
load run
load subject

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

@test "the check itself sees probes" {
	python_start "$SPIN"
	untouched "$WL_PID"
	giltop_start --json -p "$WL_PID"
	run -1 untouched "$WL_PID"
	giltop_end INT
	untouched "$WL_PID"
}

@test "a C program with the GIL's calls and the GIL's error texts is no CPython, whatever its name" {
	build_condvars condvars
	condvars_start condvars
	refused "$WL_PID" 4
	[[ $stderr == *"pid $WL_PID is not a CPython (exe "* ]]
	build_condvars python3.11 -static
	condvars_start python3.11
	refused "$WL_PID" 4
}

# _PyRuntime of sizes that 3.7 and 3.10 have, in zeros: what else must be there is not.
@test "the same with a _PyRuntime in it" {
	local size
	for size in 656 1424 8; do
		build_condvars python3 -rdynamic "-DFAKE_RUNTIME=$size"
		condvars_start python3
		refused "$WL_PID" 5
	done
}

sleeps() {
	[ "$(cut -d' ' -f1 "/proc/$1/syscall")" = "$SLEEP_CALL" ]
}

# Two calls of each kind, in turn, are replaced by "done" (xor eax, eax): one thread alone runs with that.
@test "interpreters with one GIL call patched, two of each kind in turn" {
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
	done < <(awk '$1 ~ /^(acquire|release|wait|yield)$/ && $4 == "call" && ++n[$1] <= 2 { print $1, $3 }' "$BATS_TEST_TMPDIR/sites")
	[ "$n" -ge 6 ]
}

# Its file is as known; what it has in memory is not what this version would have there.
@test "a CPython whose memory is not laid out as its version has it" {
	needs_python stock-3.11
	python_start 'import ctypes, time
get = ctypes.pythonapi.PyInterpreterState_Get
get.restype = ctypes.c_void_p
main_id = ctypes.c_int64.from_address(get() + 48)
assert main_id.value == 0
main_id.value = 7
print("ready", flush=True)
time.sleep(100)'
	refused "$WL_PID" 5
	[[ $stderr == *"the first interpreter's id is not 0: memory is not laid out as expected, refusing to guess"* ]]
	run "$GILTOP" doctor -p "$WL_PID"
	[[ $output == *"NO: "*"the first interpreter's id is not 0"* ]]
}

# When it is found its libpython is mapped, but not relocated: memory is not as it will be.
@test "a command whose libpython is just being loaded is measured, not refused" {
	local i
	needs_python pyenv-3.12
	for i in 1 2 3 4 5; do
		run -0 --separate-stderr "$GILTOP" --json -- "$PYTHON" -c 'print(sum(range(9)))'
		echo "stderr: $stderr"
		[ -z "$stderr" ]
		[[ $output == *'"type":"summary"'*'"python":"3.12'* ]]
	done
}

@test "one good and one refused process: nothing is left in either" {
	build_condvars condvars
	condvars_start condvars
	local bad=$WL_PID
	python_start "$SPIN"
	run -4 --separate-stderr "$GILTOP" -b -p "$WL_PID,$bad" -d 1
	[[ $stderr == *"pid $bad is not a CPython"* ]]
	untouched "$WL_PID"
	untouched "$bad"
	run -0 "$GILTOP" -b -p "$WL_PID" -d 0.3
	untouched "$WL_PID"
}

@test "free-threaded with the GIL off: nothing is left" {
	needs_subject flavour-ft
	python_start "$SPIN"
	refused "$WL_PID" 5
}
