# SPDX-License-Identifier: BSD-2-Clause
# --sched: where holders sleep with the GIL, in which system call and for how long, against workloads that know.

load lib
load run

setup_file() {
	command -v cc >/dev/null || return 0
	cc -O2 -shared -fPIC "$WORKLOADS/sleeps.c" -o "$BATS_FILE_TMPDIR/libsleeps.so"
}

setup() {
	needs_giltop
	needs_cmd cc
	e2e_setup
}

teardown() { e2e_teardown; }

right() { # [--no-stacks] INTERPRETER
	local options=()
	[ "$1" != --no-stacks ] || options+=("$1")
	needs_python "${!#}"
	python3 "$E2E_DIR/sched.py" "${options[@]}" "$GILTOP" \
		"$BATS_FILE_TMPDIR/libsleeps.so" 2s "$PYTHON" -S
}

SLEEPER='import ctypes, os, sys, threading, time
def waits():
    while True:
        time.sleep(0.001)
threading.Thread(target=waits, daemon=True).start()
libc = ctypes.PyDLL(None)
def stuck():
    libc.usleep(100000000)
print("ready", flush=True)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
stuck()'

@test "holders that sleep, 3.11: the time, the call, the line" { right stock-3.11; }

@test "holders that sleep, 3.13" { right pyenv-3.13; }

@test "holders that sleep, 3.8, without stacks: the time and the call" { right --no-stacks pyenv-3.8; }

@test "a sleep that goes on is told while it does, and the advice names the call" {
	local go=$BATS_TEST_TMPDIR/go
	python_start "$SLEEPER" "$go"
	giltop_start --sched -b -p "$WL_PID"
	touch "$go"
	sleep 0.8
	giltop_end INT
	tail -30 "$GT_OUT"
	output=$(tail -30 "$GT_OUT" | tr -s ' \n' '  ')
	[[ $output == *"holders that slept with the GIL:"*" 1 clock_nanosleep() stuck program.0.py:8 "* ]]
	[[ $output == *"MainThread has held it for "*"it sleeps in clock_nanosleep()"* ]]
	[ ! -s "$GT_ERR" ]
}

@test "a hold from before the books: asleep when they start, and again later" {
	python_start 'import ctypes, sys, threading, time
threading.Thread(target=lambda: [time.sleep(0.001) for i in range(1000000)], daemon=True).start()
sleeps = ctypes.PyDLL(sys.argv[1])
def stuck():
    sleeps.naps(1000, 50000)
print("ready", flush=True)
time.sleep(0.05)
stuck()' "$BATS_FILE_TMPDIR/libsleeps.so"
	sleep 0.3
	run -0 --separate-stderr "$GILTOP" --sched -b -p "$WL_PID" -d 600ms
	echo "$output"
	[[ $output == *"holders that slept with the GIL:"*" clock_nanosleep() "*" stuck program.0.py:5"* ]]
	[[ $output == *" 1 an unknown call "* ]]
	[ -z "$stderr" ]
}

@test "nobody sleeps with the GIL: said in the text, an empty list in JSON; without --sched nothing" {
	python_start 'import time
print("ready", flush=True)
while True: time.sleep(0.001)'
	run -0 "$GILTOP" --sched -b -p "$WL_PID" -d 200ms
	[[ $output == *"holders that slept with the GIL: none"* ]]
	run -0 "$GILTOP" --sched --json -p "$WL_PID" -d 200ms
	[[ $output == *'"offcpu":[]'* ]]
	run -0 "$GILTOP" --sched --no-sched --json -p "$WL_PID" -d 200ms
	[[ $output != *'"offcpu":['* ]]
}

@test "where it has no effect it is refused" {
	run -2 --separate-stderr "$GILTOP" dump --sched -p 1
	one_line "--sched has no effect with dump: it watches over a time"
	run -2 --separate-stderr "$GILTOP" record --sched -f svg -o "$BATS_TEST_TMPDIR/x.svg" -p 1
	one_line "--sched has no effect with svg"
}
