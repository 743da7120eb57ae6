# SPDX-License-Identifier: BSD-2-Clause
# The flight recorder: what had happened before, in a file, because of something; and not in ten thousand files.

load lib
load recordings

@test "flight recorder: a planted hold is in the file, with what was before, both stacks, and its end" {
	ring_start 3 --ring 4s --on-hold 150ms
	wait_for 30 ring_files 1
	wait_for 20 has_ended giltop: wrote
	kill -INT "$RING_PID"
	wait "$RING_PID"
	[ "$(ring_files_cnt)" -eq 1 ]
	"$GILTOP" report --json "$OPEN"/ring/*-hold.giltop >"$LIVE"
	recordings.py planted "$LIVE" 0.3
	# Its timeline begins where its totals do.
	"$GILTOP" export -o "$OPEN/x.trace.json" "$OPEN"/ring/*-hold.giltop
	python3 "$E2E_DIR/exports.py" chrome "$LIVE" "$OPEN/x.trace.json"
	grep -q "seizer ([0-9]*) has held the GIL for 1[5-9][0-9]ms in seize seizer.py:[0-9]*; 2 wait: .* in spin seizer.py.*; written: .*-hold.giltop" "$OPEN/said"
}

@test "flight recorder: a storm makes as many files as were allowed, the end one of its own" {
	ring_start 0 --ring 1s --on-wait 3ms --max-files 2 --quiet-time 3s -i 200ms
	wait_for 40 has_ended "no more recordings are written"
	kill "$WL_PID"
	wait "$RING_PID"
	[ "$(ring_files_cnt)" -eq 2 ]
	for f in "$OPEN"/ring/*.giltop; do
		"$GILTOP" report --json "$f" | grep -q '"event":"wait"'
		[ "$(stat -c %a "$f")" = 600 ]
		# The second one begins long after the run did: its timeline has what went on then, and no more than its totals.
		"$GILTOP" report --json "$f" >"$LIVE"
		"$GILTOP" export --force -o "$OPEN/x.trace.json" "$f"
		python3 "$E2E_DIR/exports.py" chrome "$LIVE" "$OPEN/x.trace.json"
	done
}

@test "flight recorder: SIGUSR1 and the target's end make a file each, whatever was before" {
	ring_start 0 --ring 10s --quiet-time 1h
	sleep 1
	kill -USR1 "$RING_PID"
	wait_for 20 has_ended "giltop: wrote"
	kill "$WL_PID"
	wait "$RING_PID"
	[ "$(ring_files_cnt)" -eq 2 ]
	"$GILTOP" report --json "$OPEN"/ring/*-signal.giltop | grep -q '"event":"signal"'
	"$GILTOP" report --json "$OPEN"/ring/*-end.giltop >"$LIVE"
	grep -q '"event":"end"' "$LIVE"
	tail -n 1 "$LIVE" | grep -q '"ended_by":"the target ended"'
}

@test "flight recorder: kept by size it stays below it, and nothing is written for nothing" {
	ring_start 0 --ring 200K -i 100ms
	sleep 2
	kill -INT "$RING_PID"
	wait "$RING_PID"
	[ "$(ring_files_cnt)" -eq 0 ]
	grep -q "nothing happened that a recording is written for" "$OPEN/said"
}
