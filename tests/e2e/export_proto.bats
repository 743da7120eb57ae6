# SPDX-License-Identifier: BSD-2-Clause
# perfetto and pprof: what protoc and go tool pprof read adds up to what giltop has measured, to the nanosecond.

load lib
load recordings

proto.py() { "$(default_python)" -S "$E2E_DIR/export_proto.py" "$@"; }

perfetto() { # OPTION..
	needs_cmd protoc
	"$GILTOP" report --json "$FILE" >"$LIVE"
	"$GILTOP" export -o "$OPEN/x.pftrace" "$FILE"
	protoc -I "$REPO/user/view/proto" --decode=perfetto.Trace perfetto.proto <"$OPEN/x.pftrace" >"$OPEN/x.txt"
	proto.py perfetto "$LIVE" "$@" <"$OPEN/x.txt"
}

# Go's; Debian puts its tools where only go finds them.
needs_pprof() {
	PPROF=$(ls -d /usr/lib/go-*/pkg/tool/linux_*/pprof /usr/lib/go*/pkg/tool/linux_*/pprof 2>/dev/null | tail -1)
	[ -x "$PPROF" ] || skip "needs go tool pprof"
}

pprof() { HOME=$OPEN PPROF_BINARY_PATH=$OPEN "$PPROF" -symbolize=none "$@" "$OPEN/x.pb.gz" 2>&1; }

hostile_recording() {
	needs_python stock-3.11
	hostile_start
	"$GILTOP" record --mode exact -p "$WL_PID" -d 1s -o "$FILE" 3>&-
}

@test "perfetto: slices, hand-overs, waiters and stacks: stock 3.11" {
	recorded demo_service.py 2s --mode exact
	perfetto
}

@test "perfetto: a command and its workers" {
	"$GILTOP" record --mode exact -o "$FILE" -- "$PYTHON" -S "$WORKLOADS/workers.py" 3>&- </dev/null
	perfetto
}

@test "perfetto: a thread at two GILs has a track for each" {
	needs_python pyenv-3.12
	"$GILTOP" record --mode exact -o "$FILE" -- "$PYTHON" -S "$WORKLOADS/subinterp.py" <<<"new a" 3>&-
	perfetto two-gils
}

@test "perfetto: sums of short states at two GILs do not lie across each other" {
	needs_python pyenv-3.12
	"$GILTOP" record --mode exact --max-rate 20 -o "$FILE" -- "$PYTHON" -S "$WORKLOADS/subinterp.py" 3>&- \
		< <(echo "new a" && sleep 2)
	perfetto segments two-gils
}

@test "perfetto: short states that a recording has in sums are sums" {
	recorded demo_service.py 2s --mode exact --max-rate 100
	perfetto segments
}

@test "perfetto: hostile names" { hostile_recording && perfetto; }

@test "pprof: totals and threads of delay, hold and blame; <module> stays" {
	needs_pprof
	recorded demo_service.py 2s --mode exact
	"$GILTOP" report --json "$FILE" >"$LIVE"
	"$GILTOP" export -o "$OPEN/x.pb.gz" "$FILE"
	for kind in delay hold blame; do
		{ pprof -top -unit=ns -sample_index=$kind && pprof -tags -unit=ns -sample_index=$kind; } >"$OPEN/said"
		proto.py pprof "$LIVE" $kind <"$OPEN/said"
	done
	pprof -raw >"$OPEN/raw"
	proto.py raw "$LIVE" <"$OPEN/raw"
	# As people call it: what it takes for C++ it demangles, and <module> would be gone.
	pprof -symbolize=local -top -cum -nodecount=0 -nodefraction=0 -sample_index=delay >"$OPEN/top"
	grep -q ' <module>$' "$OPEN/top"
}

@test "pprof: hostile names; the same bytes each time" {
	needs_pprof
	hostile_recording
	"$GILTOP" report --json "$FILE" >"$LIVE"
	"$GILTOP" export -o "$OPEN/x.pb.gz" "$FILE"
	pprof -raw >"$OPEN/raw"
	proto.py raw "$LIVE" <"$OPEN/raw"
	"$GILTOP" export -f pprof "$FILE" | cmp - "$OPEN/x.pb.gz"
}

@test "perfetto and pprof: nothing for a terminal, and a full disk is an error" {
	recorded demo_service.py 500ms
	for format in perfetto pprof html; do
		run -1 "$GILTOP" export -f $format --force -o /dev/full "$FILE"
		[[ $output == *"No space left"* ]]
	done
	run -2 script -qec "'$GILTOP' export -f pprof '$FILE'" /dev/null
	[[ $output == *"pprof is not for a terminal: give -o FILE"* ]]
}
