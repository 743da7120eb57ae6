# SPDX-License-Identifier: BSD-2-Clause
# What happens while giltop looks: the target ends, is killed, becomes another program; giltop is
# interrupted or killed; threads come, go, get stuck and die waiting. And giltop -- COMMAND.

load lib
load run

setup() {
	needs_giltop
	e2e_setup
}

teardown() { e2e_teardown; }

# ---- the target ends ----

# Spins until the file argv[1] is there, then does argv[2] (Python).
UNTIL='
import os, sys, threading
def spin():
    n = 0
    while True: n += 1
for i in range(2): threading.Thread(target=spin, daemon=True).start()
print("ready")
while not os.path.exists(sys.argv[1]): threading.Event().wait(0.05)
exec(sys.argv[2])
'

@test "the target ends by itself: summary, exit 0, soon" {
	python_start "$UNTIL" "$BATS_TEST_TMPDIR/go" 'sys.exit(0)'
	giltop_start --json --mode exact -p "$WL_PID"
	sleep 1
	touch "$BATS_TEST_TMPDIR/go"
	wait "$WL_PID"
	giltop_end
	[ "$GT_CODE" -eq 0 ]
	NUMBERS_OF=$GT_OUT numbers --open-end --expr 'total["ended_by"] == "the target ended"' \
		--expr 'not proc["alive"] and all(t["state"] == "exited" for t in threads)' \
		--expr 'gil["acquisitions"] > 3'
}

@test "the target is killed (-9) under load: summary, exit 0, the sums still agree" {
	python_start "$SPIN"
	giltop_start --json -p "$WL_PID"
	sleep 0.5
	kill -9 "$WL_PID"
	giltop_end
	[ "$GT_CODE" -eq 0 ]
	NUMBERS_OF=$GT_OUT numbers --open-end --expr 'not proc["alive"]' --expr 'gil["acquisitions"] > 3' \
		--expr 'sum(t["wait_ns"] for t in threads) > 0.2 * total["duration_ns"]'
}

@test "the target executes another program: exit 0, what was measured stays" {
	python_start "$UNTIL" "$BATS_TEST_TMPDIR/go" 'os.execv("/bin/sleep", ["sleep", "1000"])'
	giltop_start --json -p "$WL_PID"
	sleep 1
	touch "$BATS_TEST_TMPDIR/go"
	giltop_end
	[ "$GT_CODE" -eq 0 ]
	[ "$(cat "/proc/$WL_PID/comm")" = sleep ]
	NUMBERS_OF=$GT_OUT numbers --open-end --expr 'len(total["processes"]) == 1 and not proc["alive"]' \
		--expr 'gil["acquisitions"] > 3'
}

@test "the target executes Python again: both lives are measured under the one pid" {
	python_start '
import os, sys, threading, time
go = sys.argv[1]
def spin():
    n = 0
    while not os.path.exists(go):
        for i in range(10000): n += 1
print("ready" if len(sys.argv) < 3 else "again")
threads = [threading.Thread(target=spin) for i in range(2)]
for t in threads: t.start()
for t in threads: t.join()
if len(sys.argv) < 3: os.execv(sys.executable, [sys.executable, "-u", __file__, go + ".2", "again"])
print("done")
time.sleep(1000)' "$BATS_TEST_TMPDIR/go"
	giltop_start --json -p "$WL_PID"
	sleep 0.5
	touch "$BATS_TEST_TMPDIR/go"
	wait_for 10 workload_said again
	sleep 1
	touch "$BATS_TEST_TMPDIR/go.2"
	wait_for 10 workload_said "done"
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	NUMBERS_OF=$GT_OUT numbers --open-end \
		--expr "[p['pid'] for p in total['processes']] == [$WL_PID] * 2" \
		--expr '[p["alive"] for p in total["processes"]] == [False, True]' \
		--expr 'all(p["gils"][0]["acquisitions"] > 3 for p in total["processes"])' \
		--expr 'all(len(p["threads"]) == 3 for p in total["processes"])'
}

# ---- giltop is interrupted ----

@test "SIGINT and SIGTERM: the summary is written, exit 0" {
	python_start "$SPIN"
	local sig
	for sig in INT TERM HUP; do
		giltop_start --json -p "$WL_PID"
		giltop_end $sig
		[ "$GT_CODE" -eq 0 ]
		NUMBERS_OF=$GT_OUT numbers --expr 'total["ended_by"] == "interrupted"'
	done
}

