# SPDX-License-Identifier: BSD-2-Clause
# Several processes: a supervisor without Python load of its own, its workers, and one that is busy itself.

load lib
load run
load live

setup() {
	needs_giltop
	live_setup
}

teardown() { live_teardown; }

# The workers that are there now, oldest first; WORKERS
supervisor_start() { # WORKERS [busy]
	PYTHON=${PYTHON:-$(default_python)}
	python_start "$(cat "$WORKLOADS/prefork.py")" "$@"
	mapfile -t WORKERS < <(sed -n 's/^worker //p' "$WL_OUT")
	[ "${#WORKERS[@]}" -eq "$1" ]
}

has_workers() {
	[ "$(grep -c '^worker' "$WL_OUT")" -ge "$1" ]
}

# giltop measures this process, and has seen it use its GIL.
batch_has() {
	grep -q "\"type\":\"snapshot\".*\"pid\":$1,.*\"held_ns\":[1-9]" "$GT_OUT"
}

# Rows "PID TID burner-.." on the screen of threads, for the given workers.
burners_of() {
	local pid
	for pid in "$@"; do
		screen | grep -Eq "^ *$pid +[0-9]+ burner-[01] " || return 1
	done
}

shows_burners_of() {
	wait_for 20 burners_of "$@" || {
		echo "not on the screen: burners of $*"
		screen
		return 1
	}
}

header_pid() {
	screen | sed -n '1s/^giltop .*pid \([0-9]*\) .*/\1/p'
}

# ---- the live view ----

@test "live: an idle supervisor's children are measured, and it is said" {
	supervisor_start 2
	live 100 30 "$GILTOP" -p "$WL_PID"
	shows "the supervisor is idle: measuring its 2 children"
	shows_burners_of "${WORKERS[@]}"
	shows "The GIL is the bottleneck" " of 3: pid "
	shows "of own GIL" # shares of three GILs stand in one column
	screen | grep -Eq "^ *$WL_PID +[0-9]+ MainThread "
	keys q
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
	no_probe_left "${WORKERS[0]}"
}

@test "live: each process has its row and its verdict, workers below their supervisor; Enter picks one, and the header is about that" {
	supervisor_start 2
	live 100 30 "$GILTOP" -p "$WL_PID"
	shows_burners_of "${WORKERS[@]}"
	keys 6
	shows "THE GIL IS" "WORST THREAD"
	local pid
	for pid in "${WORKERS[@]}"; do
		wait_for 10 eval "screen | grep -Eq '^[│└] *$pid .* bottleneck +[0-9.]+ burner-[01] '"
	done
	screen | grep -Eq "^ *$WL_PID .* free +-"
	shows "▾ 2 workers  held " "program." # below the supervisor, which comes first
	keys Down Enter
	shows "▸ 2 workers"
	shows_not "└"
	keys e
	shows "▾ 2 workers" "└"
	keys Down Enter
	shows " of 3: pid "
	pid=$(header_pid)
	[[ " ${WORKERS[*]} " == *" $pid "* ]]
	shows_not "of own GIL"
	sleep 2
	[ "$(header_pid)" = "$pid" ]
	keys q
	live_ended
}

@test "live: a worker that is killed is replaced by the supervisor, and that one is measured" {
	supervisor_start 2
	live 100 30 "$GILTOP" -p "$WL_PID"
	shows_burners_of "${WORKERS[@]}"
	kill -9 "${WORKERS[0]}"
	wait_for 10 has_workers 3
	shows_burners_of "$(sed -n 's/^worker //p' "$WL_OUT" | tail -1)" "${WORKERS[1]}"
	keys q
	live_ended
}

@test "live: the header stays with one of two busy processes" {
	supervisor_start 2
	live 100 30 "$GILTOP" -i 200ms -p "$WL_PID"
	shows_burners_of "${WORKERS[@]}"
	local pid='' now changes=0 i
	for i in $(seq 25); do
		now=$(header_pid)
		[ "$now" = "$pid" ] || changes=$((changes + 1))
		pid=$now
		sleep 0.2
	done
	echo "$changes changes"
	[ "$changes" -le 2 ] # the first sight is one
	[ "$pid" != "$WL_PID" ]
	keys q
	live_ended
}

@test "live: a supervisor that is busy itself stays alone, and its children are named" {
	supervisor_start 2 busy
	live 100 30 "$GILTOP" -p "$WL_PID"
	shows "2 Python children (" "${WORKERS[0]}" "${WORKERS[1]}" "): -s measures them"
	shows "giltop  pid $WL_PID "
	shows_not burner-
	keys q
	live_ended
}

