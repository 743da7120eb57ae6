# SPDX-License-Identifier: BSD-2-Clause
# The whole program built with the address and undefined behaviour sanitizers: each verb and each format once.

load lib
load run
load live

setup() {
	live_setup
	GILTOP=$BUILD/asan/giltop
	[ -e "$GILTOP" ] || skip "no $GILTOP: make e2e builds it"
	# What is left at the end is left to the kernel.
	export ASAN_OPTIONS=detect_leaks=0:log_path=$BATS_TEST_TMPDIR/asan UBSAN_OPTIONS=log_path=$BATS_TEST_TMPDIR/asan
}

teardown() { live_teardown; }

# Of giltop and of its workers.
nothing_found() {
	! compgen -G "$BATS_TEST_TMPDIR/asan.*" || {
		cat "$BATS_TEST_TMPDIR"/asan.*
		return 1
	}
}

@test "sanitizers: every verb and every format" {
	python_start "$SPIN"
	"$GILTOP" list >"$OUT" 3>&-
	grep -q "^ *$WL_PID " "$OUT"
	"$GILTOP" doctor -p "$WL_PID" >/dev/null 3>&-
	"$GILTOP" dump -p "$WL_PID" >"$OUT" 3>&-
	grep -q spin "$OUT"
	"$GILTOP" -b -i 300ms -d 1 -s yes -p "$WL_PID" >"$OUT" 3>&-
	grep -q 'GIL is the bottleneck' "$OUT"
	json_of -i 300ms -d 1 -p "$WL_PID"
	numbers --expr 'gil["utilization"] > 0.5'
	local format
	for format in folded svg; do
		"$GILTOP" record -f $format -d 0.5 -p "$WL_PID" -o - >"$OUT" 3>&-
		grep -q spin "$OUT"
	done
	"$GILTOP" --text -d 0.5 -- "$PYTHON" -S -c 'sum(range(10**6))' >"$OUT" 3>&-
	nothing_found
}

@test "sanitizers: the live view, all its screens" {
	python_start "$SPIN"
	live 100 30 env ASAN_OPTIONS="$ASAN_OPTIONS" UBSAN_OPTIONS="$UBSAN_OPTIONS" "$GILTOP" -i 200ms -p "$WL_PID"
	shows "spin"
	local key
	for key in 1 2 3 4 5 6 7 '?' Escape F2 Escape m t w; do
		keys "$key"
		sleep 0.3
	done
	term resize-window -x 20 -y 5
	sleep 0.5
	term resize-window -x 120 -y 40
	shows "6 processes"
	keys q
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
	nothing_found
}
