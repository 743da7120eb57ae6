# SPDX-License-Identifier: BSD-2-Clause
# The command line on healthy processes: options, batch text, JSON, files, verbs, and the repository's
# own commands. The numbers of every summary are held against the accounting (numbers.py).

load lib
load run

setup() {
	needs_giltop
	e2e_setup
}

teardown() { e2e_teardown; }

# ---- how long, how often ----

@test "-n 3 -i 200ms: three snapshots of 200 ms that join, and their sum" {
	python_start "$SPIN"
	json_of -p "$WL_PID" -i 200ms -n 3
	numbers --expr 'len(snaps) == 3' \
		--expr 'sum(s["duration_ns"] for s in snaps) >= 590e6' \
		--expr '150e6 < sorted(s["duration_ns"] for s in snaps)[1] < 400e6' \
		--expr 'total["ended_by"] == "iterations" and meta["interval_ns"] == 200000000' \
		--expr 'total["duration_ns"] >= sum(s["duration_ns"] for s in snaps)' \
		--expr 'proc["alive"] and len(threads) >= 2 and gil["utilization"] > 0.5' \
		--expr 'sum(s["processes"][0]["gils"][0]["acquisitions"] for s in snaps) <= gil["acquisitions"]'
}

@test "-d 1.1s -i 250ms: four snapshots, 1.1 s in all" {
	python_start "$SPIN"
	json_of -p "$WL_PID" -i 250ms -d 1.1s
	numbers --expr '2 <= len(snaps) <= 4' --expr '1.09e9 < total["duration_ns"] < 3e9' \
		--expr 'total["ended_by"] == "duration"'
}

@test "an interval longer than the run: no snapshot, but a summary" {
	python_start "$SPIN"
	json_of -p "$WL_PID" -i 1m -d 300ms
	numbers --expr 'len(snaps) == 0' --expr 'gil["acquisitions"] > 2'
}

# ---- JSON ----

@test "--json: the fields of the contract, on a mixed load" {
	workload_start mixed.py 1
	giltop_start --json -p "$WL_PID"
	workload_go
	workload_wait_done 60
	giltop_end INT
	NUMBERS_OF=$GT_OUT numbers --expr 'meta["processes"][0]["pid"] == proc["pid"] and proc["sites"] == "call-sites"' \
		--expr 'proc["python"].startswith("3.") and proc["runtime"][0] == "/"' \
		--expr 'len([t for t in threads if t["acquisitions"] > 10]) >= 4' \
		--expr 'len(proc["pairs"]) >= 4' \
		--expr 'sum(t["contended"] for t in threads) > 20' \
		--expr 'max(t["wait_max_ns"] or 0 for t in threads) > 1000000'
}

