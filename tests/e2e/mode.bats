# SPDX-License-Identifier: BSD-2-Clause
# --mode exact, light and auto: what is probed, what the JSON says, and that no total jumps where books go from one to the other.

load lib
load run
load subject
load balance
load mode

teardown() {
	[ -z "${INNER:-}" ] || kill -9 "$INNER" 2>/dev/null || true
	subject_teardown
}

@test "exact: as probed, so written" {
	python_start "$SPIN"
	giltop_start --json --mode exact -p "$WL_PID"
	is_probed exact
	sleep 0.5
	giltop_end INT
	balances --snapshots 5 --busy
	NUMBERS_OF=$GT_OUT numbers --open-end --expr 'proc["mode"] == "exact" and not proc["mode_auto"] and not proc["mode_changes"]' \
		--expr 'gil["held_observed_ns"] == proc["span_ns"] and gil["held_ns"] > 0.9 * proc["span_ns"]'
	is_probed original
}

@test "light: as probed, so written; what is not known is null" {
	python_start "$SPIN"
	giltop_start --json --mode light -p "$WL_PID"
	is_probed light
	sleep 0.5
	giltop_end INT
	balances --snapshots 5 --busy
	NUMBERS_OF=$GT_OUT numbers --open-end --expr 'proc["mode"] == "light" and not proc["mode_auto"] and not proc["mode_changes"]' \
		--expr 'gil["held_observed_ns"] == 0 and gil["held_ns"] is gil["gap_ns"] is gil["acquisitions"] is gil["switches"] is None' \
		--expr 'all(t[k] is None for t in threads for k in ("hold_ns", "acquisitions", "releases", "hold_max_ns", "released_ns"))' \
		--expr 'sum(t["contended"] > 10 and t["wait_ns"] > 1e8 and t["yield_ns"] >= 0 for t in threads) == 2' \
		--expr 'all(t["state"] != "released" and t["state"] != "holding" for s in snaps for t in s["processes"][0]["threads"])' \
		--expr 'gil["unsure_ns"] < 0.05 * gil["wait_ns"]' \
		--expr '0.8 < gil["utilization"] <= 1 and gil["utilization_error"] > 0'
	is_probed original
}

@test "auto: light where the load is fast, and no total jumps" {
	swing_start 1000 1
	giltop_start --json -p "$WL_PID"
	is_probed light
	sleep 0.5
	giltop_end INT
	balances --snapshots 5
	NUMBERS_OF=$GT_OUT numbers --open-end --expr 'proc["mode"] == "light" and proc["mode_auto"] and proc["mode_changes"] == 1' \
		--expr '0 < gil["held_observed_ns"] < proc["span_ns"] and 0 < gil["held_ns"] <= gil["held_observed_ns"]' \
		--expr 'gil["acquisitions"] > 100 and gil["unsure_ns"] < 0.05 * gil["wait_ns"] + 1e6'
}

@test "auto: exact where the load is slow, or no limit is set" {
	swing_start 0 1000
	giltop_start --json -p "$WL_PID"
	sleep 0.6
	giltop_end INT
	balances --snapshots 3
	NUMBERS_OF=$GT_OUT numbers --open-end --expr 'proc["mode"] == "exact" and proc["mode_auto"] and not proc["mode_changes"]' \
		--expr 'gil["held_observed_ns"] == proc["span_ns"]'
	swing_start 1000 0
	giltop_start --json --max-overhead 0 -p "$WL_PID"
	sleep 0.3
	giltop_end INT
	balances --snapshots 1
	NUMBERS_OF=$GT_OUT numbers --open-end --expr 'proc["mode"] == "exact" and gil["held_observed_ns"] == proc["span_ns"]'
}

@test "auto: exact again when it calms, within 20 s" {
	# A budget that a thousand cycles a second keep to on machines where hits are dear, too.
	swing_start 3 1000
	giltop_start --json --max-overhead 10 -p "$WL_PID"
	wait_for 10 last_mode_is light
	local start=$SECONDS
	wait_for 20 last_mode_is exact
	[ $((SECONDS - start)) -le 20 ]
	sleep 0.5
	giltop_end INT
	balances --snapshots 20 --busy
	NUMBERS_OF=$GT_OUT numbers --open-end --expr 'proc["mode_changes"] == 2' \
		--expr '0 < gil["held_observed_ns"] < proc["span_ns"]' \
		--expr 'all(t["wait_ns"] <= t["span_ns"] for t in threads)'
}

# The holder shows no event for seconds: what is light is all waits for it.
@test "auto and light: the GIL is held for seconds when giltop comes" {
	local mode
	for mode in "auto --max-overhead=0.01" light; do
		[ -z "${WL_IN_FD:-}" ] || exec {WL_IN_FD}>&-
		subject_cmd_of_python
		subject_start long_hold.py sleep 1.2
		subject_say g
		sleep 0.3
		# shellcheck disable=SC2086
		giltop_start --json --mode=$mode -p "$WL_PID"
		subject_heard "done"
		sleep 0.3
		giltop_end INT
		balances --snapshots 5 --busy
		NUMBERS_OF=$GT_OUT numbers --open-end --expr 'thread("MainThread")["blame_ns"] > 0.9 * gil["wait_ns"]' \
			--expr 'gil["wait_ns"] > 1.5e9'
	done
}

