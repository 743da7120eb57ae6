# SPDX-License-Identifier: BSD-2-Clause
# export: for the Firefox Profiler and for speedscope, each thread's data in one piece; to the ns what report says.

load lib
load recordings

export_tables.py() { "$(default_python)" -S "$E2E_DIR/export_tables.py" "$@"; }

# The recording in both formats has the sums of its summary.
both_add_up() {
	"$GILTOP" report -q --json "$FILE" >"$LIVE"
	local format
	for format in gecko speedscope; do
		"$GILTOP" export -q --force -o "$OPEN/x.$format.json" "$FILE"
		export_tables.py "$format" "$LIVE" "$OPEN/x.$format.json"
	done
}

ready() { # FILE OPTION..: a workload that says so and then goes on for a minute
	"$PYTHON" -S "$WORKLOADS/$1" "${@:2}" >"$OPEN/ready" 3>&- < <(sleep 60 3>&-) &
	WL_PID=$!
	WL_ALL+=("$WL_PID")
	wait_for 20 grep -qs ready "$OPEN/ready"
}

@test "gecko and speedscope: waits, holds, yields and blame of each thread are those of the summary" {
	recorded demo_service.py 3s --mode exact -i 300ms --on-hold 5ms
	both_add_up
	export_tables.py parts "$OPEN/x.gecko.json" "Waiting for GIL" "Has GIL" "[who makes others wait]" on-hold
	export_tables.py parts "$OPEN/x.speedscope.json" "makes others wait" "held by "
}

@test "gecko and speedscope: without recording first" {
	workload_start demo_service.py 60
	local format
	for format in gecko speedscope; do
		"$GILTOP" record -q --mode exact -p "$WL_PID" -d 1s -o "$OPEN/live.$format.json" 3>&-
		export_tables.py parts "$OPEN/live.$format.json" "Waiting for GIL" "Has GIL"
	done
}

@test "gecko and speedscope: one thread alone" {
	recorded demo_service.py 2s --mode exact
	"$GILTOP" report -q --json "$FILE" >"$LIVE"
	local format tid
	tid=$(tail -n 1 "$LIVE" | jq '.processes[0].threads[0].tid')
	for format in gecko speedscope; do
		"$GILTOP" export -q -t "$tid" -o "$OPEN/one.$format.json" "$FILE"
		export_tables.py "$format" "$LIVE" "$OPEN/one.$format.json" "$tid"
	done
}

@test "gecko and speedscope: what is too short to be there one by one is there in sum" {
	recorded demo_service.py 2s --mode exact --max-rate 100
	both_add_up
	export_tables.py parts "$OPEN/x.gecko.json" "Short holds"
	export_tables.py parts "$OPEN/x.speedscope.json" " short states of "
}

@test "gecko and speedscope: light, where holds are not seen" {
	recorded demo_service.py 2s --mode light
	both_add_up
}

@test "gecko and speedscope: without stacks" {
	recorded demo_service.py 1s --mode exact --no-stacks
	both_add_up
	# What is made of stacks alone is not made.
	for name in folded pprof svg; do
		run -1 "$GILTOP" export -q -f $name -o "$OPEN/none" "$FILE"
		[ "$output" = "giltop: there are no stacks (--no-stacks?), and $name is made of them" ]
		[ ! -e "$OPEN/none" ]
	done
}

@test "gecko and speedscope: names that try to break whoever writes them down" {
	needs_python stock-3.11
	ready hostile.py 60
	"$GILTOP" record -q --mode exact -p "$WL_PID" -d 1s -o "$FILE" 3>&-
	both_add_up
	export_tables.py parts "$OPEN/x.gecko.json" "--" "<b>&amp;" "日本語 3"
	export_tables.py parts "$OPEN/x.speedscope.json" "<b>&amp;" "日本語 3"
}

@test "gecko and speedscope: several processes that come and go" {
	"$GILTOP" record -q --mode exact -o "$FILE" -- "$PYTHON" -S "$WORKLOADS/forks.py" 3>&-
	both_add_up
}

@test "gecko and speedscope: 300 threads that wait" {
	ready waiters.py 300
	"$GILTOP" record -q --mode exact -p "$WL_PID" -d 1s -o "$FILE" 3>&-
	both_add_up
	export_tables.py parts "$OPEN/x.gecko.json" want-299
}

@test "gecko and speedscope: threads at two GILs" {
	needs_python pyenv-3.13
	"$PYTHON" "$WORKLOADS/subinterp.py" >"$OPEN/said" 3>&- < <(printf 'new a\n'; sleep 60 3>&-) &
	WL_PID=$!
	WL_ALL+=("$WL_PID")
	wait_for 20 grep -qs "a new" "$OPEN/said"
	"$GILTOP" record -q --mode exact -p "$WL_PID" -d 2s -o "$FILE" 3>&-
	both_add_up
	export_tables.py parts "$OPEN/x.gecko.json" " (GIL 1)" "GIL 1 waiters"
	export_tables.py parts "$OPEN/x.speedscope.json" " at GIL 1 of "
}

@test "gecko and speedscope: a run in which nothing happened" {
	"$PYTHON" -S -c 'import time; time.sleep(60)' 3>&- &
	WL_ALL+=("$!")
	"$GILTOP" record -q --mode exact -p "$!" -d 500ms -o "$FILE" 3>&-
	both_add_up
}

@test "gecko and speedscope: a full disk is an error, of the file and of what is kept meanwhile" {
	recorded demo_service.py 1s --mode exact
	local format
	for format in gecko speedscope; do
		run -1 "$GILTOP" export -q -f "$format" --force -o /dev/full "$FILE"
		[[ $output == *"No space left"* ]]
	done
	needs_root
	mkdir "$OPEN/small"
	mount -t tmpfs -o size=64k none "$OPEN/small" || skip "mount"
	ready waiters.py 100
	"$GILTOP" record -q --mode exact -p "$WL_PID" -d 4s --force -o "$FILE" 3>&-
	TMPDIR=$OPEN/small run "$GILTOP" export -q -f gecko -o "$OPEN/full.gecko.json" "$FILE"
	umount "$OPEN/small"
	[ "$status" -eq 1 ]
	[[ $output == *"cannot keep what happened in a temporary file (TMPDIR)"*"ENOSPC"* ]]
	echo "$output"
}
