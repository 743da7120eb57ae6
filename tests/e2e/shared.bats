# SPDX-License-Identifier: BSD-2-Clause
# Many processes of one interpreter, and interpreters under many names: one set of probes each, and nobody is counted twice,
# or pays who is not measured.
# shellcheck disable=SC2154

load lib
load run

setup() {
	needs_giltop
	needs_uprobes
	e2e_setup
}

teardown() {
	local dir
	e2e_teardown
	for dir in "$BATS_TEST_TMPDIR"/over.*; do
		! mountpoint -q "$dir" || umount "$dir"
	done
}

# Threads that contend until they are told to end.
CONTEND='import sys, threading, time
def work():
    while not done:
        sum(range(200))
done = False
ts = [threading.Thread(target=work, name="work-%d" % i) for i in range(3)]
for t in ts: t.start()
print("ready", flush=True)
time.sleep(float(sys.argv[1]))
done = True'

IDLE='import sys, time
print("ready", flush=True)
time.sleep(300)'

# Counts its own GIL cycles: one for each read, which "count N" says.
CYCLES='import os, sys, time
fd = os.open("/dev/zero", os.O_RDONLY)
print("ready", flush=True)
end = time.monotonic() + float(sys.argv[1])
n = 0
while time.monotonic() < end:
    for _ in range(100): os.read(fd, 1)
    n += 100
    time.sleep(0.01)
print("count", n, flush=True)'

