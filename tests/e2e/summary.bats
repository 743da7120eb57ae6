# SPDX-License-Identifier: BSD-2-Clause
# The text for a ticket: what a service's own trouble looks like in it, and that it stays small.

load lib
load run

setup() {
	needs_giltop
	e2e_setup
}

teardown() { e2e_teardown; }

small() { # FILE
	[ "$(wc -l <"$1")" -le 15 ]
	[ "$(LC_ALL=C.UTF-8 wc -L <"$1")" -le 80 ]
}

# Names who waits, who makes it wait and in which line, called from where.
tells() { # FILE
	cat "$1"
	small "$1"
	grep -q "pid $WL_PID " "$1"
	grep -q "nothing lost" "$1"
	grep -q "The GIL is the bottleneck" "$1"
	grep -Eq "Who waits: .*\`?http-1\`? [0-9]+%" "$1"
	grep -Eq "[0-9]+% .*parse_line \(demo_service.py:[0-9]+\)\`?, called by \`?parse_feed \(line [0-9]+\)" "$1"
}

@test "--text: 15 lines that name the victim, the culprits and the command" {
	workload_start demo_service.py 60
	"$GILTOP" --text -p "$WL_PID" -d 5 >"$OUT" 3>&-
	tells "$OUT"
	[ "$(tail -n 1 "$OUT")" = "Made by: giltop --text -p $WL_PID -d 5" ]
}

@test "--markdown, and record to a .md: the same" {
	workload_start demo_service.py 60
	"$GILTOP" --markdown -p "$WL_PID" -d 3 >"$OUT" 3>&-
	tells "$OUT"
	"$GILTOP" record -p "$WL_PID" -d 3 -o "$BATS_TEST_TMPDIR/ticket.md" 3>&-
	tells "$BATS_TEST_TMPDIR/ticket.md"
}

@test "-b ends with it, once; one interval is the total" {
	workload_start demo_service.py 60
	"$GILTOP" -b -p "$WL_PID" -i 500ms -n 2 >"$OUT" 3>&-
	[ "$(grep -c '^ *TID THREAD' "$OUT")" -eq 3 ]
	[ "$(grep -c '^Made by: ' "$OUT")" -eq 1 ]
	tail -n 1 "$OUT" | grep -qx "Made by: giltop -b -p $WL_PID -i 500ms -n 2"
	sed -n '/^giltop .*: pid /,$p' "$OUT" >"$OUT.end"
	small "$OUT.end"
	[ "$(grep '^ ' "$OUT" | LC_ALL=C.UTF-8 wc -L)" -le 100 ]
	"$GILTOP" -b -p "$WL_PID" -n 1 >"$OUT" 3>&-
	[ "$(grep -c '^ *TID THREAD' "$OUT")" -eq 1 ]
	grep -Eq '^ +~?[0-9.]+ parse_line demo_service.py:[0-9]+ +parse_feed demo_service.py:[0-9]+' "$OUT"
}

@test "several processes: the busiest first, a line for each other one" {
	python_start 'import threading, time
def spin():
    while True: sum(range(1000))
for i in range(2): threading.Thread(target=spin, daemon=True).start()
print("ready", flush=True)
time.sleep(60)'
	local busy=$WL_PID
	python_start 'import time
print("ready", flush=True)
while True: time.sleep(0.01)'
	"$GILTOP" --text -p "$WL_PID,$busy" -d 2 >"$OUT" 3>&-
	cat "$OUT"
	small "$OUT"
	[[ $(head -n 1 "$OUT") == *": pid $busy ("* ]]
	grep -q "^Also pid $WL_PID .*: free, held " "$OUT"
}

@test "hostile names: nothing raw in the summary, and it stays small" {
	local form
	"$PYTHON" "$WORKLOADS/hostile.py" 60 >"$BATS_TEST_TMPDIR/hostile.out" 2>&1 3>&- < <(sleep 60 3>&-) &
	WL_PID=$!
	WL_ALL+=("$WL_PID")
	WL_OUT=$BATS_TEST_TMPDIR/hostile.out
	wait_for 20 workload_said ready
	for form in text markdown; do
		"$GILTOP" "--$form" -p "$WL_PID" -d 1.5 >"$OUT" 3>&-
		cat "$OUT"
		small "$OUT"
		run -1 grep -P '[\x00-\x09\x0b-\x1f\x7f]' "$OUT"
	done
}
