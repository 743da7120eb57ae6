# SPDX-License-Identifier: BSD-2-Clause
# No wrong address is ever probed: what looks like a CPython and is none is refused, and after every refusal
# the code in memory, byte for byte, is that of the files. (errors.bats has the words and exit codes.)

load lib
load run
load subject
load refused

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

# The other sizes, and all of the calls: tests/long/refused.bats.
@test "the same with a _PyRuntime in it" { fakes_are_refused 656 1424 8; }

@test "interpreters with one GIL call patched, two of each kind in turn" { patched_are_refused 2; }

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
