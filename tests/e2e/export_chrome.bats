# SPDX-License-Identifier: BSD-2-Clause
# chrome: what its slices, arrows and counters add up to is what giltop has measured, to the nanosecond.

load lib
load recordings

exports.py() { "$(default_python)" -S "$E2E_DIR/exports.py" "$@"; }

exported() { # OPTION..
	"$GILTOP" report --json "$FILE" >"$LIVE"
	"$GILTOP" export -o "$OPEN/x.trace.json" "$FILE"
	exports.py chrome "$LIVE" "$OPEN/x.trace.json" "$@"
}

@test "chrome: slices, hand-overs and the counter of waiters: stock 3.11" {
	recorded demo_service.py 3s --mode exact
	exported
}

@test "chrome: the same of 3.7, whose threads come and go" {
	needs_python pyenv-3.7
	"$GILTOP" record --mode exact -o "$FILE" -- "$PYTHON" -S "$WORKLOADS/short_threads.py" "$OPEN/truth" 3>&-
	exported
}

@test "chrome: a command and its workers" {
	"$GILTOP" record --mode exact -o "$FILE" -- "$PYTHON" -S "$WORKLOADS/workers.py" 3>&- </dev/null
	exported
}

@test "chrome: a thread at two GILs has a row for each" {
	needs_python pyenv-3.12
	"$GILTOP" record --mode exact -o "$FILE" -- "$PYTHON" -S "$WORKLOADS/subinterp.py" <<<"new a" 3>&-
	exported two-gils
}

@test "chrome: short states that a recording has in sums are sums" {
	recorded demo_service.py 2s --mode exact --max-rate 100
	exported segments
}

@test "chrome: written while it measures" {
	workload_start demo_service.py 60
	"$GILTOP" record --mode exact -p "$WL_PID" -d 2s -o "$OPEN/x.trace.json" 3>&-
	"$GILTOP" record -f chrome --mode exact -p "$WL_PID" -d 1s -o - 3>&- | jq -e '.traceEvents | length > 100' >"$OPEN/said"
	jq -e '[.traceEvents[] | select(.ph == "X")] | length > 100' "$OPEN/x.trace.json" >"$OPEN/said"
}

@test "chrome: what a killed giltop has written is whole with two brackets" {
	needs_cmd jq
	workload_start demo_service.py 60
	for _ in 1 2 3; do
		"$GILTOP" record -q --mode exact -p "$WL_PID" -i 100ms -o "$OPEN/x.trace.json" 3>&- &
		pid=$!
		WL_ALL+=("$pid")
		wait_for 20 test -s "$OPEN/x.trace.json"
		sleep "0.$((RANDOM % 900 + 100))"
		kill -9 "$pid"
		wait "$pid" || true
		echo ']}' >>"$OPEN/x.trace.json"
		jq -e '.traceEvents | length > 10' "$OPEN/x.trace.json" >"$OPEN/said"
		rm "$OPEN/x.trace.json"
	done
}

@test "chrome: of one thread no arrow begins at another, and no other has a row" {
	needs_cmd jq
	recorded demo_service.py 1s --mode exact
	"$GILTOP" export -f chrome -t "$WL_PID" "$FILE" >"$OPEN/x.json"
	jq -e --argjson pid "$WL_PID" '[.traceEvents[] | select(.tid) | .tid] | unique == [$pid]' "$OPEN/x.json"
	jq -e '[.traceEvents[] | select(.ph == "X")] | length > 3' "$OPEN/x.json"
}

@test "chrome: hostile names" {
	needs_python stock-3.11
	hostile_start
	"$GILTOP" record --mode exact -p "$WL_PID" -d 1s -o "$FILE" 3>&-
	exported
}

@test "chrome: beside a trace that the program has written of itself, by doc/merge.jq" {
	needs_python stock-3.11
	needs_cmd jq
	for kind in epoch torch monotonic; do
		"$GILTOP" record --force --mode exact -o "$OPEN/x.trace.json" -- "$PYTHON" -S "$WORKLOADS/traced.py" "$OPEN/own.json" 1.5 $kind 3>&-
		jq -n --slurpfile giltop "$OPEN/x.trace.json" --slurpfile other "$OPEN/own.json" -f "$REPO/doc/merge.jq" >"$OPEN/both.json"
		exports.py merged "$OPEN/both.json"
	done
}

@test "chrome: doc/merge.jq says what is not for it" {
	needs_cmd jq
	recorded demo_service.py 1s --mode exact
	"$GILTOP" export -q -f chrome -o "$OPEN/x.json" "$FILE"
	"$GILTOP" export -q -f gecko -o "$OPEN/gecko.json" "$FILE"
	echo '[{"ph": "X", "ts": 1, "dur": 1, "pid": 1, "tid": 1, "name": "x"}]' >"$OPEN/list.json"
	merged() { jq -n --slurpfile giltop "$OPEN/$1" --slurpfile other "$OPEN/$2" -f "$REPO/doc/merge.jq" >"$OPEN/both.json"; }
	merged x.json list.json
	jq -e '[.traceEvents[] | select(.name == "x")] | length == 1' "$OPEN/both.json"
	run -5 merged x.json gecko.json
	[[ $output == *"other has no trace events"* ]]
	run -5 merged gecko.json x.json
	[[ $output == *"giltop has no trace events"* ]]
	run -5 merged list.json x.json
	[[ $output == *"giltop is no file of giltop -f chrome"* ]]
	run -5 merged x.json x.json
	[[ $output == *"other is of giltop, too"* ]]
}