# As timeout(1) does it: to the process, then to its group.
@test "the same signal twice in a row is one: the summary is written, exit 0" {
	python_start "$SPIN"
	local sig
	for sig in TERM INT; do
		giltop_start --json -p "$WL_PID"
		kill -$sig "$GT_PID"
		giltop_end $sig
		[ "$GT_CODE" -eq 0 ]
		NUMBERS_OF=$GT_OUT numbers --expr 'total["ended_by"] == "interrupted"'
	done
}

has_summary() {
	tail -n 1 "$GT_OUT" | grep -q '^{"type":"summary".*}$'
}

# Perf events take a second and more to take away; the data is written before. A signal in the middle of that
# must not make the kernel leave one behind.
@test "a second signal while the probes are being taken away: the data is there, no probe stays" {
	python_start "$SPIN"
	local sig
	for sig in INT KILL; do
		giltop_start --json -p "$WL_PID" --attach=perf
		kill -INT "$GT_PID"
		wait_for 30 has_summary
		kill -$sig "$GT_PID" 2>/dev/null || true
		giltop_end
		echo "$sig: exit status $GT_CODE"
		if [ "$GT_CODE" -ne 137 ]; then # killed before it was done
			[ "$GT_CODE" -eq 0 ] || [ "$GT_CODE" -eq 130 ]
			NUMBERS_OF=$GT_OUT numbers
		fi
		wait_for 10 python3 "$E2E_DIR/probe_bytes.py" "$GILTOP" "$WL_PID" original
	done
}

@test "nohup: the end of the session does not end the measurement" {
	python_start "$SPIN"
	GT_OUT=$BATS_TEST_TMPDIR/nohup.json
	nohup "$GILTOP" --json -i 100ms -p "$WL_PID" >"$GT_OUT" 2>/dev/null </dev/null 3>&- &
	GT_PID=$!
	pid_start "$GT_PID"
	wait_for 15 measures
	kill -HUP "$GT_PID"
	sleep 0.5
	kill -0 "$GT_PID"
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
}

@test "the reader of the pipe goes away: quiet, exit 0" {
	python_start "$SPIN"
	local opt
	for opt in -b --json; do
		run -0 --separate-stderr bash -c "set -o pipefail; '$GILTOP' $opt -i 50ms -p $WL_PID -d 20 | head -c 10"
		[ -z "$stderr" ]
	done
}

# The first byte that does not fit into the pipe makes giltop sleep in a write.
sleeps_in_a_write() {
	grep -qs pipe_write "/proc/$GT_PID/wchan" || grep -qsE '^(1|64) 0x1 ' "/proc/$GT_PID/syscall"
}

@test "the reader of the pipe stops reading: SIGINT and SIGTERM end it all the same, and it is said" {
	python_start "$SPIN"
	local sig fifo=$BATS_TEST_TMPDIR/fifo reader
	mkfifo "$fifo"
	for sig in INT TERM; do
		sleep 1000 <"$fifo" 3>&- &
		reader=$!
		pid_start "$reader"
		bash -c 'exec "$@"' - "$GILTOP" --json -i 10ms -p "$WL_PID" >"$fifo" 2>"$BATS_TEST_TMPDIR/said" 3>&- &
		GT_PID=$!
		pid_start "$GT_PID"
		wait_for 60 sleeps_in_a_write
		kill -$sig "$GT_PID"
		wait_for 10 ended "$GT_PID"
		giltop_end
		[ "$GT_CODE" -eq 1 ]
		grep -q 'the output is not whole: nobody reads it' "$BATS_TEST_TMPDIR/said"
		kill "$reader"
	done
}

@test "-o names a pipe that nobody reads: an error, at once" {
	python_start "$SPIN"
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	run -1 --separate-stderr timeout 60 "$GILTOP" --json -p "$WL_PID" -o "$BATS_TEST_TMPDIR/fifo" --force
	one_line "nobody reads the pipe"
}

# ---- the target is sacred ----

# The last whole line: print() writes it in pieces.
counted() {
	sed -n 's/^count \([0-9][0-9]*\)$/\1/p' "$WL_OUT" | tail -n 1
}

counts_on() {
	[ "$(counted)" -gt "$1" ]
}

