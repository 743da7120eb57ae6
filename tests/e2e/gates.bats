# SPDX-License-Identifier: BSD-2-Clause
# --check: a run whose figures keep the rules ends as ever, one that breaks a rule ends with 7 and says who and how much.

load lib
load run
load live

setup() {
	needs_giltop
	e2e_setup
}

teardown() { e2e_teardown; }

# gate KIND OPTION..: hogged.py under giltop, what it prints in $OUT
gate() {
	run --separate-stderr "$GILTOP" -b --json -i 1 -o "$OUT" --force "${@:2}" -- "$PYTHON" -S "$WORKLOADS/hogged.py" "$1" 2 \
		3>&-
	echo "$stderr"
}

@test "check: rules that hold change nothing" {
	gate calm --mode exact --check 'delay(worker-*)<60%' --check 'wait_max<10s' --check 'hold_max(worker-*)<10s' \
		--check 'load<3' --check 'handovers<100000/s' --check 'blame(serve)<=100%' --check 'lost<=0'
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	tail -1 "$OUT" | grep -q '"type":"summary"'
}

@test "check: a broken rule is exit status 7 and one line on stderr, and nothing else changes" {
	gate hog --mode exact --check 'delay(worker-1)<5%' --check 'blame(crunch)<50%' --check 'load<9'
	[ "$status" -eq 7 ]
	[ "${#stderr_lines[@]}" -eq 2 ]
	[[ ${stderr_lines[0]} =~ ^'giltop: check broken: delay(worker-1)<5%: worker-1 ('[0-9]+') has '[0-9.]+%$ ]]
	[[ ${stderr_lines[1]} =~ ^'giltop: check broken: blame(crunch)<50%: it is '[0-9.]+%$ ]]
	tail -1 "$OUT" | grep -q '"type":"summary"'
}

@test "check: the figure in the line is the one of the summary" {
	gate hog --mode exact --check 'delay(worker-2)<1%' --check 'p99(wait,worker-2)<1us' --check 'blame(hogged.py)<1%'
	[ "$status" -eq 7 ]
	python3 - "$OUT" "${stderr_lines[@]}" <<-'END'
		import json, re, sys
		s = json.loads(open(sys.argv[1]).read().splitlines()[-1])
		p = s["processes"][0]
		t = next(t for t in p["threads"] if t["name"] == "worker-2")
		all_ns = sum(g["wait_ns"] for g in p["gils"])
		blame = sum(st["ns"] for st in p["stacks"] if st["kind"] == "blame"
		            and any(f["file"].endswith("/hogged.py") for f in st["frames"]))
		want = [100 * (t["wait_ns"] + t["yield_ns"]) / t["span_ns"], t["wait_p99_ns"] / 1e6, 100 * blame / all_ns]
		said = [float(re.search(r"([0-9.]+)(%|ms)$", line).group(1)) for line in sys.argv[2:]]
		print(want, said)
		assert all(abs(w - v) <= 0.051 for w, v in zip(want, said)) and len(said) == 3
	END
}

@test "check: what was not seen breaks a rule, too" {
	gate calm --mode light --check 'hold_max<10s' --check 'delay(nobody)<90%' --check 'wait_max<10s'
	[ "$status" -eq 7 ]
	[ "${#stderr_lines[@]}" -eq 2 ]
	[[ ${stderr_lines[0]} == *"hold_max<10s: could not be judged: holds were not seen (light mode"* ]]
	[[ ${stderr_lines[1]} == *"delay(nobody)<90%: could not be judged: no thread called nobody was seen" ]]
	run --separate-stderr "$GILTOP" -b --check 'delay<90%' -- true 3>&-
	[ "$status" -eq 7 ]
	[[ $stderr == *"delay<90%: could not be judged: no process was measured"* ]]
}

@test "check: a command that failed has its own status" {
	run --separate-stderr "$GILTOP" -b --check 'delay<0.0001%' -- "$PYTHON" -S "$WORKLOADS/hogged.py" hog 1 3 3>&-
	[ "$status" -eq 3 ]
	[[ $stderr == *"check broken: delay<0.0001%: "* ]]
}

@test "check: a wrong rule is told before the command is started" {
	run -2 --separate-stderr "$GILTOP" -b --check 'dealy<5%' -- touch "$BATS_TEST_TMPDIR/started"
	one_line "did you mean delay?"
	run -2 --separate-stderr "$GILTOP" -b --check 'delay<5' -- touch "$BATS_TEST_TMPDIR/started"
	one_line "has no unit"
	run -2 --separate-stderr "$GILTOP" -b --check 'change(delay)<5%' -- touch "$BATS_TEST_TMPDIR/started"
	one_line "it is for diff"
	run -2 --separate-stderr "$GILTOP" -b --no-stacks --check 'blame(f)<5%' -- touch "$BATS_TEST_TMPDIR/started"
	one_line "needs stacks"
	[ ! -e "$BATS_TEST_TMPDIR/started" ]
}

@test "check: record judges, too" {
	run --separate-stderr "$GILTOP" record -f folded -o "$BATS_TEST_TMPDIR/x" --check 'delay<0.0001%' -- "$PYTHON" -S \
		"$WORKLOADS/hogged.py" hog 1 3>&-
	[ "$status" -eq 7 ]
	[ -s "$BATS_TEST_TMPDIR/x" ]
}

@test "check: the live view, left by q, ends with 7 when a rule is broken, and says so on the terminal that is back" {
	needs_cmd tmux
	live_setup
	python_start 'import threading, time
def spin():
    while True: sum(range(10000))
for i in range(2): threading.Thread(target=spin, daemon=True, name="w-%d" % i).start()
print("ready", flush=True)
time.sleep(60)'
	live 100 30 "$GILTOP" -p "$WL_PID" --check 'delay(w-*)<1%' --check 'delay(w-*)<100%'
	shows w-0 w-1
	keys q
	live_ended
	screen
	[ "$LIVE_CODE" -eq 7 ]
	screen | grep -q 'giltop: check broken: delay(w-\*)<1%: w-[01] ([0-9]*) has'
	live_teardown
}
