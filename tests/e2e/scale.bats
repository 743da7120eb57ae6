# SPDX-License-Identifier: BSD-2-Clause
# Thousands of threads, and what giltop itself costs: nothing stalls it, and nothing of that touches a sum. Only what it says
# of itself is looked at, never how fast this machine is.

load lib
load run

setup() {
	needs_giltop
	e2e_setup
}

teardown() { e2e_teardown; }

threads_are_there() {
	local tasks=("/proc/$WL_PID/task"/*)
	[ "${#tasks[@]}" -gt "$1" ]
}

SUMS='all(sum(p["ns"] for p in r["processes"][0].get("pairs", [])) in (0, sum(t["blame_ns"] for t in r["processes"][0]["threads"]))
	and all(sum(s["ns"] for s in r["processes"][0]["stacks"] if s["kind"] == kind) == sum(t[kind + "_ns"] for t in r["processes"][0]["threads"])
		for kind in ("wait", "hold", "blame"))
	and r["violations"] == 0 for r in snaps + [total])'

@test "two thousand threads contend: lists have an end, and the sums of every record agree" {
	workload_start many_threads.py 2000
	workload_go
	wait_for 30 threads_are_there 2000
	json_of -d 3 -p "$WL_PID"
	numbers --expr "$SUMS" \
		--expr 'len(threads) > 1900 and gil["load"] > 100' \
		--expr 'sum(p["ns"] for p in total["processes"][0]["pairs"]) > 0' \
		--expr 'all(len(r["processes"][0].get("pairs", [])) <= 10001 for r in snaps + [total])' \
		--expr 'all(sum(s["kind"] == kind for s in r["processes"][0]["stacks"]) <= 10001 for r in snaps + [total] for kind in ("wait", "hold", "blame"))'
}

@test "chains of a thousand threads have an end, too" {
	workload_start many_threads.py 1000
	workload_go
	wait_for 30 threads_are_there 1000
	"$GILTOP" record -f folded --weight chain -d 3 -p "$WL_PID" -o "$BATS_TEST_TMPDIR/chains" 3>&-
	[ -s "$BATS_TEST_TMPDIR/chains" ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/chains")" -le 10001 ]
	! grep -qv '^[^;]* ([0-9]*);.*;--;.* [0-9]*$' "$BATS_TEST_TMPDIR/chains"
}

@test "giltop above its limit does less in the order of the manual, says so, and sums stay right" {
	workload_start many_threads.py 100
	workload_go
	wait_for 30 threads_are_there 100
	run --separate-stderr json_of --mode exact -i 20ms --max-self 1 -d 4 -p "$WL_PID"
	[ "$status" -eq 0 ]
	[ "$(grep -c "it does less now, stacks of open waits are not read" <<<"$stderr")" -eq 1 ]
	numbers --expr "$SUMS" \
		--expr '[s["self_level"] for s in snaps] == sorted(s["self_level"] for s in snaps)' \
		--expr 'snaps[0]["self_level"] == 0 and snaps[-1]["self_level"] >= 2' \
		--expr 'all(len(s["self_leaves_out"]) == s["self_level"] for s in snaps)' \
		--expr 'all(("pairs" in s["processes"][0]) == (s["self_level"] < 2) for s in snaps)' \
		--expr '"pairs" in total["processes"][0]' \
		--expr 'all(a["duration_ns"] + b["duration_ns"] > 0.9 * 40e6 * 2 ** max(0, b["self_level"] - 3) for a, b in zip(snaps, snaps[1:-1]) if a["self_level"] == b["self_level"])' \
		--expr 'sum(s["late"] for s in snaps) <= total["late"]'
}

@test "without a limit, and below it, giltop leaves nothing out" {
	python_start "$SPIN"
	json_of --mode exact -i 20ms --max-self 0 -d 2 -p "$WL_PID"
	numbers --expr "$SUMS" --expr 'all(s["self_level"] == 0 and "pairs" in s["processes"][0] for s in snaps)'
	run --separate-stderr "$GILTOP" record -f folded --max-self 20 -d 500ms -p "$WL_PID" -o -
	[ "$status" -eq 0 ]
	[[ $stderr != *"does less"* ]]
	run -2 --separate-stderr "$GILTOP" dump --max-self 5 -p "$WL_PID"
	one_line "--max-self has no effect with dump"
}

nice_of() {
	sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f17
}

@test "giltop runs before the threads that it measures, its command as it was started itself" {
	needs_root
	local own
	own=$(nice)
	[ "$(nice -n -20 nice 2>/dev/null)" -eq -20 ] || skip "needs CAP_SYS_NICE"
	[ "$own" -le 14 ] || skip "needs a nice value below 15"
	python_start "$SPIN"
	giltop_start --json -p "$WL_PID"
	[ "$(nice_of "$GT_PID")" -eq -20 ]
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	run nice -n 5 "$GILTOP" --json -o "$BATS_TEST_TMPDIR/of_command" -- "$PYTHON" -c 'import os; print(os.getpriority(os.PRIO_PROCESS, 0), os.system("exit $(nice)") >> 8)'
	[ "$status" -eq 0 ]
	[[ $output == "$((own + 5)) $((own + 5))"* ]]
}
