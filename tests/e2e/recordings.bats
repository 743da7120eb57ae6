# SPDX-License-Identifier: BSD-2-Clause
# Recordings: what is played is what was, whatever became of giltop meanwhile; whose the files are.

load lib
load recordings

@test "live and played: the same JSON, field by field: stock 3.11, exact" { same_json stock-3.11 --mode exact; }
@test "live and played: the same JSON, field by field: stock 3.11, light, --sched" { same_json stock-3.11 --mode light --sched; }
@test "live and played: the same JSON, field by field: 3.7" { same_json pyenv-3.7 -i 200ms; }
@test "live and played: the same JSON, field by field: 3.13, no stacks" { same_json pyenv-3.13 --no-stacks; }

@test "live and played: a command and its workers, which end" {
	"$GILTOP" record --json -i 300ms -o "$FILE" -- "$PYTHON" -S -c "$(cat "$WORKLOADS/forks.py")" >"$LIVE" 3>&-
	played_is_live
	tail -n 1 "$LIVE" | grep -q '"ended_by":"the command ended"'
}

@test "played as text, folded, one moment: without root, on a machine that has no probes" {
	needs_cmd setpriv
	recorded demo_service.py 4s
	cp "$GILTOP" "$OPEN/giltop"
	cp "$FILE" "$OPEN/x.giltop"
	chmod 755 "$OPEN/giltop" && chmod 644 "$OPEN/x.giltop"
	nobody "$OPEN/giltop" report -b "$OPEN/x.giltop" | grep -q "makes others wait most"
	nobody "$OPEN/giltop" dump --at 2s "$OPEN/x.giltop" | grep -q "the GIL is"
	nobody "$OPEN/giltop" record -f folded --unit ns -o - "$OPEN/x.giltop" >"$OPEN/folded"
	nobody "$OPEN/giltop" report --json "$OPEN/x.giltop" >"$LIVE"
	recordings.py folded "$LIVE" "$OPEN/folded"
}

@test "what is in a file is what doc/format.md says: another reader's sums are the same" {
	workload_start demo_service.py 60
	"$GILTOP" record --mode exact -p "$WL_PID" -d 2s -i 300ms -o "$FILE" 3>&-
	"$GILTOP" report --json "$FILE" >"$LIVE"
	recordings.py written "$FILE" "$LIVE"
}

@test "many waiters, and pictures without pairs: what is played is what was" {
	"$PYTHON" -S "$WORKLOADS/waiters.py" 300 >"$OPEN/ready" 3>&- &
	local many=$!
	WL_ALL+=("$many")
	wait_for 20 grep -qs ready "$OPEN/ready"
	"$GILTOP" record --json -p "$many" -d 2s -i 250ms -o "$FILE" >"$LIVE" 3>&-
	played_is_live
	"$GILTOP" record --json -p "$many" -d 2s -i 100ms --max-self 1 --force -o "$FILE" >"$LIVE" 3>&-
	played_is_live
}

@test "--force: what was there stays until something has been measured" {
	workload_start demo_service.py 60
	echo precious >"$FILE"
	run "$GILTOP" record --force -o "$FILE" -d 1s -p $$ 3>&-
	[ "$status" -ne 0 ]
	[ "$(cat "$FILE")" = precious ]
	"$GILTOP" record --force -o "$FILE" -d 300ms -p "$WL_PID" 3>&-
	"$GILTOP" report --json "$FILE" | grep -q '"type":"summary"'
}

@test "a file that is damaged in the middle: what was before is played, what was after is not made up" {
	recorded demo_service.py 3s -i 300ms
	recordings.py damage "$FILE"
	"$GILTOP" report --json "$FILE" >"$LIVE" 2>"$OPEN/said"
	grep -q "is damaged: what comes after" "$OPEN/said"
	run -1 "$GILTOP" dump --at 2.5s "$FILE"
	[[ $output = *"is damaged before that"* ]]
}

@test "any moment: the interval that ends there, as it was" {
	recorded demo_service.py 4s -i 500ms
	for at in 0 1s 1.7s 0:03; do
		"$GILTOP" report --json --at "$at" "$FILE" >"$OPEN/at.$at"
	done
	"$GILTOP" report --json "$FILE" >"$LIVE"
	recordings.py moments "$LIVE" "$OPEN"/at.*
	run -1 "$GILTOP" report -b --at 1h "$FILE"
	[[ $output = *"--at 1h is not in "* ]]
}

