# SPDX-License-Identifier: BSD-2-Clause
# Recordings over a longer time: killed at two hundred moments, a hold somewhere in ten minutes.

load ../e2e/lib
load ../e2e/recordings

@test "kill -9 at 200 random moments: every file is played up to its last whole frame" { killed 200; }

@test "flight recorder: a hold of 0.3 s, somewhere in ten minutes under load, is in a file with both stacks" {
	local after=$((60 + RANDOM % 480))
	LASTS=700 ring_start "$after" --ring 60s --on-hold 150ms -d 10m
	wait "$RING_PID"
	for f in "$OPEN"/ring/*-hold.giltop; do # what else the machine holds up may make files of its own
		"$GILTOP" report --json "$f" >"$LIVE"
		! recordings.py planted "$LIVE" 0.3 || return 0
	done
	return 1
}
