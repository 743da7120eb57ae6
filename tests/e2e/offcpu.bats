# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2154
# For how much of its holding a thread did not run, held against the CPU time that it measures by itself; and what is
# said of that.

load lib
load run

setup() {
	needs_giltop
	e2e_setup
	CGROUP=
}

teardown() {
	e2e_teardown
	[ -z "$CGROUP" ] || wait_for 5 rmdir "$CGROUP"
}

# A cgroup with a limit of so many per cent of a CPU: CGROUP. Version 1 or 2, whichever has the controller.
limited_to() {
	local dir
	needs_root
	for dir in /sys/fs/cgroup/cpu /sys/fs/cgroup/cpu,cpuacct; do
		[ -w "$dir/cgroup.procs" ] && mkdir "$dir/giltop-test-$$" 2>/dev/null || continue
		CGROUP=$dir/giltop-test-$$
		echo $(($1 * 1000)) >"$CGROUP/cpu.cfs_quota_us"
		echo 100000 >"$CGROUP/cpu.shares" # what it may use is not to be taken by others
		return
	done
	grep -qsw cpu /sys/fs/cgroup/cgroup.subtree_control && mkdir "/sys/fs/cgroup/giltop-test-$$" 2>/dev/null ||
		skip "needs a cgroup with the cpu controller"
	CGROUP=/sys/fs/cgroup/giltop-test-$$
	echo "$(($1 * 1000)) 100000" >"$CGROUP/cpu.max"
	echo 10000 >"$CGROUP/cpu.weight"
}

# Others on this machine are not to have its CPU: who has it instead is what is tested.
before_others() {
	renice -n -15 -p "$1" >/dev/null || skip "needs to renice"
}

# Runs the load and measures it: $NUMBERS_OF, and what was said of it: $SAID.
measure() {
	local text
	"$GILTOP" --text -p "$WL_PID" >"$BATS_TEST_TMPDIR/said" </dev/null 3>&- &
	text=$!
	WL_ALL+=("$text")
	giltop_start --json -p "$WL_PID"
	workload_go
	workload_wait_done
	kill -INT "$text"
	giltop_end INT
	wait "$text"
	NUMBERS_OF=$GT_OUT
	SAID=$(tr '\n' ' ' <"$BATS_TEST_TMPDIR/said" | tr -s ' ')
	echo "$SAID"
	grep '^cpu' "$WL_OUT"
}

# Is the share of holder's holding that it did not run that of its own clocks, to 3 points? More: on t (its row), p (its
# process), cpu, slept, queued, stolen (what it said).
judge() {
	python3 - "$NUMBERS_OF" "$WL_OUT" "$@" <<-'END'
	import json, sys
	with open(sys.argv[1]) as f:
	    p = json.loads(f.readlines()[-1])["processes"][0]
	with open(sys.argv[2]) as f:
	    words = [line for line in f if line.startswith("cpu")][-1].split()
	cpu, slept, queued, stolen = (int(w) for w in words[1::2])
	t = next(t for t in p["threads"] if t["name"] == "holder")
	hold, off, runnable = t["hold_ns"], t["hold_offcpu_ns"], t["hold_runnable_ns"]
	true = 1 - cpu / hold
	print("hold %d off %.4f true %.4f runnable %.4f throttled %s" % (hold, off / hold, true, runnable / hold, p["throttled_ns"]))
	assert abs(off / hold - true) <= 0.03
	assert 0 <= runnable <= off <= hold
	assert runnable <= queued * 1.001, (runnable, queued)
	for expr in sys.argv[3:]:
	    assert eval(expr), expr
	END
}

has() { [[ $SAID == *"$1"* ]]; }
has_not() { [[ $SAID != *"$1"* ]]; }

@test "a holder that sleeps in native code did not run for as long as that took" {
	workload_start offcpu.py sleep
	before_others "$WL_PID"
	measure
	judge "-0.03 * hold <= off - runnable - slept <= 0.03 * hold + stolen" "slept > hold * 0.4" "p['throttled_ns'] in (0, None)"
	has "sleeps or blocks for" && has "holder (offcpu.py:"
	has_not "CPU limit"
}

@test "a holder under a CPU limit of 20 % is not called slow, and the limit is named" {
	limited_to 20
	workload_start offcpu.py burn
	echo "$WL_PID" >"$CGROUP/cgroup.procs"
	measure
	judge "off > hold * 0.6" "runnable > off * 0.95 - stolen" "p['throttled_ns'] > runnable * 0.3"
	has "CPU limit of the container, not the code"
	has "a CPU limit" && has_not "bottleneck" && has_not "Python code"
}

# In a mount namespace of its own, where what the kernel would say is in plain files.
in_version_2() {
	mount -t tmpfs none /sys/fs/cgroup
	mkdir -p "/sys/fs/cgroup$PATH_IN_V2"
	local file=/sys/fs/cgroup$PATH_IN_V2/cpu.stat
	printf 'usage_usec 5\nnr_throttled 1\nthrottled_usec 1000\n' >"$file"
	exec 3>&-
	"$GILTOP" --json -i 300ms -p "$WL_PID" >"$OUT" &
	local giltop=$! tries=200
	until [ -s "$OUT" ] || ((tries-- == 0)); do sleep 0.05; done
	printf 'usage_usec 5\nnr_throttled 9\nthrottled_usec 751000\n' >"$file"
	sleep 1
	kill -INT "$giltop"
	wait "$giltop"
}

@test "a CPU limit of version 2 of cgroups is read as well" {
	needs_root
	needs_cmd unshare
	workload_start offcpu.py burn
	grep -q '^0::/' "/proc/$WL_PID/cgroup" || skip "needs cgroups of version 2"
	PATH_IN_V2=$(sed -n 's/^0:://p' "/proc/$WL_PID/cgroup")
	export -f in_version_2
	export PATH_IN_V2 WL_PID OUT
	unshare -m --propagation private bash -c in_version_2
	numbers --expr "proc['throttled_ns'] == 750_000_000"
}

@test "a holder that shares its CPU with another process had none for as long as that ran" {
	needs_cmd taskset
	workload_start offcpu.py burn
	taskset -cp 0 "$WL_PID" >/dev/null
	taskset -c 0 sh -c 'while :; do :; done' 3>&- &
	WL_ALL+=("$!")
	measure
	judge "off > hold * 0.3" "runnable > off * 0.95 - stolen" "p['throttled_ns'] in (0, None)"
	has_not "CPU limit"
	has "Too few CPUs" # two on one CPU have half of it each
}

@test "a holder that is left alone runs" {
	workload_start offcpu.py burn 1
	measure
	judge "off - runnable < hold * 0.03 + stolen"
	# Of one that does not hold there is nothing to know; who sorts by it sees it.
	run -0 env COLUMNS=80 "$GILTOP" -b --sort offcpu -p "$WL_PID" -d 200ms
	echo "$output"
	[[ $output == *" OFFCPU% "* ]]
}