@test "--json with a hostile process name is still JSON" {
	PYTHON=$PYTHON python_start '
import ctypes, threading, time
libc = ctypes.CDLL(None)
libc.prctl(15, b"\033]0;\"\\x\n\xff")
print("ready")
while True: time.sleep(0.01)' $'\033[31m"quoted"\\' $'\n'
	json_of -p "$WL_PID" -d 0.5
	numbers --expr '"\x1b" not in proc["comm"] + proc["cmdline"] + threads[0]["name"]' \
		--expr 'proc["comm"].startswith("?]0;\"")'
	run -0 "$GILTOP" -b -p "$WL_PID" -d 0.3
	[ "$(tr -d '\n\11\40-\176\200-\377' <<<"$output" | wc -c)" -eq 0 ]
}

# ---- text ----

@test "the table: one row a thread, the same columns in every table" {
	python_start "$SPIN"
	run -0 --separate-stderr "$GILTOP" -b -p "$WL_PID" -i 300ms -n 2
	[ "$(grep -c "^pid $WL_PID " <<<"$output")" -eq 3 ]
	[ "$(grep -c '^ *TID THREAD' <<<"$output")" -eq 3 ]
	[ "$(grep '^ *TID' <<<"$output" | sort -u | wc -l)" -eq 1 ]
	[ "$(grep -c '^== total of .* (iterations) ==' <<<"$output")" -eq 1 ]
	[ "$(grep -c '^GIL  held .* lost 0$' <<<"$output")" -eq 3 ]
	[[ $output == *"disagreements: 0"* ]]
	[ "$(awk '$1 ~ /^[0-9]+$/ && NF > 8' <<<"$output" | wc -l)" -ge 6 ]
}

@test "--sort: each key orders the rows; -l cuts them and says so; -t picks them" {
	python_start "$SPIN"
	local tids key
	run -0 "$GILTOP" -b -p "$WL_PID" -i 1m -d 0.4 --sort tid
	mapfile -t tids < <(sed -n '/^== total/,$p' <<<"$output" | awk '$1 ~ /^[0-9]+$/ && NF > 8 { print $1 }')
	[ "${#tids[@]}" -ge 2 ]
	[ "${tids[*]}" = "$(printf '%s\n' "${tids[@]}" | sort -n | paste -sd' ')" ]
	for key in delay blame p99wait thread; do
		run -0 "$GILTOP" -b -p "$WL_PID" -i 1m -d 0.1 --sort "$key"
	done
	run -0 "$GILTOP" -b -p "$WL_PID" -i 1m -d 0.4 --sort HOLD% -l 1
	[ "$(awk '$1 ~ /^[0-9]+$/ && NF > 8' <<<"$output" | wc -l)" -eq 1 ]
	[[ $output == *".. and "*" more threads (-l)"* ]]
	run -0 "$GILTOP" -b -p "$WL_PID" -i 1m -d 0.4 -t "${tids[1]}"
	[ "$(awk '$1 ~ /^[0-9]+$/ && NF > 8 { print $1 }' <<<"$output")" = "${tids[1]}" ]
	json_of -p "$WL_PID" -d 0.4 -t "${tids[1]}"
	[ "$(tail -1 "$OUT" | jq '.processes[0].threads | length')" -eq 1 ]
	[ "$(tail -1 "$OUT" | jq -c '[.processes[0].stacks[].tid] | unique')" = "[${tids[1]}]" ]
	[ "$(tail -1 "$OUT" | jq '.processes[0].pairs | all(.waiter == '"${tids[1]}"' or .holder == '"${tids[1]}"')')" = true ]
}

@test "several processes: a table for each" {
	python_start "$SPIN"
	local first=$WL_PID
	python_start "$SPIN"
	json_of -p "$first,$WL_PID" -d 0.5
	numbers --expr 'len(total["processes"]) == 2' \
		--expr 'all(p["gils"][0]["acquisitions"] > 2 for p in total["processes"])'
	run -0 "$GILTOP" -b "$first" "$WL_PID" -i 1m -d 0.3
	[[ $output == *"pid $first "*"pid $WL_PID "* ]]
}

# ---- files ----

@test "-o FILE: private, never over another file, --force, no symlinks, - is stdout" {
	python_start "$SLEEP"
	cd "$BATS_TEST_TMPDIR"
	run -0 --separate-stderr "$GILTOP" --json -p "$WL_PID" -d 0.2 -o new.json
	[ -z "$output" ]
	[ "$(stat -c %a new.json)" = 600 ]
	NUMBERS_OF=new.json numbers
	run -1 --separate-stderr "$GILTOP" --json -p "$WL_PID" -d 0.2 -o new.json
	one_line "new.json exists: give another -o, or --force"
	echo "a longer text than any that will be written: $(seq 3000)" >new.json
	run -0 "$GILTOP" --json -p "$WL_PID" -d 0.2 -o new.json --force
	NUMBERS_OF=new.json numbers
	echo precious >precious
	ln -s precious link
	run -1 --separate-stderr "$GILTOP" --json -p "$WL_PID" -d 0.2 -o link
	run -1 --separate-stderr "$GILTOP" --json -p "$WL_PID" -d 0.2 -o link --force
	one_line "cannot write link"
	[ "$(cat precious)" = precious ]
	run -1 --separate-stderr "$GILTOP" --json -p "$WL_PID" -d 0.2 -o no/such/dir
	one_line "cannot write no/such/dir: ENOENT"
	run -0 --separate-stderr "$GILTOP" --json -p "$WL_PID" -d 0.2 -o -
	[[ $output == '{"type":"meta"'* ]]
}

writes_in() {
	ls -l "/proc/$1/fd" | grep -q -- "-> $2/"
}

@test "--force: a run that measures nothing, or is killed, leaves the old file and no litter" {
	python_start "$SLEEP"
	cd "$BATS_TEST_TMPDIR"
	mkdir dir
	echo precious >dir/file
	run -4 --separate-stderr "$GILTOP" --json -p 999999999 -d 0.2 -o dir/file --force
	"$GILTOP" --json -i 50ms -p "$WL_PID" -d 20 -o dir/file --force 3>&- &
	local pid=$!
	pid_start "$pid"
	wait_for 10 writes_in "$pid" "$BATS_TEST_TMPDIR/dir"
	kill -KILL "$pid"
	wait "$pid" || true
	[ "$(cat dir/file)" = precious ]
	[ "$(ls -A dir)" = file ]
}

@test "-o FILE under sudo is written with the rights of the user behind it, and is that user's" {
	needs_root
	python_start "$SLEEP"
	local dir=$BATS_TEST_TMPDIR/users
	open_the_way
	mkdir -m 700 "$dir" "$BATS_TEST_TMPDIR/roots"
	chown 65534:65533 "$dir"
	local as_user=(env SUDO_UID=65534 SUDO_GID=65533 "$GILTOP" -b -p "$WL_PID" -d 0.2)
	run -0 "${as_user[@]}" -o "$dir/mine"
	[ "$(stat -c %u:%g:%a "$dir/mine")" = 65534:65533:600 ]
	run -0 "${as_user[@]}" -o "$dir/mine" --force
	[ "$(stat -c %u:%g:%a "$dir/mine")" = 65534:65533:600 ]
	echo precious >"$BATS_TEST_TMPDIR/roots/file"
	chmod 644 "$BATS_TEST_TMPDIR/roots/file"
	local file
	for file in file new; do
		run -1 --separate-stderr "${as_user[@]}" -o "$BATS_TEST_TMPDIR/roots/$file" --force
		one_line "cannot write $BATS_TEST_TMPDIR/roots/$file: EACCES"
	done
	# Its directory is open to all, the file is not.
	mkdir -m 777 "$BATS_TEST_TMPDIR/open"
	mv "$BATS_TEST_TMPDIR/roots/file" "$BATS_TEST_TMPDIR/open"
	run -1 --separate-stderr "${as_user[@]}" -o "$BATS_TEST_TMPDIR/open/file" --force
	one_line "cannot write $BATS_TEST_TMPDIR/open/file: EACCES"
	[ "$(cat "$BATS_TEST_TMPDIR/open/file")" = precious ]
	[ "$(stat -c %u:%g:%a "$BATS_TEST_TMPDIR/open/file")" = "0:$(id -g):644" ]
	run -0 env -u SUDO_UID -u SUDO_GID "$GILTOP" -b -p "$WL_PID" -d 0.2 -o "$BATS_TEST_TMPDIR/root"
	[ "$(stat -c %u "$BATS_TEST_TMPDIR/root")" = 0 ]
}

@test "a full disk is an error, a closed pipe is not" {
	python_start "$SPIN"
	run -1 --separate-stderr bash -c "'$GILTOP' -b -p $WL_PID -d 0.3 >/dev/full"
	one_line "ENOSPC"
	local verb
	for verb in list doctor --help; do
		run -1 --separate-stderr bash -c "'$GILTOP' $verb >/dev/full"
		one_line "ENOSPC"
	done
	run -0 --separate-stderr bash -c "set -o pipefail; '$GILTOP' -b -i 50ms -p $WL_PID -d 20 | head -1"
	[ -z "$stderr" ]
	[[ $output == "pid $WL_PID "* ]]
}

# ---- verbs ----

@test "list: the processes, their version and runtime; as JSON too" {
	python_start "$SLEEP"
	run -0 --separate-stderr "$GILTOP" list
	[[ ${lines[0]} == *PID*PYTHON*NAME* ]]
	grep -qE "^ *$WL_PID +3\.[0-9]+\.[0-9a-z+]+ .* probes in /" <<<"$output"
	"$GILTOP" list --json >"$OUT"
	[ "$(jq -s "map(select(.pid == $WL_PID)) | length" "$OUT")" -eq 1 ]
	[ "$(jq -r "select(.pid == $WL_PID) | .sites" "$OUT")" = call-sites ]
	[ "$(jq "select(.pid == $WL_PID) | .probes" "$OUT")" -ge 4 ]
	[ "$(jq -r "select(.pid == $WL_PID) | .python" "$OUT")" = "$("$PYTHON" -c 'import platform; print(platform.python_version())')" ]
}

@test "doctor: this machine; with -p how the GIL was found, and nothing is attached" {
	python_start "$SPIN"
	run -0 --separate-stderr "$GILTOP" doctor -p "$WL_PID"
	[ -z "$stderr" ]
	[ "$(grep -c '^ok ' <<<"$output")" -ge 6 ]
	run -1 grep '^NO ' <<<"$output"
	run -0 "$GILTOP" doctor -p "$WL_PID"
	[[ $output == *"memory at the probe points: as in the file"* ]]
	local kind
	for kind in wait acquire release yield yield-end after; do
		grep -qE "^  $kind +0x[0-9a-f]+ +0x[0-9a-f]+ +[a-z]+" <<<"$output"
	done
	[[ $output == *"GIL of interpreter 0 at 0x"*"switch interval 5000 us"* ]]
	python3 "$E2E_DIR/probe_bytes.py" "$GILTOP" "$WL_PID" original
	run -4 --separate-stderr "$GILTOP" doctor -p 999999999
	one_line "no process"
}

@test "--help and --version: stdout, 0; the man page and the completions have all options" {
	run -0 --separate-stderr "$GILTOP" --version
	[[ $output == "giltop "[0-9]* ]]
	run -0 --separate-stderr "$GILTOP" --help
	[ -z "$stderr" ]
	local help=$output opt
	for opt in $(grep -oE -- '--[a-z-]+' <<<"$help" | sort -u); do
		[[ $("$GILTOP" --help=man) == *"$opt"* ]]
		[[ $("$GILTOP" --help=bash) == *"$opt"* ]]
		[[ $("$GILTOP" --help=zsh) == *"$opt"* ]]
	done
	bash -c "$("$GILTOP" --help=bash)"
	local shell
	for shell in bash zsh fish; do
		command -v "$shell" >/dev/null || continue
		"$GILTOP" --help="$shell" >"$BATS_TEST_TMPDIR/completion"
		"$shell" -n "$BATS_TEST_TMPDIR/completion"
	done
}

@test "help VERB and VERB --help: what that verb takes" {
	run -0 --separate-stderr "$GILTOP" help record
	local of_help=$output
	[[ $output == *"Usage: giltop record "*"(default 1s)"*"--weight"*"Example:"* ]]
	[[ $output != *"--mouse"* ]]
	run -0 --separate-stderr "$GILTOP" record --help
	[ "$output" = "$of_help" ]
	run -0 --separate-stderr "$GILTOP" list -h
	[[ $output == *"--json"* && $output != *"--pid"* ]]
	run -0 --separate-stderr "$GILTOP" help
	[ "$(awk 'length > 110' <<<"$output" | wc -l)" -eq 0 ]
}

@test "record says at its end what it has written; -q does not" {
	python_start "$SPIN"
	cd "$BATS_TEST_TMPDIR"
	run -0 --separate-stderr "$GILTOP" record -p "$WL_PID" -d 0.5 -o a.folded
	one_line "wrote $(wc -l <a.folded) stack"
	[[ $stderr == *"to a.folded ($(stat -c %s a.folded) bytes)" ]]
	run -0 --separate-stderr "$GILTOP" record -p "$WL_PID" -d 0.5 --json -o -
	one_line "wrote ${#lines[@]} lines of "
	[[ $stderr == *" to stdout ("* ]]
	run -0 --separate-stderr "$GILTOP" record -q -p "$WL_PID" -d 0.2 -o b.folded
	[ -z "$stderr" ]
}

@test "record says that nothing was there to write" {
	python_start "$SLEEP"
	cd "$BATS_TEST_TMPDIR"
	run -0 --separate-stderr "$GILTOP" record -p "$WL_PID" -d 0.2 -o a.folded
	one_line "no thread waited for the GIL in "
	[[ $stderr == *": a.folded is empty" ]]
	[ ! -s a.folded ]
}

# ---- completions ----

completions() { # a directory with giltop.bash, .zsh, .fish
	local shell
	for shell in bash zsh fish; do
		"$GILTOP" --help=$shell >"$BATS_TEST_TMPDIR/giltop.$shell"
	done
}

bash_completes() { # WORD.. : what bash offers for the last one
	GILTOP=$GILTOP bash -c 'source "$1"; shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_giltop "$GILTOP" "${@: -1}" "${COMP_WORDS[COMP_CWORD - 1]}"
		echo "${COMPREPLY[*]}"' _ "$BATS_TEST_TMPDIR/giltop.bash" "$@"
}

@test "bash completes verbs, the options of the verb, values and processes" {
	completions
	python_start "$SLEEP"
	[ "$(bash_completes giltop rec)" = record ]
	[ "$(bash_completes giltop re | xargs -n 1 | sort | xargs)" = "record report" ]
	[ "$(bash_completes giltop help do)" = doctor ]
	[ "$(bash_completes giltop record --wei)" = --weight ]
	[ -z "$(bash_completes giltop list --wei)" ]
	[ "$(bash_completes giltop record --weight b)" = blame ]
	[ "$(bash_completes giltop record --weight = b)" = blame ]
	[ "$(bash_completes giltop --sort bla)" = blame ]
	[ "$(bash_completes giltop -s a)" = auto ]
	[ "$(bash_completes giltop record -f fo)" = folded ]
	[[ " $(bash_completes giltop -p "") " == *" $WL_PID "* ]]
	[ "$(bash_completes giltop dump -p "1,$WL_PID")" = "1,$WL_PID" ]
	[[ " $(bash_completes giltop -b -- ech) " == *" echo "* ]]
}

@test "fish completes verbs, the options of the verb, and values" {
	needs_cmd fish
	completions
	export HOME=$BATS_TEST_TMPDIR
	fish_completes() {
		fish -N -c "source $BATS_TEST_TMPDIR/giltop.fish; complete -C '$1'" | cut -f1 | paste -sd ' '
	}
	[ "$(fish_completes 'giltop rec')" = record ]
	[ "$(fish_completes 'giltop record --wei')" = --weight ]
	[ -z "$(fish_completes 'giltop list --wei')" ]
	[ "$(fish_completes 'giltop record --weight b')" = blame ]
	[ "$(fish_completes 'giltop doctor --pi')" = --pid ]
}

@test "zsh completes verbs, the options of the verb, and values" {
	needs_cmd zsh
	completions
	mkdir "$BATS_TEST_TMPDIR/fpath"
	cp "$BATS_TEST_TMPDIR/giltop.zsh" "$BATS_TEST_TMPDIR/fpath/_giltop"
	cat >"$BATS_TEST_TMPDIR/complete.zsh" <<-'END'
		# LINE becomes WANT when Tab is hit
		zmodload zsh/zpty
		zpty c zsh -f -i
		zpty -w c "PS1=; fpath=($1 \$fpath); autoload -U compinit; compinit -u -D; echo READY\$((1+1))"
		zpty -r c out '*READY2*'
		zpty -w -n c $'\x15'"$2"$'\t'
		zpty -r c out "*$3*"
		zpty -d c
	END
	zsh_completes() {
		timeout 60 zsh -f "$BATS_TEST_TMPDIR/complete.zsh" "$BATS_TEST_TMPDIR/fpath" "$1" "$2"
	}
	zsh_completes 'giltop rec' 'giltop record'
	zsh_completes 'giltop record --wei' '--weight'
	zsh_completes 'giltop record --weight bla' '--weight blame'
	zsh_completes 'giltop list --js' '--json'
}

@test "make install brings the program, the manual, what that names and the completions, uninstall takes them away" {
	local dest=$BATS_TEST_TMPDIR/dest
	make -s -C "$REPO" -o Makefile BUILD="$BUILD" DESTDIR="$dest" prefix=/usr install
	[ "$(cd "$dest" && find . -type f | sort | paste -sd ' ')" = "./usr/bin/giltop ./usr/share/bash-completion/completions/giltop ./usr/share/doc/giltop/accounting.md ./usr/share/doc/giltop/exports.md ./usr/share/doc/giltop/format.md ./usr/share/doc/giltop/merge.jq ./usr/share/fish/vendor_completions.d/giltop.fish ./usr/share/man/man1/giltop.1 ./usr/share/zsh/site-functions/_giltop" ]
	grep -q '^complete -F _giltop' "$dest/usr/share/bash-completion/completions/giltop"
	[ "$(head -1 "$dest/usr/share/zsh/site-functions/_giltop")" = "#compdef giltop" ]
	make -s -C "$REPO" -o Makefile BUILD="$BUILD" DESTDIR="$dest" prefix=/usr uninstall
	[ -z "$(find "$dest" -type f)" ]
}

# ---- which processes ----

FORKER='
import os, sys, threading, time, multiprocessing
def busy():
    end = time.monotonic() + 1000
    n = 0
    while time.monotonic() < end:
        n += 1
def child():
    threading.Thread(target=busy, daemon=True).start()
    busy()
if __name__ == "__main__":
    print("ready")
    time.sleep(float(sys.argv[1]))
    kids = [multiprocessing.get_context(sys.argv[2]).Process(target=child, daemon=True)]
    kids[0].start()
    pid = os.fork()
    if not pid:
        child()
    print("kids", kids[0].pid, pid)
    try:
        time.sleep(1000)
    finally:
        os.kill(pid, 9)
'

follow() { # METHOD: children that are there at the start, and those that come later
	local kids kid
	python_start "$FORKER" 1 "$1"
	giltop_start --json --mode exact -s -p "$WL_PID"
	wait_for 10 workload_said kids
	kids=$(sed -n 's/^kids //p' "$WL_OUT")
	for kid in $kids; do
		pid_start "$kid" # ends it, whatever happens here
	done
	for kid in $kids; do
		wait_for 20 grep -q "\"type\":\"snapshot\".*\"pid\":$kid," "$GT_OUT"
	done
	sleep 1
	giltop_end INT
	NUMBERS_OF=$GT_OUT numbers --expr "sorted([$WL_PID, ${kids/ /, }]) == sorted(p['pid'] for p in total['processes'] if p['pid'] in [$WL_PID, ${kids/ /, }])" \
		--expr "all(p['gils'][0]['acquisitions'] > 10 for p in total['processes'] if p['pid'] in [${kids/ /, }])"
	# and now those that are there already
	json_of -s -p "$WL_PID" -d 0.6
	numbers --expr "set([$WL_PID, ${kids/ /, }]) <= set(p['pid'] for p in total['processes'])"
	# without -s: the parent alone
	json_of -p "$WL_PID" -d 0.3
	numbers --expr 'len(total["processes"]) == 1'
}

@test "-s follows os.fork() and multiprocessing (fork)" {
	follow fork
}

@test "-s follows multiprocessing (spawn)" {
	follow spawn
}

# The workers that are there at the start, and those that take their place.
@test "-s follows a supervisor that is no Python itself" {
	cat >"$BATS_TEST_TMPDIR/worker.py" <<-'END'
		import threading, time
		end = time.monotonic() + 0.7
		def spin():
		    while time.monotonic() < end: pass
		threads = [threading.Thread(target=spin) for i in range(2)]
		for t in threads: t.start()
		for t in threads: t.join()
	END
	# Two at a time, so that there is always one.
	sh -c "one() { while :; do '$PYTHON' '$BATS_TEST_TMPDIR/worker.py'; sleep 0.2; done; }
		one & sleep 0.5; one" 3>&- &
	local supervisor=$!
	pid_start "$supervisor"
	wait_for 5 pgrep -P "$supervisor" -x "$(basename "$PYTHON")"
	pid_start "$(pgrep -P "$supervisor" -x sh)"
	giltop_start --json -s -p "$supervisor"
	sleep 4
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	python3 - "$GT_OUT" <<-'END'
	import json, sys
	with open(sys.argv[1]) as f:
	    record = [json.loads(line) for line in f][-1]
	assert record["ended_by"] == "interrupted", record["ended_by"]
	whole = [p for p in record["processes"] if sum(t["wait_ns"] for t in p["threads"]) > 1e8]
	assert len(whole) >= 3, [(p["pid"], p["span_ns"]) for p in record["processes"]]
	END
}

# As a test suite or a service that runs programs does: 5000 of them are more than the table of processes has room for.
# (A spawn of what is not there is a fork and an end, and copies nothing.)
@test "-s: thousands of children that come and go leave room for the one that matters" {
	python_start '
import os, sys, threading, time
print("ready")
while not os.path.exists(sys.argv[1]): time.sleep(0.05)
for i in range(5000):
    try: os.posix_spawn("/nonexistent", ["x"], {})
    except OSError: pass
pid = os.fork()
if not pid:
    def spin():
        end = time.monotonic() + 3
        while time.monotonic() < end: pass
    threads = [threading.Thread(target=spin) for i in range(2)]
    for t in threads: t.start()
    for t in threads: t.join()
    os._exit(0)
open(sys.argv[1] + ".pid", "w").write(str(pid))
os.waitpid(pid, 0)
' "$BATS_TEST_TMPDIR/go"
	giltop_start --json -s -p "$WL_PID"
	touch "$BATS_TEST_TMPDIR/go"
	wait_for 60 test -s "$BATS_TEST_TMPDIR/go.pid"
	sleep 2
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	python3 - "$GT_OUT" "$(cat "$BATS_TEST_TMPDIR/go.pid")" <<-'END'
	import json, sys
	with open(sys.argv[1]) as f:
	    record = [json.loads(line) for line in f][-1]
	child = [p for p in record["processes"] if p["pid"] == int(sys.argv[2])]
	print(len(record["processes"]), record["stats"])
	assert child and sum(t["wait_ns"] for t in child[0]["threads"]) > 1e8, child
	assert "target_full" not in record["stats"], record["stats"]
	END
}

@test "-a sees what runs, and what starts later" {
	python_start "$SPIN"
	local first=$WL_PID
	giltop_start --json --mode exact -a
	python_start "$SPIN"
	sleep 1
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	python3 - "$GT_OUT" "$first" "$WL_PID" <<-'END'
	import json, sys
	records = [json.loads(l) for l in open(sys.argv[1])]
	procs = {p["pid"]: p for p in records[-1]["processes"]}
	early, late = procs[int(sys.argv[2])], procs[int(sys.argv[3])]
	assert early["span_ns"] > late["span_ns"] > 0, (early["span_ns"], late["span_ns"])
	for p in early, late:
	    assert p["gils"][0]["acquisitions"] > 10 and p["alive"]
	    assert sum(t["wait_ns"] for t in p["threads"]) == (
	        sum(t["blame_ns"] for t in p["threads"]) + sum(
	            (g["gap_ns"] or 0) + g["runnable_ns"] + g["unsure_ns"] for g in p["gils"]))
	END
}

@test "--sort and -l choose the threads of JSON as they do those of text" {
	workload_start mixed.py 2
	giltop_start --json -p "$WL_PID" --sort hold -l 2
	workload_go
	workload_wait_done
	giltop_end INT
	python3 - "$GT_OUT" <<-'END'
	import json, sys
	with open(sys.argv[1]) as f:
	    threads = [json.loads(line) for line in f][-1]["processes"][0]["threads"]
	assert len(threads) == 2 and {t["name"] for t in threads} == {"spin-1", "spin-2"}, threads
	assert threads[0]["hold_ns"] >= threads[1]["hold_ns"], threads
	END
}

# ---- both ways to attach ----

tier() { # NAME: exact sums on a load with many hand-overs
	workload_start pingpong.py 20000
	giltop_start --json --mode exact -p "$WL_PID" --attach="$1"
	workload_go
	workload_wait_done 60
	giltop_end INT
	NUMBERS_OF=$GT_OUT numbers --expr "meta['attach'].endswith('$1') or '$1' in meta['attach']" \
		--expr 'gil["acquisitions"] > 160000 and gil["switches"] > 10000'
	python_start "$SPIN"
	json_of -p "$WL_PID" --mode exact --attach="$1" -d 1
	# A waiter that wakes up on the CPU of the one that let go leaves it nothing to yield to.
	numbers --expr 'sum(t["contended"] for t in threads) > 20' \
		--expr 'gil["gap_ns"] > 0 and gil["held_ns"] > 0.5 * total["duration_ns"]'
}

@test "--attach=multi: exact sums" {
	"$GILTOP" doctor | grep -q 'uprobe_multi links *yes' || skip "needs a kernel with uprobe_multi links"
	tier multi
}

@test "--attach=perf: exact sums" {
	tier perf
}

# ---- the repository's own commands ----

@test "check-layers refuses an include that goes upwards, a circle in tui/, and a file in no layer" {
	cp -r "$REPO"/{bpf,user,tui,scripts} "$BATS_TEST_TMPDIR"
	run -0 "$BATS_TEST_TMPDIR/scripts/check-layers"
	cd "$BATS_TEST_TMPDIR"
	echo '#include "user/probe/probe.h"' >>user/view/json.c
	echo '#include <ncurses.h>' >>tui/list.c
	echo '#include <time.h>' >>user/model/model.c
	echo 'long now(void) { return time(0); }' >>user/judge/verdict.c
	echo '#include "user/source/collector.h"' >>tui/ui.c
	mkdir user/new
	echo 'int x;' >user/new/somewhere.c
	echo '#include "log.h"' >>user/gil/gate.c
	echo '#include "tui/draw.h"' >>tui/past.c
	run -1 scripts/check-layers
	[[ $output == *"user/view/json.c: user/view may not include user/probe/probe.h (user/probe)"* ]]
	[[ $output == *"tui/list.c: only tui/term.c may include ncurses"* ]]
	[[ $output == *"user/model/model.c: the model is pure: no <time.h>"* ]]
	[[ $output == *"user/judge/verdict.c:"*": the model has no clock and no I/O"* ]]
	[[ $output == *"tui/ui.c: tui may not include user/source/collector.h (user/source)"* ]]
	[[ $output == *"user/new/somewhere.c: in no layer"* ]]
	[[ $output == *"user/gil/gate.c: includes are written from the root"* ]]
	[[ $output == *"circle among the files of tui/: draw -> past -> draw"* ]]
	[[ $output == *" 8 failed, 0 skipped" ]]
}

@test "deps: nothing to do without a network or root; a clear list for who may not install" {
	needs_root
	needs_cmd setpriv
	run -0 setpriv --reuid 65534 --clear-groups bash "$REPO/scripts/deps"
	[ -z "$output" ]
	run -1 setpriv --reuid 65534 --clear-groups env GILTOP_DEPS_MISSING="libfoo-dev bar" bash "$REPO/scripts/deps"
	[[ $output == *"missing: libfoo-dev bar"*"try: sudo make deps"* ]]
}

@test "demo says who may run it; with the rights it ends what it started" {
	needs_root
	needs_cmd setpriv
	run -1 setpriv --reuid 65534 --clear-groups bash "$REPO/scripts/demo"
	[ "$output" = "demo: probing another process needs root; try: sudo make demo" ]
	run -0 env DEMO_SECONDS=2 BUILD="$BUILD" "$REPO/scripts/demo" </dev/null
	[[ $output == *"The GIL is the bottleneck"*"What to read."*"io latency of http-1, "*" requests"* ]]
	run -1 pgrep -f 'demo_service.py 62$'
}
