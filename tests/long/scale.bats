# SPDX-License-Identifier: BSD-2-Clause
# What giltop costs beside five thousand threads that contend, and beside threads that come and go for minutes, by its own
# CPU time: GILTOP_SCALE_SECONDS (20 and 120). A hundred processes, and a thousand a minute that live for a moment.

load ../e2e/lib
load ../e2e/run
load ../e2e/burst

setup() {
	needs_giltop
	needs_root # thousands of threads leave no CPU to one that may not run before them
	e2e_setup
}

teardown() { e2e_teardown; }

threads_are_there() {
	local tasks=("/proc/$WL_PID/task"/*)
	[ "${#tasks[@]}" -gt "$1" ]
}

crowd() {
	workload_start many_threads.py 5000
	workload_go
	wait_for 60 threads_are_there 5000
}

# Giltop in the background for so long; its peak in PEAK_KIB.
run_for() { # SECONDS ARG..
	local peak
	giltop_start -i 1s -d "$1" "${@:2}" -p "$WL_PID"
	until ended "$GT_PID"; do
		peak=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$GT_PID/status" 2>/dev/null) || true
		PEAK_KIB=${peak:-$PEAK_KIB}
		sleep 0.5
	done
	wait "$GT_PID"
	echo "# VmHWM $PEAK_KIB KiB" >&3
	[ "$PEAK_KIB" -lt $((150 * 1024)) ]
}

# The first seconds have the names of all threads to read. Half of the records from there on are in it.
CHEAP='sorted(s["self_cpu_ns"] / s["duration_ns"] for s in snaps[4:])[len(snaps[4:]) // 2] < 0.2'

@test "five thousand threads contend: JSON costs less than a fifth of a CPU, and less than 150 MB" {
	crowd
	run_for "${GILTOP_SCALE_SECONDS:-20}" --json
	NUMBERS_OF=$GT_OUT numbers --expr "$CHEAP" --expr 'len(snaps) > 8 and len(threads) > 4900'
}

@test "five thousand threads contend: text and chains cost no more" {
	crowd
	run_for "${GILTOP_SCALE_SECONDS:-20}" -b
	grep -q 'self' "$GT_OUT"
	# Between the last tables; the mean of all has the beginning, too.
	awk '/  self / { sub(/%.*/, "", $0); n = split($0, f, " "); v[++cnt] = f[n] }
		END { for (i = 5; i <= cnt; i++) if (v[i] < 20) cheap++; exit !(cnt > 8 && 2 * cheap > cnt - 5) }' \
		<(grep -o '  self .*%' "$GT_OUT")
	"$GILTOP" record -f folded --weight chain -d 6 -p "$WL_PID" -o "$BATS_TEST_TMPDIR/chains" 3>&-
	[ "$(wc -l <"$BATS_TEST_TMPDIR/chains")" -le 10001 ]
}

@test "threads come and go at short intervals: the last half costs no more than the first" {
	local seconds=$((${GILTOP_SCALE_SECONDS:-120}))
	python_start "$(cat "$BATS_TEST_DIRNAME/come_and_go.py")"
	GT_OUT=$BATS_TEST_TMPDIR/come_and_go.json
	"$GILTOP" --json -i 100ms -d "$seconds" -p "$WL_PID" </dev/null 2>/dev/null 3>&- |
		python3 -c '
import json, sys
cpu = [(r["self_cpu_ns"], r["duration_ns"]) for r in map(json.loads, sys.stdin) if r["type"] == "snapshot"]
halves = [cpu[len(cpu) // 10:len(cpu) // 2], cpu[len(cpu) // 2:]]
print(*(sum(c for c, _ in h) / sum(d for _, d in h) for h in halves))' >"$GT_OUT"
	echo "# CPU: $(cat "$GT_OUT")" >&3
	awk '{ exit !($2 <= 1.3 * $1 + 0.01) }' "$GT_OUT"
}

@test "a minute of a thousand short programs: nearly all are measured, the others counted, and giltop holds no more" {
	burst_start
	giltop_start --json -v -i 1s --mode exact -s -p "$WL_PID"
	burst_for 2
	wait_for 30 settled
	burst_for 60
	holds_no_more "$BATS_TEST_TMPDIR/before"
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	burst_measured
	needs_shared_links
	burst_measured --share 99 --all
}

@test "a minute of a thousand short programs beside -a: nearly all are measured" {
	burst_start
	giltop_start --json -v -i 1s -a --mode exact
	burst_for 60
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	burst_measured
	needs_shared_links
	burst_measured --share 99 --some
}

rss_kib() {
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$GT_PID/status"
}

@test "three thousand short programs leave giltop hardly larger than three hundred" {
	local few many
	burst_start
	giltop_start --json -i 1s -s -p "$WL_PID"
	burst_for 18
	few=$(rss_kib)
	burst_for 162
	many=$(rss_kib)
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	echo "# VmRSS $few KiB after 300, $many KiB after 3,000" >&3
	burst_measured
	needs_shared_links
	[ "$many" -le $((few + 16 * 1024)) ]
}

@test "a hundred processes: giltop begins and ends about as soon as with one" {
	python_start "$SLEEP"
	giltop_start --json -d 100ms -p "$WL_PID"
	giltop_end
	needs_shared_links
	python3 "$BATS_TEST_DIRNAME/many_bounds.py" "$GILTOP" "$PYTHON" "$BATS_TEST_TMPDIR" | sed 's/^/# /' >&3
	[ "${PIPESTATUS[0]}" -eq 0 ]
}

@test "-s at the parent of short programs: measured and missed are all that began" {
	burst_start
	giltop_start --json -v -i 1s --mode exact -s -p "$WL_PID"
	burst_for 8
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	burst_measured
	needs_shared_links
	burst_measured --share 99 --all
}