end_leaves_original_bytes() { # TIER SIGNAL
	local before
	python_start '
import os, threading, time
cnt = [0, 0]
def work(i):
    while True:
        os.stat("/")
        cnt[i] += 1
for i in range(2): threading.Thread(target=work, args=(i,), daemon=True).start()
print("ready")
while True:
    time.sleep(0.2)
    print("count", sum(cnt), flush=True)'
	giltop_start --json -p "$WL_PID" --mode exact --attach="$1"
	python3 "$E2E_DIR/probe_bytes.py" "$GILTOP" "$WL_PID" exact
	giltop_end "$2"
	wait_for 15 python3 "$E2E_DIR/probe_bytes.py" "$GILTOP" "$WL_PID" original
	before=$(counted)
	wait_for 15 counts_on $((before + 1000))
	[ ! -s "$WL_OUT.err" ]
	# and it can be measured again
	json_of -p "$WL_PID" -d 0.3
	numbers --expr 'gil["acquisitions"] > 100'
}

@test "kill -9 of giltop under full load: the target goes on, its code is as before" {
	end_leaves_original_bytes auto KILL
	[ "$GT_CODE" -eq 137 ]
}

@test "kill -9 of giltop under full load, perf events: the target goes on, its code is as before" {
	end_leaves_original_bytes perf KILL
	[ "$GT_CODE" -eq 137 ]
}

@test "after an ordinary end the target's code is as before" {
	end_leaves_original_bytes auto INT
	[ "$GT_CODE" -eq 0 ]
}

@test "giltop on itself, and two giltops on one process" {
	python_start "$SPIN"
	giltop_start --json -p "$WL_PID"
	json_of -p "$WL_PID" -d 0.5
	numbers --expr 'gil["acquisitions"] > 10'
	giltop_end INT
	NUMBERS_OF=$GT_OUT numbers
	python3 "$E2E_DIR/probe_bytes.py" "$GILTOP" "$WL_PID" original
	run -4 --separate-stderr bash -c "exec '$GILTOP' -b -p \$\$"
	one_line "is not a CPython"
}

# ---- threads ----

@test "threads that start after giltop, each known by all its time" {
	python_start '
import sys, threading, time
def spin(end):
    n = 0
    while time.monotonic() < end: n += 1
import os
print("ready")
while not os.path.exists(sys.argv[1]): time.sleep(0.05)
threads = [threading.Thread(target=spin, args=(time.monotonic() + 1,)) for i in range(3)]
for t in threads: t.start()
for t in threads: t.join()
print("done")
time.sleep(1000)' "$BATS_TEST_TMPDIR/go"
	giltop_start --json -p "$WL_PID"
	touch "$BATS_TEST_TMPDIR/go"
	wait_for 20 workload_said "done"
	giltop_end INT
	NUMBERS_OF=$GT_OUT numbers --expr 'len([t for t in threads if t["hold_ns"] > 50e6]) == 3' \
		--expr 'all(t["span_ns"] < 3e9 for t in threads if t["hold_ns"] > 50e6)' \
		--expr 'all(t["acquisitions"] == t["releases"] for t in threads if t["state"] == "exited")' \
		--expr 'sum(t["wait_ns"] for t in threads) > 5e8'
}

@test "10,000 threads in a row: nothing is lost, a thousand keep a row and the others share one" {
	workload_start churn.py 10000
	giltop_start --json --mode exact -p "$WL_PID"
	workload_go
	workload_wait_done 120
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	NUMBERS_OF=$GT_OUT numbers --expr 'total["lost_events"] == 0 and total["violations"] == 0' \
		--expr '8900 <= sum(t.get("folded", 0) for t in threads) <= 10000' \
		--expr 'sum(t.get("folded", 1) for t in threads) == 10001' \
		--expr 'len(threads) < 1100' \
		--expr 'sum(t["acquisitions"] for t in threads) - sum(t["releases"] for t in threads) in (0, 1, -1)' \
		--expr 'gil["acquisitions"] > 30000'
}

# PyDLL keeps the GIL during the call.
STUCK='
import ctypes, sys, threading, time
hold, free = ctypes.PyDLL(None), ctypes.CDLL(None)
hold.prctl(15, b"main")
def wants():
    hold.prctl(15, b"wants")
    while True: time.sleep(0.05)
def keeps():
    hold.prctl(15, b"keeps")
    time.sleep(0.5)
    print("ready", flush=True)
    time.sleep(float(sys.argv[1]))
    print("stuck", flush=True)
    hold.usleep(20000000)
    while True: time.sleep(0.05)
