# SPDX-License-Identifier: BSD-2-Clause
# What every program takes for granted, and who starts giltop may have taken away: open descriptors, limits, /proc, a true
# word of sudo. And files of -o that are not what they look like.

load lib
load run

setup() {
	needs_giltop
	e2e_setup
	OUT=$BATS_TEST_TMPDIR/out
}

teardown() { e2e_teardown; }

@test "stdout is closed: that word, and nothing of ours gets its number" {
	local verb
	for verb in list doctor "-b -d 0.2 -- sleep 1" "--json -d 0.2 -- sleep 1"; do
		run -1 --separate-stderr bash -c "'$GILTOP' $verb >&-"
		one_line "stdout is closed"
	done
	python_start "$SPIN"
	run -0 --separate-stderr bash -c "'$GILTOP' --json -p $WL_PID -d 0.3 -o '$OUT' >&-"
	numbers
}

@test "stdin, stdout and stderr are closed: it measures all the same, and a command gets none of its own" {
	python_start "$SPIN"
	run -0 bash -c "'$GILTOP' --json -p $WL_PID -d 0.3 -o '$OUT' <&- >&- 2>&-"
	numbers
	run -0 bash -c "'$GILTOP' --json -o '$OUT' --force -- ls -l /proc/self/fd <&- 2>&-"
	[[ $output != *anon_inode* && $output != *bpf* ]]
	[[ $output != *' 0 -> /dev/null'* ]]
}

@test "SIGCHLD is ignored by who starts giltop: a command is measured, and its status is giltop's" {
	run -3 --separate-stderr bash -c "trap '' CHLD; exec '$GILTOP' --json -o '$OUT' -- $PYTHON -S -c 'raise SystemExit(3)'"
	[ -z "$stderr" ]
	numbers
}

@test "soft limits are raised, not the command's; of hard ones it is said what is too little: 1" {
	run -0 bash -c "ulimit -Sn 32 && '$GILTOP' --json -o '$OUT' -- bash -c 'ulimit -Sn'"
	[ "${lines[0]}" = 32 ]
	run -1 --separate-stderr bash -c "ulimit -n 32 && '$GILTOP' --json -d 0.2 -- sleep 1"
	one_line "32 open files are allowed"
	# with less not even the libraries are loaded
	local kib
	for kib in 12000 14000 16000 18000 20000 22000; do
		run --separate-stderr bash -c "ulimit -v $kib && '$GILTOP' --json -d 0.2 -- sleep 1"
		[ "$status" -eq 0 ] || [ "$status" -eq 127 ] || break
	done
	[ "$status" -eq 1 ] || skip "no such limit here"
	one_line "out of memory: $kib KiB are allowed"
}

@test "/proc is not mounted: that word, 1" {
	needs_root
	needs_cmd unshare
	local verb
	for verb in list doctor "-b -p 1" "-b -a -d 1"; do
		run -1 --separate-stderr unshare -m bash -c \
			"mount -t tmpfs none /proc && exec '$GILTOP' $verb"
		one_line "/proc is not mounted"
	done
}

@test "sudo's words make no sense: nothing is done with root's rights, 2" {
	needs_root
	local words
	for words in SUDO_UID=1000 SUDO_GID=1000 "SUDO_UID=-1 SUDO_GID=1000" "SUDO_UID=x SUDO_GID=1000" \
		"SUDO_UID= SUDO_GID=" "SUDO_UID=4294967295 SUDO_GID=1000" "SUDO_UID=1000 SUDO_GID=-1"; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr env -u SUDO_UID -u SUDO_GID $words \
			"$GILTOP" -b -o "$OUT" -- touch "$BATS_TEST_TMPDIR/ran"
		one_line "SUDO_UID"
	done
	[ ! -e "$OUT" ] && [ ! -e "$BATS_TEST_TMPDIR/ran" ]
	# Root may use sudo, too.
	run -0 --separate-stderr env SUDO_UID=0 SUDO_GID=0 SUDO_USER=root "$GILTOP" -b -o "$OUT" -- id -u
	[ "$output" = 0 ]
	# Another's name does not bring that one's groups.
	run -0 --separate-stderr env SUDO_UID=65534 SUDO_GID=65533 SUDO_USER=root \
		"$GILTOP" -b -o /dev/null --force -- id -G
	[ "$output" = 65533 ]
}

@test "-o under sudo: links, a sticky directory and somebody else's file give nobody what is root's" {
	needs_root
	python_start "$SLEEP"
	open_the_way
	local dir=$BATS_TEST_TMPDIR/users roots=$BATS_TEST_TMPDIR/roots
	mkdir -m 700 "$dir" "$roots"
	mkdir -m 1777 "$BATS_TEST_TMPDIR/sticky"
	chown 65534:65533 "$dir"
	local as_user=(env SUDO_UID=65534 SUDO_GID=65533 "$GILTOP" -b -p "$WL_PID" -d 0.1 --force)
	echo precious >"$roots/file"
	chmod 644 "$roots/file"
	ln -s "$roots/file" "$dir/symlink"
	ln -s "$roots" "$dir/symdir"
	ln "$roots/file" "$dir/hardlink"
	echo precious >"$BATS_TEST_TMPDIR/sticky/file"
	local at
	for at in "$dir/symlink" "$dir/symdir/file" "$dir/symdir/new" "$dir/hardlink" \
		"$BATS_TEST_TMPDIR/sticky/file"; do
		run -1 --separate-stderr "${as_user[@]}" -o "$at"
		one_line "cannot write $at: E"
	done
	[ "$(cat "$roots/file" "$BATS_TEST_TMPDIR/sticky/file")" = $'precious\nprecious' ]
	[ "$(stat -c %u:%a:%h "$roots/file")" = 0:644:2 ]
	[ "$(ls "$roots")" = file ]
	# One that all may write is replaced where its name is the user's, and is as it was elsewhere.
	chmod 666 "$roots/file"
	run -0 "${as_user[@]}" -o "$dir/hardlink"
	[ "$(cat "$roots/file")" = precious ]
	[ "$(stat -c %u:%a:%h "$roots/file")" = 0:666:1 ]
	[ "$(stat -c %u:%g:%a "$dir/hardlink")" = 65534:65533:600 ]
	# A file of the user's own in a directory of all.
	run -0 "${as_user[@]}" -o "$BATS_TEST_TMPDIR/sticky/mine"
	run -0 "${as_user[@]}" -o "$BATS_TEST_TMPDIR/sticky/mine"
	[ "$(stat -c %u:%g:%a "$BATS_TEST_TMPDIR/sticky/mine")" = 65534:65533:600 ]
	[ "$(ls -A "$BATS_TEST_TMPDIR/sticky")" = $'file\nmine' ]
}
