# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Recordings, for recordings.bats.

setup() {
	e2e_setup
	bats_require_minimum_version 1.5.0
	needs_uprobes
	OPEN=$BATS_TEST_TMPDIR/open
	mkdir -p "$OPEN"
	chmod 755 "$OPEN"
	FILE=$OPEN/rec.giltop
	LIVE=$OPEN/live.json
}

teardown() { e2e_teardown; }

recordings.py() { python3 "$E2E_DIR/recordings.py" "$@"; }

# What is above the folder of a test may be closed to other users.
open_to_all() {
	local dir=$BATS_TEST_TMPDIR
	while [ "$dir" != / ] && [ -O "$dir" ]; do
		chmod o+x "$dir"
		dir=$(dirname "$dir")
	done
}

# A user who may not measure anything.
nobody() {
	open_to_all
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

recorded() { # WORKLOAD TIME OPTION..
	local time=$2
	workload_start "$1" 60
	shift 2
	"$GILTOP" record -p "$WL_PID" -d "$time" "$@" -o "$FILE" 3>&-
}

played_is_live() {
	"$GILTOP" report --json "$FILE" >"$LIVE.played"
	recordings.py same "$LIVE" "$LIVE.played"
}

same_json() { # PYTHON OPTION..
	needs_python "$1"
	shift
	workload_start demo_service.py 60
	"$GILTOP" record --json -p "$WL_PID" -d 3s "$@" -o "$FILE" >"$LIVE" 3>&-
	played_is_live
}

has_intervals() { # COUNT
	local cnt
	cnt=$("$GILTOP" report --json "$FILE" 2>/dev/null | grep -c '"type":"snapshot"')
	[ "$cnt" -ge "$1" ]
}

# giltop is killed at a moment of its run, from its start on; the workload is the same.
killed() { # TIMES
	local i pid code whole=0
	workload_start demo_service.py 600
	for ((i = 0; i < $1; i++)); do
		rm -f "$FILE"
		"$GILTOP" record -p "$WL_PID" -i 50ms -o "$FILE" 3>&- 2>/dev/null &
		pid=$!
		WL_ALL+=("$pid")
		# Of the first runs some are killed before there is anything.
		sleep "$((RANDOM % (i % 4 ? 2 : 1))).$(printf %03d $((RANDOM % 1000)))"
		kill -9 "$pid"
		wait "$pid" 2>/dev/null || true
		[ -s "$FILE" ] || continue
		code=0
		"$GILTOP" report --json "$FILE" >"$LIVE" 2>"$LIVE.err" || code=$?
		if [ "$code" -eq 0 ]; then
			grep -q '"type":"summary"' "$LIVE"
			whole=$((whole + 1))
		else
			grep -q -e "has no whole reading in it" -e "is no recording" "$LIVE.err"
		fi
	done
	echo "$whole of $1 played"
	[ "$whole" -gt 0 ]
}

# giltop record with these options beside two threads that spin and one that seizes the GIL for 0.3 s, SECONDS after
# it has begun (0: never): RING_PID. What it says is in $OPEN/said.
ring_start() { # SECONDS OPTION..
	local seconds=$1
	shift
	cp "$WORKLOADS/seizer.py" "$OPEN/seizer.py"
	"$PYTHON" -S "$OPEN/seizer.py" "$seconds" >"$OPEN/ready" 3>&- &
	WL_PID=$!
	WL_ALL+=("$WL_PID")
	wait_for 20 grep -qs ready "$OPEN/ready"
	"$GILTOP" record -p "$WL_PID" "$@" -o "$OPEN/ring/" 2>"$OPEN/said" 3>&- &
	RING_PID=$!
	WL_ALL+=("$RING_PID")
	wait_for 20 test -d "$OPEN/ring"
}

ring_files_cnt() { find "$OPEN/ring" -name '*.giltop' | wc -l; }
ring_files() { [ "$(ring_files_cnt)" -ge "$1" ]; }
has_ended() { grep -q "$*" "$OPEN/said"; }
