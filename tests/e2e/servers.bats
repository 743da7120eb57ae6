# SPDX-License-Identifier: BSD-2-Clause
# Real servers with several workers, under load: gunicorn, uWSGI, Celery, multiprocessing. What giltop says of each worker is
# held against what it counted itself, while workers are reloaded, killed and replaced.

load lib
load run

setup() {
	needs_root
	needs_giltop
	e2e_setup
	PYTHON=/usr/bin/python3 # that of the servers
	[ -x "$PYTHON" ] || skip "needs $PYTHON"
	export COUNTS=$BATS_TEST_TMPDIR/counts PYTHONPATH=$WORKLOADS
	mkdir "$COUNTS" "$COUNTS.before"
	STOP=$BATS_TEST_TMPDIR/stop
	LOG=$BATS_TEST_TMPDIR/server.log
}

teardown() {
	touch "$STOP"
	e2e_teardown
}

# In the background, from now on what is measured: MASTER
server_start() { # COMMAND..
	"$@" >"$LOG" 2>&1 </dev/null 3>&- &
	MASTER=$!
	pid_start "$MASTER"
}

workers() {
	pgrep -P "$MASTER"
}

has_children() {
	[ "$(workers | wc -l)" -eq "$1" ]
}

free_port() {
	PORT=$("$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
}

# Nothing is asked before giltop measures: the counts are of that time.
measure() {
	giltop_start --json --no-stacks --mode exact -s -p "$MASTER"
}

# Clients until $STOP is there: ASK_OUT
ask_start() {
	ASK_OUT=$BATS_TEST_TMPDIR/ask.out
	"$PYTHON" "$WORKLOADS/ask.py" "$PORT" 6 "$STOP" >"$ASK_OUT" 3>&- &
	ASK_PID=$!
	pid_start "$ASK_PID"
	wait_for 20 grep -qs ready "$ASK_OUT" || {
		cat "$LOG"
		false
	}
}

ask_end() {
	touch "$STOP"
	wait_for 30 ended "$ASK_PID"
	cat "$ASK_OUT"
}

sees() { # N [--not PID..]
	local n=$1
	shift
	SEEN=$("$PYTHON" "$E2E_DIR/servers.py" see "$GT_OUT" "$MASTER" "$n" "$@")
}

sees_first() { # PID
	sees 3 && [ "${SEEN%% *}" = "$1" ]
}

# N workers are there, measured and at work, and those of before are not: SEEN, the worst first. From now on what each does
# must be seen.
until_seen() { # N [--not PID..]
	wait_for 30 sees "$@" || {
		echo "no $*"
		tail -n 1 "$GT_OUT" | head -c 3000
		tail "$LOG"
		false
	}
	local pid
	for pid in $SEEN; do
		[ -e "$COUNTS.before/$pid" ] || cp "$COUNTS/$pid" "$COUNTS.before"
	done
}

# Some more work, and the end of the measurement.
measure_end() {
	sleep 0.3
	cp -r "$COUNTS" "$COUNTS.after"
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
}

judge() { # N ENDED
	"$PYTHON" "$E2E_DIR/servers.py" judge "$GT_OUT" "$MASTER" "$1" "$2" "$COUNTS"
	NUMBERS_OF=$GT_OUT numbers --open-end
}

# Reload all three, then kill one; those that come instead are measured, too. HUP is what the server takes for a reload.
reload_and_kill() {
	local first second
	until_seen 3
	first=$SEEN
	kill -HUP "$MASTER"
	# shellcheck disable=SC2086
	until_seen 3 --not $first
	second=$SEEN
	kill -9 "${second%% *}"
	until_seen 3 --not "${second%% *}"
	measure_end
	ask_end
	judge 3 4
}

@test "gunicorn, threads: each worker's work is seen; reloaded and killed ones are counted, new ones measured" {
	needs_cmd gunicorn
	free_port
	server_start gunicorn -b "127.0.0.1:$PORT" -w 3 -k gthread --threads 4 served:app
	wait_for 20 has_children 3
	measure
	ask_start
	reload_and_kill
}

@test "gunicorn, preloaded: the worker with a thread that keeps the GIL comes first, and is said" {
	needs_cmd gunicorn
	free_port
	export STUCK=$BATS_TEST_TMPDIR/stuck
	server_start gunicorn --preload -b "127.0.0.1:$PORT" -w 3 -k gthread --threads 4 served:app
	wait_for 20 has_children 3
	measure
	ask_start
	until_seen 3 # all are at work: the one that finds this file is one of three
	touch "$STUCK"
	wait_for 20 compgen -G "$STUCK.*"
	local stuck
	stuck=$(basename "$STUCK".*)
	stuck=${stuck#*.}
	wait_for 20 sees_first "$stuck"
	run -0 --separate-stderr "$GILTOP" -b --no-stacks -s -d 3 -p "$MASTER"
	measure_end
	ask_end
	judge 3 0
	echo "$output"
	grep -q "^3 workers of pid $MASTER (gunicorn.*): gunicorn" <<<"$output"
	[[ $output == *"worst first "*" $stuck: delay "* ]]
	[[ $output == *"worker $stuck of 3: delay "* ]]
	local found=${output#*$'\n'giltop 0.} # the summary has it, too
	[[ $found == *"worker $stuck of 3: delay "* ]]
	NUMBERS_OF=$GT_OUT numbers --open-end --expr "total['groups'][0]['workers'][0] == $stuck" \
		--expr "total['groups'][0]['delay']['max_pid'] == $stuck" \
		--expr "snaps[-2]['groups'][0]['wait_max_ns']['max'] > 1e8"
}

@test "uWSGI, threads: a reload by which the master executes itself anew, and a killed worker" {
	needs_cmd uwsgi_python3
	free_port
	server_start uwsgi_python3 --http-socket "127.0.0.1:$PORT" --master --processes 3 --threads 4 --enable-threads \
		--wsgi-file "$WORKLOADS/served.py" --die-on-term --disable-logging --worker-reload-mercy 1
	wait_for 20 has_children 3
	measure
	ask_start
	reload_and_kill
}

celery_start() { # POOL
	"$PYTHON" -c 'import celery' 2>/dev/null || skip "needs python3-celery"
	export BROKER=$BATS_TEST_TMPDIR/broker
	mkdir "$BROKER"
	mkdir "$BROKER.sent"
	server_start "$PYTHON" -m celery -A served:tasks worker -P "$1" -c 3 --without-gossip --without-mingle \
		--without-heartbeat -l WARNING
}

# Tasks as fast as they are done, until $STOP is there.
celery_feed() {
	"$PYTHON" "$WORKLOADS/served.py" feed "$STOP" 3>&- &
	pid_start "$!"
}

units() { # AT LEAST
	[ "$(cat "$COUNTS"/[0-9]* 2>/dev/null | wc -c)" -ge "$1" ]
}

@test "Celery, prefork: each worker's tasks are seen, and those of the one that comes for a killed one" {
	celery_start prefork
	wait_for 30 has_children 3
	measure
	celery_feed
	until_seen 3
	local first=$SEEN
	kill -9 "${first%% *}"
	until_seen 3 --not "${first%% *}"
	measure_end
	judge 3 1
}

@test "Celery, threads: one process does it all, and is no group" {
	celery_start threads
	wait_for 30 test -d "/proc/$MASTER/task"
	measure
	celery_feed
	wait_for 60 units 40
	measure_end
	NUMBERS_OF=$GT_OUT numbers --expr "not [g for g in total['groups'] if g['parent'] == $MASTER]" \
		--expr "gil['acquisitions'] >= 200 * 40" --expr "gil['wait_ns'] > 0"
}

pool() { # START TASKS-OF-A-WORKER
	server_start "$PYTHON" "$WORKLOADS/served.py" pool "$1" 3 "$2"
	wait_for 20 grep -q ready "$LOG"
}

@test "multiprocessing, fork: workers that end by themselves and are replaced" {
	pool fork 150
	measure
	until_seen 3
	local first=$SEEN
	# shellcheck disable=SC2086
	until_seen 3 --not $first
	measure_end
	judge 3 3
}

@test "multiprocessing, spawn and forkserver: their helpers are no workers" {
	local start
	for start in spawn forkserver; do
		rm -rf "$COUNTS"*
		mkdir "$COUNTS" "$COUNTS.before"
		pool "$start" 100000
		local top=$MASTER
		measure
		if [ "$start" = forkserver ]; then # whose children the workers are
			MASTER=$(pgrep -P "$top" -f forkserver)
		fi
		until_seen 3
		measure_end
		judge 3 0
		NUMBERS_OF=$GT_OUT numbers --open-end --expr "[g['name'] for g in total['groups']] == ['multiprocessing.$start']"
		kill "$top"
	done
}