links_of() { # PID
	grep -ls '^link_type:.uprobe_multi' "/proc/$1/fdinfo"/* 2>/dev/null | wc -l
}

@test "a dozen processes: one set of probes for their waits, each has its own books" {
	local pids=() i
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		python_start "$CONTEND" 300
		pids+=("$WL_PID")
	done
	giltop_start --json --mode light -d 4 -p "$(
		IFS=,
		echo "${pids[*]}"
	)"
	if "$GILTOP" doctor | grep -q 'uprobe_multi links.*yes'; then
		[ "$(links_of "$GT_PID")" -ge 4 ]
		[ "$(links_of "$GT_PID")" -le 8 ]
	fi
	giltop_end
	[ "$GT_CODE" -eq 0 ]
	NUMBERS_OF=$GT_OUT numbers --expr 'len(total["processes"]) == 12' \
		--expr 'all(sum(t["name"].startswith("work-") for t in p["threads"]) == 3 for p in total["processes"])' \
		--expr 'all(sum(t["wait_ns"] for t in p["threads"]) > 1e9 for p in total["processes"])' \
		--expr 'all(p["late_ns"] == 0 for p in total["processes"])' \
		--expr 'total["lost_events"] == 0 and total["violations"] == 0'
}

@test "who is not measured pays for its waits alone: its acquisitions are not probed" {
	local pids=() bystander i
	python_start "$IDLE"
	bystander=$WL_PID
	for i in 1 2 3 4 5 6; do
		python_start "$IDLE"
		pids+=("$WL_PID")
	done
	giltop_start --json -p "$(
		IFS=,
		echo "${pids[*]}"
	)"
	python3 "$E2E_DIR/probe_bytes.py" "$GILTOP" "$bystander" light
	giltop_end INT
	NUMBERS_OF=$GT_OUT numbers --expr 'len(total["processes"]) == 6'
	wait_for 15 python3 "$E2E_DIR/probe_bytes.py" "$GILTOP" "$bystander" original
}

# Contends a little: exact books cost next to nothing.
BRISK='import threading, time
def work():
    while True:
        time.sleep(0.02)
        sum(range(30000))
for i in range(3): threading.Thread(target=work, name="work-%d" % i, daemon=True).start()
print("ready", flush=True)
time.sleep(300)'

exact_now() { # PID
	python3 - "$GT_OUT" "$1" <<-'END'
		import json, sys
		snaps = [json.loads(line) for line in open(sys.argv[1]) if line.endswith("\n")]
		sys.exit(not any(p["mode"] == "exact" for s in snaps if s["type"] == "snapshot" for p in s["processes"] if p["pid"] == int(sys.argv[2])))
	END
}

@test "of more than a few the one that waits most is measured exactly" {
	local pids=() i
	for i in 1 2 3 4 5 6 7 8 9; do
		python_start "$IDLE"
		pids+=("$WL_PID")
	done
	python_start "$BRISK"
	giltop_start --json --max-overhead 10 -p "$(
		IFS=,
		echo "${pids[*]},$WL_PID"
	)"
	wait_for 60 exact_now "$WL_PID"
	sleep 1
	giltop_end INT
	NUMBERS_OF=$GT_OUT numbers --expr 'total["violations"] == 0 and total["lost_events"] == 0' \
		--expr "all(g['held_observed_ns'] > 0.2e9 for p in total['processes'] if p['pid'] == $WL_PID for g in p['gils'])" \
		--expr "all(sum(p['mode'] == 'exact' for p in s['processes']) <= 8 for s in snaps)"
}

# Two copies have one build-id, and are two files to the kernel.
@test "a copy of the interpreter is measured beside it" {
	local copy=$BATS_TEST_TMPDIR/python-copy pids
	needs_python stock-3.11
	cp "$PYTHON" "$copy"
	python_start "$CONTEND" 300
	pids=$WL_PID
	PYTHON=$copy python_start "$CONTEND" 300
	pids+=,$WL_PID
	giltop_start --json --mode light -a -d 3
	giltop_end
	NUMBERS_OF=$GT_OUT numbers --expr "all(sum(t['wait_ns'] for t in p['threads']) > 1e9 for p in total['processes'] if p['pid'] in ($pids))" \
		--expr "sum(p['pid'] in ($pids) for p in total['processes']) == 2"
}

# Layers of images: two names in two file systems lead to one file, which is probed by both.
@test "two overlays of one interpreter: each event counts once" {
	local lower=$BATS_TEST_TMPDIR/lower dir i pids=() outs=() count
	needs_python stock-3.11
	mkdir "$lower"
	cp "$PYTHON" "$lower/python"
	for i in 1 2; do
		dir=$BATS_TEST_TMPDIR/over.$i
		mkdir "$dir"
		mount -t overlay overlay -o "lowerdir=$lower:$E2E_DIR" "$dir" || skip "no overlay file system here"
		PYTHON=$dir/python python_start "$CYCLES" 6
		pids+=("$WL_PID")
		outs+=("$WL_OUT")
	done
	giltop_start --json --mode exact -a
	sleep 1
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	NUMBERS_OF=$GT_OUT numbers --expr 'total["violations"] == 0' \
		--expr "all(g['acquisitions'] > 1000 and abs(g['acquisitions'] - sum(t['acquisitions'] for t in p['threads'])) == 0 and g['load'] <= 1.01 for p in total['processes'] if p['pid'] in (${pids[0]}, ${pids[1]}) for g in p['gils'])" \
		--expr "sum(p['pid'] in (${pids[0]}, ${pids[1]}) for p in total['processes']) == 2"
	for i in 0 1; do
		wait_for 20 grep -q count "${outs[i]}"
		count=$(awk '/^count/{print $2}' "${outs[i]}")
		# It counted for longer than giltop did: twice as many would be more than it has.
		NUMBERS_OF=$GT_OUT numbers --expr "all(p['gils'][0]['acquisitions'] <= 1.2 * $count + 1000 for p in total['processes'] if p['pid'] == ${pids[i]})"
	done
}

# ---- pid namespaces ----

in_a_namespace() { # SCRIPT
	unshare --pid --fork --mount-proc bash -c "$1" bash "$GILTOP" "$PYTHON" "$OUT" "$BATS_TEST_TMPDIR" 3>&-
}

@test "in a pid namespace of its own giltop measures what runs there, by the ids of there" {
	printf '%s\n' "$CONTEND" >"$BATS_TEST_TMPDIR/contend.py"
	in_a_namespace '"$2" -S "$4/contend.py" 8 & pid=$!
		until grep -qs . <(ls "/proc/$pid/task" | sed 1,3d); do sleep 0.1; done
		for mode in exact light; do
			"$1" -p $pid --json --mode $mode -d 2 >"$3.$mode" || exit 1
			ls "/proc/$pid/task" >"$4/tids"
		done
		echo $pid >"$4/pid"; kill $pid'
	for mode in exact light; do
		NUMBERS_OF=$OUT.$mode numbers --expr "total['processes'][0]['pid'] == $(cat "$BATS_TEST_TMPDIR/pid") < 100" \
			--expr "set(t['tid'] for t in threads if t['name'].startswith('work')) <= {$(tr '\n' , <"$BATS_TEST_TMPDIR/tids")}" \
			--expr "sum(t['name'].startswith('work-') for t in threads) == 3 and sum(t['wait_ns'] for t in threads) > 1e9" \
			--expr "total['violations'] == 0 and sum(t['blame_ns'] for t in threads) > 0.8 * sum(t['wait_ns'] for t in threads)"
	done
}

@test ".. and what runs in namespaces below it; with another /proc it says how to get its own" {
	printf '%s\n' "$CONTEND" >"$BATS_TEST_TMPDIR/contend.py"
	in_a_namespace 'unshare --pid --fork --mount-proc "$2" -S "$4/contend.py" 8 &
		sleep 0.5
		"$1" -a --json --mode light -d 3 >"$3"; kill $!'
	numbers --expr 'any(sum(t["name"].startswith("work-") for t in p["threads"]) == 3 and sum(t["blame_ns"] for t in p["threads"]) > 0.8 * sum(t["wait_ns"] for t in p["threads"]) > 0.8e9 for p in total["processes"])' \
		--expr 'total["violations"] == 0'
	run -5 --separate-stderr unshare --pid --fork "$GILTOP" -a -b -d 1
	one_line "mount -t proc"
	run -5 --separate-stderr unshare --pid --fork "$GILTOP" list
	one_line "mount -t proc"
}

EXECS='import os, sys, threading, time
def work():
    while True:
        sum(range(200))
for i in range(3): threading.Thread(target=work, daemon=True).start()
time.sleep(0.3)
if len(sys.argv) > 1:
    os.execv(sys.executable, [sys.executable, "-S", __file__] + sys.argv[2:])
os._exit(0)'

@test "a program executed for another one has books of its own, in a pid namespace, too" {
	printf '%s\n' "$EXECS" >"$BATS_TEST_TMPDIR/execs.py"
	"$GILTOP" --json -i 100ms --mode exact -- "$PYTHON" -S "$BATS_TEST_TMPDIR/execs.py" a b >"$OUT" 3>&-
	numbers --expr 'total["violations"] == 0 and all(s["violations"] == 0 for s in snaps)' \
		--expr 'sum(p.get("executed", False) for p in total["processes"]) == 2'
	in_a_namespace '"$1" --json --mode exact -- "$2" -S "$4/execs.py" a b >"$3"'
	numbers --expr 'total["violations"] == 0' \
		--expr 'sum(p.get("executed", False) for p in total["processes"]) == 2'
}
