# SPDX-License-Identifier: BSD-2-Clause
# Events one by one, of real interpreters: they add up to the books at each reading, to the nanosecond.

load lib
load run

setup_file() {
	make -s -C "$REPO" BUILD="$BUILD" "$BUILD/tools/events" >&2
}

setup() {
	needs_giltop
	[ -x "$BUILD/tools/events" ] || skip "needs tools/events"
	e2e_setup
}

teardown() { e2e_teardown; }

# Two that hold for long, some that wait for nothing, some that come and go.
MIXED='import threading, time
def spins():
    while True:
        for i in range(1000): pass
def naps():
    while True:
        time.sleep(0.0001)
def comes_and_goes():
    while True:
        threads = [threading.Thread(target=time.sleep, args=(0.0005,)) for i in range(4)]
        for t in threads: t.start()
        for t in threads: t.join()
for f in (spins, spins, naps, naps, comes_and_goes):
    threading.Thread(target=f, daemon=True).start()
print("ready", flush=True)
time.sleep(100)'

QUEUE='import queue, threading, time
q = queue.Queue()
def produces():
    while True:
        sum(range(3000))
        q.put(1)
        time.sleep(0.001)
def consumes():
    while True:
        q.get()
        sum(range(1000))
for f in (produces, consumes, consumes):
    threading.Thread(target=f, daemon=True).start()
print("ready", flush=True)
time.sleep(100)'

# events MODE [MIN_SPAN_NS [READ_EVERY_MS]]: in $output
events() {
	run -0 --separate-stderr "$BUILD/tools/events" "$WL_PID" 2 "$@"
	echo "$output"
	# shellcheck disable=SC2154
	echo "$stderr"
}

field() { # NAME: a number
	sed "s/.*\"$1\":\([0-9]*\).*/\1/" <<<"$output"
}

kind() { # NUMBER of enum event_kind: how many
	sed 's/.*"kinds":\[\([^]]*\)\].*/\1/' <<<"$output" | cut -d, -f"$1"
}

add_up() {
	[[ $output == *'"wrong":0,"lost":0,"late":0,'*'"spans_wrong":0,'* ]]
	[ "$(field compared)" -gt 10 ]
}

@test "exact: waits, holds, yields of each thread, and all spans" {
	python_start "$MIXED"
	events exact 20000
	add_up
	[ "$(field spans)" -gt 100 ]
	[ "$(field stacks)" -gt 100 ]
	[ "$(kind 2)" -gt 20 ] # retries
	[ "$(kind 7)" -gt 100 ] && [ "$(kind 8)" -gt 100 ] # threads begin and end
	[ "$(kind 9)" -eq 0 ] # nobody says who woke whom
}

@test "light: waits and yields; no release is seen" {
	python_start "$MIXED"
	events light 20000
	add_up
	[ "$(kind 3)" -gt 100 ] && [ "$(kind 4)" -eq 0 ]
}

@test "by turns, read often" {
	python_start "$MIXED"
	events auto 20000 30
	add_up
}

@test "3.8, exact" {
	needs_python pyenv-3.8
	python_start "$MIXED"
	events exact 20000
	add_up
}

@test "3.13, exact" {
	needs_python pyenv-3.13
	python_start "$MIXED"
	events exact 20000
	add_up
}

@test "--sched: a thread that hands something over wakes the one that waits for it" {
	python_start "$QUEUE"
	EVENT_SCHED=1 events exact
	add_up
	[ "$(kind 9)" -gt 500 ]
	[ "$(field links)" -gt 300 ]
}

@test "--sched: two that spin wake each other by their GIL alone" {
	python_start 'import threading, time
def spins():
    while True:
        for i in range(1000): pass
for i in range(2):
    threading.Thread(target=spins, daemon=True).start()
print("ready", flush=True)
time.sleep(100)'
	EVENT_SCHED=1 events exact
	add_up
	[ "$(kind 9)" -gt 100 ]
	[ "$(field links)" -lt 5 ]
}

@test "CPU time of a thread between two events is that of the scheduler" {
	python_start "$MIXED"
	python3 "$E2E_DIR/event_cpu.py" "$BUILD/tools/events" "$WL_PID"
}