@test "live: children that come later to an idle process are measured" {
	python_start '
import os, sys, time
print("ready")
while not os.path.exists(sys.argv[1]): time.sleep(0.05)
prefork, sys.argv[1:] = sys.argv[2], ["1"]
exec(compile(open(prefork).read(), "prefork.py", "exec"), {})
' "$BATS_TEST_TMPDIR/go" "$WORKLOADS/prefork.py"
	live 100 30 "$GILTOP" -p "$WL_PID"
	shows "giltop  pid $WL_PID " "GIL  held"
	sleep 1
	touch "$BATS_TEST_TMPDIR/go"
	wait_for 10 has_workers 1
	shows_burners_of "$(sed -n 's/^worker //p' "$WL_OUT" | head -1)"
	keys q
	live_ended
}

@test "live: children of a supervisor that is no Python itself are measured" {
	sh -c "'$PYTHON' -u '$WORKLOADS/prefork.py' 1 >'$BATS_TEST_TMPDIR/out' & wait" 3>&- &
	local sh=$!
	pid_start "$sh"
	wait_for 10 grep -qs ready "$BATS_TEST_TMPDIR/out"
	pid_start "$(pgrep -P "$sh")"
	live 100 30 "$GILTOP" -p "$sh"
	shows "the supervisor is no Python: measuring its 2 children" " of 2: pid "
	shows_burners_of "$(sed -n 's/^worker //p' "$BATS_TEST_TMPDIR/out")"
	keys q
	live_ended
}

# ---- batch ----

@test "batch, record and dump: the supervisor alone, and once the sentence" {
	supervisor_start 2
	local verb
	for verb in "-b -d 0.5" "--json -i 100ms -d 0.5" "record -f folded -d 0.5 -o -" dump; do
		# shellcheck disable=SC2086
		run -0 --separate-stderr "$GILTOP" $verb -p "$WL_PID"
		[[ $verb != record* ]] || stderr=$(grep -v "stdout is empty" <<<"$stderr") # what it wrote
		one_line "2 Python children ("
		[[ $stderr == *"): -s measures them" ]]
		[[ $stderr == *"${WORKERS[0]}"* && $stderr == *"${WORKERS[1]}"* ]]
		[[ $output != *burner-* ]]
	done
	run -0 --separate-stderr "$GILTOP" -b -q -d 0.3 -p "$WL_PID"
	[ -z "$stderr" ]
	run -0 --separate-stderr "$GILTOP" -b --no-subprocesses -d 0.3 -p "$WL_PID"
	[ -z "$stderr" ]
	run -0 --separate-stderr "$GILTOP" -b -d 0.3 -p "${WORKERS[0]}"
	[ -z "$stderr" ]
}

@test "batch: each process has its headline" {
	supervisor_start 2
	run -0 "$GILTOP" -b -s -d 1 -p "$WL_PID"
	output=${output%%$'\n'giltop 0.*} # without the summary
	[ "$(grep -c '^The GIL is the bottleneck' <<<"$output")" -eq 2 ]
	[ "$(grep -c '^The GIL is not the bottleneck' <<<"$output")" -eq 1 ]
}

@test "-s auto in batch: an idle supervisor's children are followed, and those that take their place" {
	supervisor_start 2
	giltop_start --json -s auto -p "$WL_PID"
	wait_for 20 batch_has "${WORKERS[0]}"
	wait_for 20 batch_has "${WORKERS[1]}"
	grep -q "the supervisor is idle: measuring its 2 children" "$GT_ERR"
	kill -9 "${WORKERS[0]}"
	wait_for 10 has_workers 3
	wait_for 20 batch_has "$(sed -n 's/^worker //p' "$WL_OUT" | tail -1)"
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
}

@test "-s auto in dump: the children's stacks" {
	supervisor_start 2
	run -0 --separate-stderr "$GILTOP" dump -s auto -p "$WL_PID"
	[ "$(grep -c '^pid ' <<<"$output")" -eq 3 ]
	[[ $output == *"burn (prefork.py:"* ]] || [[ $output == *"      burn ("* ]]
}

@test "-s auto in batch: a supervisor that is busy itself stays alone" {
	supervisor_start 2 busy
	run -0 --separate-stderr "$GILTOP" -b -s auto -d 3 -p "$WL_PID"
	one_line "2 Python children ("
	[ "$(grep -c '^pid ' <<<"$output")" -eq "$(grep -c "^pid $WL_PID " <<<"$output")" ]
}
