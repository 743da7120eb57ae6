# SPDX-License-Identifier: BSD-2-Clause
# chrome: trace events in the Firefox Profiler, which reads them as Perfetto and chrome://tracing do.

load ../e2e/lib
load consumers

# The markers of all threads of the profile that is loaded.
all_markers() {
	local n
	profiler profile info --json >"$OPEN/info.json"
	for n in $(jq -r '.processes[].threads[].threadHandle' "$OPEN/info.json"); do
		profiler thread markers --thread "$n" --json >"$OPEN/markers.$n.json"
	done
}

@test "chrome: the Firefox Profiler's sums of markers are giltop's" {
	needs_profiler_cli
	demo_recording
	"$GILTOP" export -o "$OPEN/x.trace.json" "$FILE"
	profiler load "$OPEN/x.trace.json"
	all_markers
	consumers.py markers "$LIVE" "$OPEN/info.json" "$OPEN"/markers.*.json
}

@test "chrome: beside a trace of the program's own, both are shown" {
	needs_profiler_cli
	needs_cmd jq
	"$GILTOP" record --mode exact -o "$OPEN/x.trace.json" -- "$PYTHON" -S "$WORKLOADS/traced.py" "$OPEN/own.json" 1.5 torch 3>&-
	jq -n --slurpfile giltop "$OPEN/x.trace.json" --slurpfile other "$OPEN/own.json" -f "$REPO/doc/merge.jq" >"$OPEN/both.json"
	profiler load "$OPEN/both.json"
	all_markers
	jq -e -s '[.[].byType[].markerName] | contains(["nap", "work", "Has GIL", "Waiting for GIL"])' "$OPEN"/markers.*.json
}
