# SPDX-License-Identifier: BSD-2-Clause
# Long holds and waits, planted at known times: each is told of while it goes on, and when it is over; and nothing else is.

load lib
load run
load triggers

@test "triggers: a long hold is told of while it goes on, with the lines of both, in exact books" {
	subject 5 300 300 1
	told holds,during,both --mode exact --on-hold 100ms
}

@test "triggers: a long hold is told of while it goes on, with the lines of both, in light books" {
	subject 5 300 300 1
	told holds,during,both --mode light --on-hold 100ms
}

@test "triggers: of twelve holds of 60 to 200 ms each is told of once, and nothing else" {
	subject 12 60 200 1
	told holds,holder --mode exact --on-hold 50ms
}

@test "triggers: a long wait is told of while it goes on, with the lines of both, in exact books" {
	subject 5 300 300 1
	told waits,during,both --mode exact --on-wait 100ms
}

@test "triggers: a long wait is told of while it goes on, with the lines of both, in light books" {
	subject 5 300 300 1
	told waits,during,both --mode light --on-wait 100ms
}

@test "triggers: a hold that nobody waits for is told of" {
	subject 5 300 300 0
	told holds,during,holder --mode exact --on-hold 100ms
}

@test "triggers: with a switch interval of 100 s nobody ticks, and holds and waits are told of" {
	subject 5 400 400 2 100
	told holds,waits,during,both --mode exact --on-hold 100ms --on-wait 150ms
}

@test "triggers: of hundreds that wait for one hold a few are told of, and the others are counted" {
	subject 3 300 300 200
	told holds,during,holder,storm --mode exact --on-hold 150ms --on-wait 150ms
}

@test "triggers: a hold that ends with its process is over then" {
	subject 1 20000 20000 1
	(
		wait_for 20 test -e "$GO"
		sleep 1.5
		kill -9 "$WL_PID"
	) 3>&- &
	told ended --on-hold 100ms
}

@test "triggers: who has held since before giltop came is told of" {
	python_start 'import ctypes, sys
libc = ctypes.PyDLL(None)
print("ready", flush=True)
libc.usleep(4000000)'
	run --separate-stderr "$GILTOP" --json -i 500ms -d 2 --on-hold 200ms -p "$WL_PID"
	[ "$(grep -c 'has held the GIL' <<<"$stderr")" -eq 1 ]
	[[ "$output" == *'"event":"hold","no":1,"over":false'* ]]
}

@test "triggers: SIGUSR1 is an event, and never the end of giltop" {
	subject 1 10 10 0
	giltop_start --json -p "$WL_PID"
	kill -USR1 "$GT_PID"
	wait_for 10 grep -q '"event":"signal"' "$GT_OUT"
	kill -0 "$GT_PID"
	giltop_end INT
	[ "$(grep -c 'signal 1: SIGUSR1; there is nothing to write' "$GT_ERR")" -eq 1 ]
}

@test "triggers: a thread that loses too much of an interval is told of once, until it does not" {
	python_start 'import threading, time
def spin():
    end = time.monotonic() + 6
    while time.monotonic() < end:
        pass
for i in range(3):
    threading.Thread(target=spin, name="spin-%d" % i).start()
print("ready", flush=True)
time.sleep(10)'
	run --separate-stderr "$GILTOP" --json -i 500ms -d 8 --on-delay 30 -p "$WL_PID"
	echo "$stderr"
	[ "$(grep -c ' delay 1: ' <<<"$stderr")" -eq 1 ]
	[ "$(grep -c ' delay 1 is over: ' <<<"$stderr")" -eq 1 ]
	[[ "$output" == *'"event":"delay","no":1,"over":false'* ]]
	[[ "$output" == *'"waiter":{"tid":'*'"name":"spin-'* ]]
}

@test "triggers: tables have an event between them" {
	subject 2 300 300 1
	giltop_start -b --on-hold 100ms -p "$WL_PID"
	touch "$GO"
	wait_for 20 grep -q ' is over: ' "$GT_OUT"
	giltop_end INT
	grep -A2 'hold 1: ' "$GT_OUT" | grep 'holder: MainThread'
	grep -A3 'hold 1: ' "$GT_OUT" | grep 'hold_it '
}

@test "triggers: what is no time and no share is refused" {
	for arg in "--on-hold 0" "--on-hold -5ms" "--on-hold 10parsecs" "--on-wait x" "--on-hold 10us" "--on-wait 999us" \
		"--on-delay 101" "--on-delay x" "--on-delay -1"; do
		run --separate-stderr bash -c "$GILTOP -b -p $$ $arg"
		[ "$status" -eq 2 ] || {
			echo "$arg: $status $stderr"
			return 1
		}
		one_line giltop
	done
	run --separate-stderr "$GILTOP" dump -p $$ --on-hold 10ms
	[ "$status" -eq 2 ]
	one_line "it watches over a time"
}
