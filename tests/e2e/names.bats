#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Threads have their Python names although they are gone before the first reading; what is stopped is said to be.
load lib
load run
load names

@test "threads of 30 ms in a command of 100 ms have their names: stock 3.11" {
	needs_python stock-3.11
	named_in_runs 10
}

@test "a thread of 300 ms between two refreshes of a running process has its name" {
	python_start '
import os, threading, time
def work():
    time.sleep(0.3)
print("ready", os.getpid())
while True:
    time.sleep(0.5)
    t = threading.Thread(target=work, name="guest")
    t.start()
    t.join()
'
	"$GILTOP" -b --json -i 1 -d 6 -p "$WL_PID" >"$OUT" 3>&-
	# shellcheck disable=SC2016
	run -0 jq -s -r 'last | .processes[0].threads[] | select(.tid != $main) | .name' --argjson main "$WL_PID" "$OUT"
	echo "$output"
	[ "${#lines[@]}" -ge 3 ]
	[ "$(sort -u <<<"$output")" = guest ]
}

@test "the first thread is not called by a function, also where nobody imports threading" {
	"$GILTOP" -b --json -- "$PYTHON" -c '
import time
end = time.monotonic() + 1
while time.monotonic() < end: pass
' >"$OUT" 3>&-
	run -0 jq -s -r 'last | .processes[0].threads[0].name' "$OUT"
	echo "$output"
	[[ $output == python* || $output == MainThread ]]
}

@test "a process that is stopped is said to be, in text and in JSON, and no more when it goes on" {
	python_start "$SPIN"
	kill -STOP "$WL_PID"
	run -0 --separate-stderr "$GILTOP" -b -d 1 -p "$WL_PID"
	[[ $output == *"stopped by a signal"* ]]
	json_of -d 1 -p "$WL_PID"
	numbers --expr 'proc["note"].startswith("stopped by a signal")'
	giltop_start --json -p "$WL_PID"
	sleep 0.5
	kill -CONT "$WL_PID"
	sleep 0.5
	giltop_end INT
	NUMBERS_OF=$GT_OUT numbers --expr 'any("stopped" in p.get("note", "") for s in snaps for p in s["processes"])' \
		--expr '"note" not in proc'
}

# A hierarchy of its own is mounted where nobody else sees it.
in_frozen_cgroup() {
	mount -t cgroup2 none /sys/fs/cgroup && mkdir "/sys/fs/cgroup/giltop-$WL_PID" || return 77
	cd "/sys/fs/cgroup/giltop-$WL_PID" || return
	echo "$WL_PID" >cgroup.procs
	echo 1 >cgroup.freeze
	until grep -q 'frozen 1' cgroup.events; do sleep 0.05; done
	"$GILTOP" -b -d 1 -p "$WL_PID"
	echo 0 >cgroup.freeze
	"$GILTOP" -b -d 1 -p "$WL_PID" | sed 's/stopped/still stopped/'
	echo "$WL_PID" >../cgroup.procs
	cd / && rmdir "/sys/fs/cgroup/giltop-$WL_PID"
}

@test "a process whose cgroup is frozen is said to be stopped" {
	needs_root
	python_start "$SLEEP"
	export -f in_frozen_cgroup
	export WL_PID
	run --separate-stderr unshare -m --propagation private bash -c in_frozen_cgroup
	[ "$status" -ne 77 ] || skip "needs a mount of cgroup2"
	echo "$output"
	[[ $output == *"stopped: its cgroup is frozen"* ]]
	[[ $output != *"still stopped"* ]]
}
