# SPDX-License-Identifier: BSD-2-Clause
# The Firefox Profiler's own importer reads what giltop writes, and shows what giltop says.

load ../e2e/lib
load consumers

loaded() {
	needs_profiler_cli
	"$GILTOP" report -q --json "$FILE" >"$LIVE"
	"$GILTOP" export -q -o "$OPEN/x.gecko.json" "$FILE"
	profiler load "$OPEN/x.gecko.json" >"$OPEN/said"
}

# What is asked of it, into one file, an answer after the other.
answers() {
	local thread
	profiler thread list --json >"$OPEN/threads"
	for thread in $(jq -r '.threads[].threadHandle' "$OPEN/threads"); do
		profiler thread markers --thread "$thread" --list --limit 0 --json >"$OPEN/markers.$thread"
		profiler thread samples-top-down --thread "$thread" --json >"$OPEN/samples.$thread"
	done
	profiler counter list --json >"$OPEN/counters"
}

@test "Firefox Profiler: the markers and the call tree of each thread add up to its waits, holds and yields" {
	demo_recording
	loaded
	answers
	python3 "$REPO/tests/consumers/gecko.py" sums "$LIVE" "$OPEN"
}

@test "Firefox Profiler: what a marker says: who held the GIL, and the stack" {
	demo_recording
	loaded
	profiler thread markers --thread t-1 --search "Waiting for GIL" --min-duration 5 --has-stack --list --limit 0 --json >"$OPEN/some"
	local one
	# A later one: who held the GIL before anything was seen is not known.
	one=$(jq -r '.flatMarkers[-1].handle' "$OPEN/some")
	run -0 profiler marker info "$one"
	echo "$output"
	[[ $output == *"Held by, as it began: "*" ("*")"* ]]
	[[ $output == *"Stack trace:"*"Thread.run"*"Waiting for GIL"* ]]
}

@test "Firefox Profiler: when it was, and what ran" {
	demo_recording
	loaded
	run -0 profiler profile meta
	echo "$output"
	[[ $output == *"Started: $(date -u +%Y-%m-%d)"* ]]
	[[ $output == *"Imported from: giltop"* ]]
	[[ $output == *"demo_service.py"* ]]
	run -0 profiler counter info c-0
	[[ $output == *"Threads that wait for the GIL"* ]]
}

@test "Firefox Profiler: names that try to break whoever reads them" {
	FILE=$OPEN/rec.giltop LIVE=$OPEN/live.json
	needs_python stock-3.11
	hostile_start
	"$GILTOP" record -q --mode exact -p "$WL_PID" -d 1s -o "$FILE" 3>&-
	loaded
	answers
	python3 "$REPO/tests/consumers/gecko.py" sums "$LIVE" "$OPEN"
}

@test "Firefox Profiler: several processes, and a run in which nothing happened" {
	FILE=$OPEN/rec.giltop LIVE=$OPEN/live.json
	"$GILTOP" record -q --mode exact -o "$FILE" -- "$PYTHON" -S "$WORKLOADS/forks.py" 3>&-
	loaded
	run -0 profiler profile info --all
	echo "$output"
	[[ $output == *" across 4 processes"* || $output == *" across 5 processes"* ]]
	profiler stop --all
	"$PYTHON" -S -c 'import time; time.sleep(60)' 3>&- &
	WL_ALL+=("$!")
	"$GILTOP" record -q --mode exact --force -p "$!" -d 300ms -o "$FILE" 3>&-
	rm "$OPEN/x.gecko.json"
	loaded
}
