# SPDX-License-Identifier: BSD-2-Clause
# Programs that make it hard to look into them: giltop goes on, says so, and ends when it is told to.

load lib
load run

setup() {
	needs_giltop
	needs_root
	e2e_setup
}

teardown() {
	[ -z "${FS_PID-}" ] || kill -9 "$FS_PID" 2>/dev/null || true
	[ -z "${MAPS_PID-}" ] || kill -9 "$MAPS_PID" 2>/dev/null || true
	e2e_teardown
	[ -z "${FS_PID-}" ] || umount -l "$BATS_TEST_TMPDIR/fs" || true
}

workload() { # NAME ARGUMENT.. : what is in tests/workloads, until it is ready
	python_start "$(cat "$WORKLOADS/$1")" "${@:2}" || {
		grep -h "^no userfaultfd" "$WL_OUT.err" && skip "needs userfaultfd"
		cat "$WL_OUT.err"
		false
	}
}

@test "a page that never comes: the process is measured all the same, without names, and that is said" {
	workload unreadable.py page
	giltop_start --json -i 1 -p "$WL_PID" -d 3
	giltop_end
	[ "$GT_CODE" -eq 0 ]
	NUMBERS_OF=$GT_OUT numbers --open-end --expr 'gil["acquisitions"] > 3' \
		--expr '"does not come" in proc["note"]' --expr '1 <= total["stats"]["given_up"] <= 4'
}

@test "a page that never comes: INT ends the measurement, TERM as well" {
	local sig
	workload unreadable.py page
	for sig in INT TERM; do
		giltop_start --json -p "$WL_PID"
		kill -"$sig" "$GT_PID"
		giltop_end
		[ "$GT_CODE" -eq 0 ]
	done
}

@test "line tables of 15 MB: names, but for those functions no lines" {
	workload unreadable.py table
	giltop_start --json -i 1 -p "$WL_PID" -d 3
	giltop_end
	[ "$GT_CODE" -eq 0 ]
	NUMBERS_OF=$GT_OUT numbers --open-end --expr 'total["stats"]["no_line"] > 0' \
		--expr 'any(s["frames"][-1]["name"].startswith("f") for s in proc["stacks"])'
}

@test "a file that nobody can open any more: refused, and another process is measured" {
	[ -c /dev/fuse ] || skip "no /dev/fuse"
	local dir=$BATS_TEST_TMPDIR/fs
	mkdir "$dir"
	"$PYTHON" -I -S "$WORKLOADS/stuck_fs.py" "$(readlink -f "$PYTHON")" "$dir" \
		"$BATS_TEST_TMPDIR/stuck" >"$BATS_TEST_TMPDIR/fs.out" 2>&1 3>&- &
	FS_PID=$!
	wait_for 20 test -e "$dir/python" || {
		grep "^cannot mount" "$BATS_TEST_TMPDIR/fs.out" && FS_PID='' && skip "needs FUSE"
		cat "$BATS_TEST_TMPDIR/fs.out"
		false
	}
	cat "$dir/python" >/dev/null # the kernel has all of it from now on
	python_start "$SLEEP"
	local before=$WL_PID
	PYTHON=$dir/python python_start "$SPIN"
	local victim=$WL_PID
	touch "$BATS_TEST_TMPDIR/stuck"
	python_start "$SLEEP"
	run -0 "$GILTOP" list # looks at many at a time
	grep -E "^ *$victim +\? .*does not come" <<<"$output"
	grep -E "^ *$before +3\.[0-9.]+ " <<<"$output"
	grep -E "^ *$WL_PID +3\.[0-9.]+ " <<<"$output"
	run -5 --separate-stderr "$GILTOP" -b -d 1 -p "$victim"
	one_line "does not come"
	python_start "$SPIN"
	giltop_start --json -a -d 2
	giltop_end
	[ "$GT_CODE" -eq 0 ]
	jq -e -s --argjson pid "$WL_PID" --argjson no "$victim" \
		'last.processes | map(.pid) | index($pid) and (index($no) | not)' "$GT_OUT"
	kill -9 "$victim"
}

# Which it is let to do by its right to execute it.
many_maps() { # FILE OFFSET
	"$BATS_TEST_TMPDIR/many_maps" "$@" >"$BATS_TEST_TMPDIR/maps.out" 3>&- &
	MAPS_PID=$!
	wait_for 20 grep -q ready "$BATS_TEST_TMPDIR/maps.out"
	python_start "$SPIN"
}

# The next process, which is looked at after it, is of somebody else.
@test "a program that maps the interpreter's file 32,000 times does not have it refused in other processes" {
	needs_cmd cc
	local file offset
	cc -O2 -o "$BATS_TEST_TMPDIR/many_maps" "$WORKLOADS/many_maps.c"
	python_start "$SPIN"
	read -r offset file < <(awk '$2 == "r-xp" && /python/ { print $3, $6; exit }' "/proc/$WL_PID/maps")
	many_maps "$file" "$offset"
	[ "$MAPS_PID" -lt "$WL_PID" ] || { # pids have come round
		kill -9 "$MAPS_PID"
		many_maps "$file" "$offset"
	}
	[ "$MAPS_PID" -lt "$WL_PID" ]
	run -0 "$GILTOP" list
	grep -E "^ *$MAPS_PID +\? .*not in the file's mapping" <<<"$output"
	grep -E "^ *$WL_PID +3\.[0-9.]+ " <<<"$output"
}