threading.Thread(target=wants, daemon=True).start()
threading.Thread(target=keeps, daemon=True).start()
time.sleep(1000)
'

@test "a thread stuck in one hold, and one stuck waiting: both show at the first refresh" {
	python_start "$STUCK" 1
	giltop_start --json -i 300ms -p "$WL_PID"
	wait_for 10 workload_said stuck
	sleep 1.2
	giltop_end INT
	NUMBERS_OF=$GT_OUT numbers \
		--expr 'thread("keeps")["state"] == "holding" and thread("wants")["state"] == "waiting"' \
		--expr '1e9 < thread("keeps")["hold_max_ns"] <= thread("keeps")["hold_ns"] < 3e9' \
		--expr '1e9 < thread("wants")["wait_max_ns"] < 3e9' \
		--expr 'thread("keeps")["blame_ns"] > 1e9' \
		--expr 'any(p["waiter"] == thread("wants")["tid"] and p["holder"] == thread("keeps")["tid"] and p["ns"] > 1e9 for p in proc["pairs"])' \
		--expr 'thread("keeps", snaps[-1]["processes"][0]["threads"])["hold_ns"] > 0.9 * snaps[-1]["duration_ns"]' \
		--expr 'thread("wants", snaps[-1]["processes"][0]["threads"])["wait_ns"] > 0.8 * snaps[-1]["duration_ns"]'
}

@test "a hold that began before giltop shows at the first refresh, with its thread" {
	python_start "$STUCK" 0
	wait_for 10 workload_said stuck
	json_of -p "$WL_PID" -i 500ms -d 1.2
	numbers \
		--expr 'gil["utilization"] > 0.99 and gil["acquisitions"] == 0' \
		--expr 'thread("wants")["state"] == "waiting" and thread("wants")["wait_ns"] > 0.9 * total["duration_ns"]' \
		--expr 'any(t["state"] == "holding" and t["hold_ns"] > 0.99 * total["duration_ns"] for t in threads)' \
		--expr 'all(s["processes"][0]["gils"][0]["utilization"] > 0.99 for s in snaps)' \
		--expr 'all(s["processes"][0]["gils"][0]["waiters"] >= 1 for s in snaps)'
}

@test "daemon threads that die waiting when the interpreter ends" {
	local i
	for i in 1 2 3; do
		python_start "$UNTIL" "$BATS_TEST_TMPDIR/go.$i" 'sys.exit(0)'
		giltop_start --json -p "$WL_PID"
		sleep 0.5
		touch "$BATS_TEST_TMPDIR/go.$i"
		giltop_end
		[ "$GT_CODE" -eq 0 ]
		NUMBERS_OF=$GT_OUT numbers --open-end \
			--expr 'len(threads) == 3 and all(t["state"] == "exited" for t in threads)'
	done
}

# ---- giltop -- COMMAND ----

command_json() {
	"$GILTOP" --json --mode exact -o "$OUT" --force -- "$@" 3>&-
}

@test "-- COMMAND: seen from its first instruction, its output and its status are its own" {
	run -7 --separate-stderr command_json "$PYTHON" -c '
import sys, threading
def f(): sum(range(1000000))
t = [threading.Thread(target=f) for i in range(2)]
for x in t: x.start()
for x in t: x.join()
print("to stdout"); print("to stderr", file=sys.stderr); sys.exit(7)'
	[ "$output" = "to stdout" ]
	[ "$stderr" = "to stderr" ]
	numbers --open-end --expr 'total["ended_by"] == "the command ended"' --expr 'len(threads) == 3' \
		--expr 'all(t["acquisitions"] - t["releases"] in (0, 1) for t in threads)' \
		--expr 'sum(t["acquisitions"] - t["releases"] for t in threads) in (0, 1)'
}

@test "-- COMMAND: no event comes before the first acquisition" {
	run -0 command_json "$PYTHON" -c 'pass'
	numbers --open-end --expr 'len(threads) == 1 and threads[0]["acquisitions"] >= 1' \
		--expr 'threads[0]["acquisitions"] - threads[0]["releases"] in (0, 1)' \
		--expr 'threads[0]["contended"] == 0 and threads[0]["wait_ns"] == 0'
}

