# SPDX-License-Identifier: BSD-2-Clause
# A target in a container's namespaces: its own root, mounts and pids. giltop is outside and is told the pid
# that the machine has for it.

load lib
load run
load subject

setup() {
	needs_root
	needs_giltop
	needs_cmd unshare
	e2e_setup
}

teardown() {
	[ -z "${INNER:-}" ] || kill -9 "$INNER" 2>/dev/null || true
	subject_teardown
}

# unshare(1) forks: the child, pid 1 in its namespace, becomes the interpreter.
contained_start() { # FILE ARGS..
	SUBJECT_CMD=(unshare --mount --pid --uts --ipc --fork --kill-child --mount-proc="$ROOT/proc" "${SUBJECT_CMD[@]}")
	subject_start "$@"
	INNER=$(pgrep -P "$WL_PID")
	OUTER=$WL_PID
	WL_PID=$INNER
	[ "$(readlink "/proc/$INNER/ns/pid")" != "$(readlink /proc/self/ns/pid)" ]
	[ "$(readlink "/proc/$INNER/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ]
	[ "$(awk '/^NSpid:/ { print $NF }' "/proc/$INNER/status")" = 1 ]
}

has_six_threads() {
	[ "$(find "/proc/$INNER/task" -mindepth 1 -maxdepth 1 | wc -l)" -eq 6 ]
}

tids_outside() {
	echo "{$(ls "/proc/$INNER/task" | paste -sd ,)}"
}

# In the namespace the program knows its pid as 1, and its threads as 2, 3, ..
contained() { # SUBJECT
	needs_subject "$1"
	contained_start mixed.py 2
	grep -q '^ready 1$' "$WL_OUT"
	wait_for 5 is_parked
	giltop_start --json --mode exact -p "$INNER"
	workload_go
	wait_for 10 has_six_threads
	local tids
	tids=$(tids_outside)
	workload_wait_done
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	NUMBERS_OF=$GT_OUT numbers --expr "proc['pid'] == $INNER" \
		--expr "{t['tid'] for t in threads} == $tids" --expr "len($tids) == 6" \
		--expr '{"spin-1", "spin-2", "sleep", "hash", "files", "MainThread"} == {t["name"] for t in threads}' \
		--expr 'all(t["acquisitions"] == t["releases"] > 0 for t in threads)' \
		--expr 'sum(t["wait_ns"] for t in threads) > 1e8' \
		--expr "any(f['name'] == 'spin' and f['file'] == '$PLACE/mixed.py' for s in proc['stacks'] for f in s['frames'])" \
		--expr "{s['tid'] for s in proc['stacks'] if s['tid']} <= $tids"
	result live "contained/$1" ok
}

@test "contained: Debian 13, 3.13" { contained trixie-amd64-3.13-exe; }
@test "contained: Debian sid, 3.14, libpython" { contained sid-amd64-3.14-lib; }
@test "contained: Debian 11, 3.9 (thread ids from pthread)" { contained bullseye-amd64-3.9-exe; }

# With the path of the interpreter not there for us, or something else under it.
@test "contained: list and doctor" {
	needs_first_subject trixie-amd64-3.13-exe sid-amd64-3.14-exe
	contained_start mixed.py 1
	run -0 "$GILTOP" list
	grep -E "^ *$INNER +3\.1[0-9.]+ +" <<<"$output"
	run -0 "$GILTOP" doctor -p "$INNER"
	[[ $output == *"memory at the probe points: as in the file"* ]]
	[[ $output == *"opened as /proc/$INNER/map_files/"* ]]
	[[ $output == *"GIL of interpreter 0 at "*"free now"* ]]
	run -4 --separate-stderr "$GILTOP" -b -p "$OUTER" -d 1
	one_line "its child $INNER is ("
}

# Whose hold it is that was under way before the look: the interpreter knows its thread by the id inside.
old_hold() { # SUBJECT
	needs_subject "$1"
	contained_start long_hold.py sleep 4
	subject_say g
	sleep 0.5
	giltop_start --json --mode exact -p "$INNER"
	subject_heard "done"
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	NUMBERS_OF=$GT_OUT numbers --expr 'total["violations"] == 0' \
		--expr "{p['holder'] for p in proc['pairs'] if p['holder']} <= $(tids_outside)" \
		--expr "sum(p['ns'] for p in proc['pairs'] if p['holder'] == $INNER) > 0.95 * sum(p['ns'] for p in proc['pairs']) > 0" \
		--expr "thread($INNER)['blame_ns'] > 3e9"
}

@test "contained: a hold from before the look: Debian 13, 3.13" { old_hold trixie-amd64-3.13-exe; }
@test "contained: a hold from before the look: Debian 11, 3.9" { old_hold bullseye-amd64-3.9-exe; }