@test "kill -9 at random moments: every file is played up to its last whole frame" { killed 4; }

@test "a file that goes through a pipe, both ways" {
	workload_start demo_service.py 20
	"$GILTOP" record -f giltop -p "$WL_PID" -d 2s -o - 3>&- | "$GILTOP" report --json - >"$LIVE"
	[ "$(wc -l <"$LIVE")" -ge 4 ]
	"$GILTOP" report -b - <"$LIVE" 2>&1 | grep -q "is no recording"
}

@test "whose the files are: 0600, the invoking user's, no link, nothing is overwritten" {
	needs_root
	workload_start demo_service.py 60
	open_to_all
	mkdir -m 777 "$OPEN/theirs"
	SUDO_UID=65534 SUDO_GID=65534 SUDO_USER=nobody "$GILTOP" record -p "$WL_PID" -d 300ms -o "$OPEN/theirs/a.giltop" 3>&-
	[ "$(stat -c '%a %u' "$OPEN/theirs/a.giltop")" = "600 65534" ]
	run -1 "$GILTOP" record -p "$WL_PID" -d 300ms -o "$OPEN/theirs/a.giltop" 3>&-
	[[ $output = *"exists: give another -o, or --force"* ]]
	ln -s "$OPEN/nothing" "$OPEN/link.giltop"
	run -1 "$GILTOP" record -p "$WL_PID" -d 300ms -o "$OPEN/link.giltop" 3>&-
	run -1 "$GILTOP" record --force -p "$WL_PID" -d 300ms -o "$OPEN/link.giltop" 3>&-
	[ ! -e "$OPEN/nothing" ]
	echo old >"$OPEN/old.giltop"
	"$GILTOP" record --force -p "$WL_PID" -d 300ms -o "$OPEN/old.giltop" 3>&-
	"$GILTOP" report --json "$OPEN/old.giltop" | grep -q '"type":"summary"'
	[ "$(find "$OPEN" -name '*.giltop-*' | wc -l)" -eq 0 ]
}

@test "a recording can be played while it grows" {
	workload_start demo_service.py 60
	"$GILTOP" record -p "$WL_PID" -i 200ms -o "$FILE" 3>&- &
	local giltop=$!
	WL_ALL+=("$giltop")
	wait_for 20 has_intervals 3
	kill -INT "$giltop"
	wait "$giltop"
	"$GILTOP" report -q --json "$FILE" | tail -n 1 | grep -q '"ended_by":"interrupted"'
}

@test "--max-size: it ends there, and is whole" {
	workload_start demo_service.py 60
	"$GILTOP" record -p "$WL_PID" -i 100ms --max-size 20K -o "$FILE" 3>&-
	[ "$(stat -c %s "$FILE")" -ge 20480 ]
	[ "$(stat -c %s "$FILE")" -lt 400000 ]
	"$GILTOP" report --json "$FILE" | tail -n 1 | grep -q '"ended_by":"the size limit"'
}

@test "a disk that is full: said once, what was written is played" {
	needs_root
	mkdir "$OPEN/small"
	mount -t tmpfs -o size=24k none "$OPEN/small" || skip "mount"
	workload_start demo_service.py 60
	run "$GILTOP" record -p "$WL_PID" -i 100ms -d 20s -o "$OPEN/small/x.giltop" 3>&-
	cp "$OPEN/small/x.giltop" "$FILE" || true
	umount "$OPEN/small"
	[ "$status" -eq 1 ]
	[[ $output = *"cannot write"*"ENOSPC"* ]]
	"$GILTOP" report --json "$FILE" 2>&1 | grep -q '"type":"snapshot"'
}

@test "what is no recording is refused in one line" {
	: >"$OPEN/empty"
	head -c 100000 /dev/urandom >"$OPEN/noise"
	printf 'giltop\n\0\2\0\0\0\0\0\0\0' >"$OPEN/later"
	for f in empty noise later missing; do
		run -1 "$GILTOP" report -b "$OPEN/$f"
		[ "${#lines[@]}" -eq 1 ]
	done
	[[ $("$GILTOP" report -b "$OPEN/later" 2>&1) = *"was written by a later giltop"* ]]
	run -2 "$GILTOP" report
	run -2 "$GILTOP" report -p 1 x
	run -2 "$GILTOP" report --at nonsense x
	run -2 "$GILTOP" dump x
	run -2 "$GILTOP" record x.giltop -o y.giltop
}