@test "-- COMMAND: killed by a signal, giltop dies of the same" {
	local sig
	for sig in TERM INT HUP KILL SEGV; do
		env --default-signal=HUP python3 - "$sig" "$GILTOP" -b -- "$PYTHON" -c "import os, signal, resource
resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); signal.signal(signal.SIGINT, signal.SIG_DFL)
os.kill(os.getpid(), signal.SIG$sig)" <<-'END'
		import resource, signal, subprocess, sys
		resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
		p = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
		print(sys.argv[1], p.returncode)
		sys.exit(p.returncode != -getattr(signal, "SIG" + sys.argv[1]))
		END
	done
}

@test "-- COMMAND: not there 127, not executable 126, one line each" {
	run -127 --separate-stderr "$GILTOP" -b -- no-such-command-anywhere
	one_line "cannot start no-such-command-anywhere: ENOENT"
	run -126 --separate-stderr "$GILTOP" -b -- /etc/passwd
	one_line "cannot start /etc/passwd: EACCES"
}

@test "-- COMMAND: a shell that starts Python and ends with a status of its own" {
	run -3 command_json sh -c "'$PYTHON' -c 'sum(range(100000))'; exit 3"
	numbers --open-end --expr 'len(total["processes"]) == 1' --expr 'gil["acquisitions"] >= 1'
}

@test "-- COMMAND: a chain of shims that execute each other" {
	cd "$BATS_TEST_TMPDIR"
	printf '#!/bin/sh\nexec env FOO=1 bash ./second "$@"\n' >first
	printf '#!/bin/bash\nexec "%s" "$@"\n' "$PYTHON" >second
	chmod +x first second
	run -5 command_json ./first -c 'import sys; sys.exit(5)'
	numbers --open-end --expr 'len(total["processes"]) == 1' --expr 'gil["acquisitions"] >= 1'
}

@test "-- COMMAND: children of the command are followed, --no-subprocesses leaves them" {
	local code='
import os, subprocess, sys, time
pid = os.fork()
if not pid:
    time.sleep(1); sum(range(2000000)); time.sleep(0.1); os._exit(0)
os.waitpid(pid, 0)
subprocess.run([sys.executable, "-c", "import time; time.sleep(1); sum(range(1000000)); time.sleep(0.1)"])'
	run -0 command_json "$PYTHON" -c "$code"
	numbers --open-end --expr 'len(total["processes"]) == 3'
	run -0 "$GILTOP" --json --no-subprocesses -o "$OUT" --force -- "$PYTHON" -c "$code"
	numbers --open-end --expr 'len(total["processes"]) == 1'
}

@test "-- COMMAND that is no Python: its status, and the word that no CPython was seen" {
	run -4 --separate-stderr "$GILTOP" -b -- sh -c 'echo hello; exit 4'
	[ "$output" = hello ]
	one_line "no CPython"
	run -0 --separate-stderr "$GILTOP" -b -- true
	one_line "no CPython"
}

@test "-- COMMAND under sudo runs as the user behind it" {
	needs_root
	local code='import os; print(os.getuid(), os.getgid(), os.getgroups(), open("/proc/self/status").read().split("CapEff:")[1].split()[0])'
	open_the_way
	mkdir "$BATS_TEST_TMPDIR/users"
	chown 65534 "$BATS_TEST_TMPDIR/users"
	OUT=$BATS_TEST_TMPDIR/users/out.json
	run -0 env SUDO_UID=65534 SUDO_GID=65533 "$GILTOP" --json -o "$OUT" -- /usr/bin/python3 -c "$code"
	[ "$output" = "65534 65533 [] 0000000000000000" ]
	numbers --open-end --expr 'gil["acquisitions"] >= 1'
}

@test "-- COMMAND: SIGINT ends giltop's part, the command goes on" {
	"$GILTOP" --json -i 100ms -- "$PYTHON" -u -c "$SLEEP" >"$OUT" 2>/dev/null 3>&- &
	GT_PID=$!
	pid_start "$GT_PID"
	wait_for 10 grep -q snapshot "$OUT"
	local child
	child=$(pgrep -P "$GT_PID" -x "$(basename "$PYTHON")") # its workers are others
	pid_start "$child"
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	kill -0 "$child"
	grep '^State:.S' "/proc/$child/status"
	grep '^TracerPid:.0$' "/proc/$child/status"
	grep -v '^ready' "$OUT" >"$OUT.json"
	NUMBERS_OF=$OUT.json numbers
	kill "$child"
}