# shellcheck disable=SC2034 # subject.bash's
subject_cmd_of_python() {
	ROOT=
	SUBJECT_CMD=("$PYTHON")
}

@test "light: threads that come and go, one for each request" {
	workload_start per_request.py 40
	giltop_start --json -i 100ms --mode light -p "$WL_PID"
	workload_go
	workload_wait_done
	giltop_end INT
	balances --snapshots 1
	workload_start churn.py 2000
	giltop_start --json -i 100ms --mode light -p "$WL_PID"
	workload_go
	workload_wait_done
	giltop_end INT
	balances --snapshots 1
}

FORKS='
import os, sys, threading, time
def spin(end):
    n = 0
    while time.monotonic() < end: n += 1
def both(seconds):
    ts = [threading.Thread(target=spin, args=(time.monotonic() + seconds,)) for i in range(2)]
    for t in ts: t.start()
    for t in ts: t.join()
if len(sys.argv) > 1:
    both(0.5)
    sys.exit(0)
print("ready", flush=True)
both(0.5)
pid = os.fork()
if not pid:
    both(0.5)
    os._exit(0)
os.waitpid(pid, 0)
both(0.3)
os.execv(sys.executable, [sys.executable, "-S", __file__, "again"])
'

@test "light and auto: fork and exec" {
	local mode
	for mode in light "auto --max-overhead=0.0001"; do
		python_start "$FORKS"
		# shellcheck disable=SC2086
		giltop_start --json -s --mode=$mode -p "$WL_PID"
		giltop_end
		[ "$GT_CODE" -eq 0 ]
		[ "$(jq -s 'last | .violations' "$GT_OUT")" = 0 ]
		[ "$(jq -s '[last | .processes[] | select(.mode == "light")] | length >= 2' "$GT_OUT")" = true ]
		[ "$(jq -s '[last | .processes[] | ([.threads[].wait_ns] | add) > 100000000] | all' "$GT_OUT")" = true ]
		[ "$mode" != light ] || [ "$(jq -s '[last | .processes[].gils[].held_observed_ns] | max' "$GT_OUT")" = 0 ]
		[ "$(jq -s '[last | .processes[] | ([.threads[].wait_ns] | add) == ([.threads[].blame_ns] | add) +
			([.gils[] | (.gap_ns // 0) + .runnable_ns + .unsure_ns] | add)] | all' "$GT_OUT")" = true ]
	done
}

@test "light: sub-interpreters with a GIL of their own" {
	needs_first_subject pyenv-3.13 trixie-amd64-3.13-exe pyenv-3.12
	subject_start subinterp.py
	subject_say "new a" && subject_heard "a new 1"
	giltop_start --json --mode light -p "$WL_PID"
	sleep 0.5
	subject_say "new b" && subject_heard "b new 2"
	sleep 0.5
	subject_say "end a" && subject_heard "a ended"
	sleep 0.2
	giltop_end INT
	balances --busy --gils 3
	NUMBERS_OF=$GT_OUT numbers --open-end --expr 'all(g["wait_ns"] > 1e8 and g["unsure_ns"] < 0.1 * g["wait_ns"] for g in proc["gils"])'
	subject_end
}

@test "auto, perf events: light once, and stays" {
	swing_start 1000 1
	giltop_start --json --attach=perf -p "$WL_PID"
	is_probed light
	sleep 0.5
	giltop_end INT
	balances --snapshots 3
	NUMBERS_OF=$GT_OUT numbers --open-end --expr 'proc["mode"] == "light" and proc["mode_changes"] == 1'
	is_probed original
}

@test "light: in a pid namespace of its own" {
	needs_root
	needs_cmd unshare
	# shellcheck disable=SC2034
	SUBJECT_CMD=(unshare --pid --fork --kill-child --mount-proc "$PYTHON")
	subject_start mixed.py 2
	INNER=$(pgrep -P "$WL_PID")
	giltop_start --json --mode light -p "$INNER"
	echo go >&"$WL_IN_FD"
	subject_heard "done"
	giltop_end INT
	balances --snapshots 10
	NUMBERS_OF=$GT_OUT numbers --open-end --expr 'sum(t["wait_ns"] > 1e8 for t in threads) >= 5' \
		--expr 'gil["wait_ns"] > 1e9 and gil["unsure_ns"] < 0.1 * gil["wait_ns"]' \
		--expr 'sum(t["blame_ns"] for t in threads if t["name"] not in ("spin-1", "spin-2")) < 0.1 * gil["wait_ns"]'
}

@test "kill -9 while exact probes are taken away: nothing is left of them" {
	ROUNDS_PHASE="step down" python3 "$E2E_DIR/any_moment.py" "$GILTOP" "$PYTHON" KILL 8 --max-overhead=0.3
}
