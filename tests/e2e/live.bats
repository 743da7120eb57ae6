# SPDX-License-Identifier: BSD-2-Clause
# The live view as its users meet it: in a terminal (tmux), on the demo service, key by key.

load lib
load run
load live

setup() { live_setup; }

teardown() { live_teardown; }

# ---- what is seen ----

@test "the first screen answers without a key: held, who waits, for whom, in which line" {
	demo_start
	live 100 30 "$GILTOP" -p "$WL_PID"
	shows "GIL  held" "The GIL is the bottleneck" "of all waiting" "(demo_service.py:"
	echo "after $(python3 -c "print($EPOCHREALTIME - $LIVE_STARTED)") s"
	python3 -c "assert $EPOCHREALTIME - $LIVE_STARTED < 8"
	demo_threads_seen
	screen | tee "$LIVE/first"
	grep -Eq 'GIL  held +[0-9.]+% .*load [0-9.]+ .*hand-overs .*self .*lost 0' "$LIVE/first"
	tr '\n' ' ' <"$LIVE/first" | tr -s ' ' >"$LIVE/words"
	grep -Eq '(parse_line|parse_feed|sort_rows) \(demo_service.py:[0-9]+[,)].* makes others wait most: [0-9.]+% of all waiting' "$LIVE/words"
	# On a machine with too few CPUs checksum may wait even longer.
	grep -Eq '; (http-1|checksum|2 threads of feed-\*) waited [0-9.]+% of' "$LIVE/words"
	grep -Eq '(Python|Native) code |, most in |No CPU for ' "$LIVE/words"
	# The table: http-1 loses more than half of its time, feed-1 is to blame, each with its line (of
	# the lines where http-1 waits, any may be ahead in so short a time).
	grep -Eq '^ *[0-9]{2,} http-1 +[WHYr] +([5-9][0-9]\.[0-9]|100) .* (serve|handle)_requests?( dem.*)?:[0-9]+$' "$LIVE/first"
	grep -Eq '^ *[0-9]{2,} feed-1 .* parse_(line|feed)( dem.*)?:[0-9]+$' "$LIVE/first"
	grep -q 'lines that make others wait' "$LIVE/first"
	keys q
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
	no_probe_left
}

@test "the timeline shows one owner and rows of states, newest right" {
	demo_start
	live 100 30 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	keys 2
	shows "hold" "without" "owner, 1.0s"
	sleep 1
	screen | tee "$LIVE/timeline"
	grep -Eq '^owner, 1.0s .*[12fR]{3}' "$LIVE/timeline"
	grep -Eq '^. feed-1 +.*█' "$LIVE/timeline"
	grep -Eq '^. http-1 +.*▒' "$LIVE/timeline"
	keys q
	live_ended
}

@test "all seven screens, by number and by Tab" {
	demo_start
	live 100 30 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	keys 3
	shows "Blame: what made others wait, by function" "parse_line (demo_service.py)" "sort_rows"
	keys 4
	shows "Who blocks whom" "WAITER" "http-1 waited"
	keys 5
	shows "Waits" "Holds" "p99" "Waits over time"
	keys 6
	shows "HELD%" "THE GIL IS" "bottleneck" "WORST THREAD" "$WL_PID"
	keys Tab
	shows "Nothing is told of here yet"
	keys Tab
	shows "lines that make others wait"
	keys BTab BTab
	shows "THE GIL IS"
	keys 7
	shows "Nothing is told of here yet"
	keys 2
	shows "owner, "
	keys 1
	shows "DELAY%"
	keys q
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
}

@test "Enter opens a thread, a function's calls, a process; Esc goes back" {
	demo_start
	live 100 30 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	keys W
	settles || true
	keys Enter
	shows "Thread " "It waited for" "Now: " "Took the GIL"
	keys End
	shows "Holds"
	keys Escape
	shows "lines that make others wait"
	keys 3
	shows "by function"
	keys Enter
	shows "Calls: what made others wait in" "Thread._bootstrap"
	keys Escape
	shows "by function"
	keys v
	shows "by line"
	keys v
	shows "whole stacks"
	keys v o
	shows "where threads waited"
	keys 6
	shows "THE GIL IS"
	keys Enter
	shows "lines that make others wait"
	keys q
	live_ended
}

@test "help lists the keys and closes; the sort menu sorts; < > I too" {
	demo_start
	live 100 40 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	keys '?'
	shows "Help: any other key closes" "threads: who waits, who makes them wait"
	keys PageDown PageDown
	shows "suspend (fg brings it back)"
	keys x
	shows_not "Help: any"
	keys s
	shows "Sort by: Enter, or Esc" "share of its time lost to the GIL"
	# From DELAY% up to THREAD.
	keys Up Up Up Up Enter
	shows_not "Sort by:"
	shows "THREAD▲"
	[ "$(screen | grep -Eo '^ *[0-9]{2,} (MainThread|checksum|feed-[12]|http-1|report) ' | awk '{ print $2 }' | tr '\n' ' ')" = \
		"MainThread checksum feed-1 feed-2 http-1 report " ]
	keys I
	shows "THREAD▼"
	wait_for 5 eval '[ "$(screen | grep -Eo "^ *[0-9]{2,} (MainThread|report) " | head -1 | awk "{ print \$2 }")" = report ]'
	keys H
	shows "▼HOLD%"
	keys B
	shows "▼BLAME%"
	keys W
	shows "▼DELAY%"
	keys q
	live_ended
}

@test "search finds a row, filter hides the others, Esc clears" {
	demo_start
	live 100 30 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	keys p / # paused: the rows stay where they are
	shows "Search:"
	keys c h e c k Enter
	shows_not "Search:"
	keys Enter
	wait_for 5 eval "screen | grep -q '^Thread [0-9]* checksum'"
	shows "checksum waited"
	keys Escape p
	shows_not PAUSED
	keys '\'
	shows "Show only:"
	keys f e e d - Enter
	shows "[filter: feed-]"
	shows_not " checksum  "
	keys /
	keys n o s u c h
	shows "not found: nosuch"
	keys Escape Escape
	shows_not "[filter: feed-]"
	shows " checksum  "
	keys q
	live_ended
}

thread_rows() {
	screen | grep -Eo '^ *[0-9]{2,} (MainThread|checksum|feed-[12]|http-1|report) ' | awk '{ print $2 }' | tr '\n' ' '
}

rows_are() {
	[ "$(thread_rows | wc -w)" -eq "$1" ]
}

@test "-t shows only these threads, -l only the first ones" {
	demo_start
	live 100 30 "$GILTOP" -p "$WL_PID" -t "$WL_PID"
	shows "[-t: 1 thread]" MainThread "lines that make others wait"
	[ "$(thread_rows)" = "MainThread " ]
	keys q
	live_ended
	term_ends
	live 100 30 "$GILTOP" -p "$WL_PID" -l 2 --sort hold
	shows "[-l 2]" "▼HOLD%" "lines that make others wait"
	wait_for 5 rows_are 2
	[[ $(thread_rows) =~ ^feed-[12]\ (feed-[12]|report)\ $|^report ]]
	keys q
	live_ended
}

@test "pause freezes the picture and says so; c shows totals, r starts them anew, + and - change the rate" {
	demo_start
	live 100 30 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	keys p
	shows PAUSED
	settles
	screen >"$LIVE/a"
	sleep 2.2
	screen >"$LIVE/b"
	diff "$LIVE/a" "$LIVE/b"
	keys p
	shows_not PAUSED
	keys c
	shows " totals"
	shows_not "every 1.0s"
	keys c
	shows "every 1.0s"
	keys +
	shows "every 500ms"
	keys + +
	shows "every 100ms"
	keys - - -
	shows "every 1.0s"
	# The clock of the books starts again.
	wait_for 10 eval 'screen | grep -Eq "measured 00:00:(0[4-9]|[1-5])"'
	keys r
	wait_for 3 eval 'screen | grep -Eq "measured 00:00:0[0-2]"'
	keys q
	live_ended
}

@test "the timeline zooms, and looks back while it is paused" {
	demo_start
	live 100 30 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	keys 2
	shows "owner, 1.0s"
	keys +
	shows "owner, 500ms"
	keys - -
	shows "owner, 2.0s"
	keys Left
	shows PAUSED "500ms back"
	keys Left Right Right
	shows_not " back"
	shows PAUSED
	keys Space
	shows_not PAUSED
	keys q
	live_ended
}

# ---- every number is the one that --json has ----

# same_numbers KEY LEAST: on the screen of that key, at least so many numbers are those of the JSON
same_numbers() {
	local file
	rm -f "$LIVE"/giltop-*
	[ -z "$1" ] || keys "$1"
	settles
	shows_not "written: giltop-"
	keys w
	shows "written: giltop-"
	file=$(ls "$LIVE"/giltop-*.txt)
	cat "$file"
	python3 "$E2E_DIR/numbers.py" "${file%.txt}.json"
	python3 "$E2E_DIR/live_numbers.py" --least "$2" "$file" "${file%.txt}.json"
}

@test "w writes the screen and its numbers: they are the same, on every screen" {
	demo_start
	live 132 43 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	sleep 2
	keys p
	shows PAUSED
	same_numbers 1 50
	same_numbers 2 10
	same_numbers 3 14
	same_numbers 4 20
	same_numbers 5 10
	same_numbers 6 14
	keys 1 Enter
	shows "It waited for"
	same_numbers '' 20
	keys Escape c
	shows " totals"
	same_numbers '' 50
	keys q
	live_ended
	for file in "$LIVE"/giltop-*.txt; do # ends with the text for a ticket
		tail -n 16 "$file" | grep -q "^giltop .*: pid $WL_PID (.*), CPython "
		tail -n 1 "$file" | grep -qx "Made by: giltop -p $WL_PID"
		[ "$(stat -c %s "${file%.txt}.json")" -lt 200000 ]
	done
	[ "$(stat -c %a "$LIVE"/giltop-*.txt "$LIVE"/giltop-*.json | sort -u)" = 600 ]
}

# ---- the terminal ----

@test "^Z gives the terminal back to the shell, fg takes it again" {
	demo_start
	tmux -f /dev/null -L giltop new-session -d -x 100 -y 30 "cd $LIVE; PS1='shell> ' bash --norc --noprofile -i" 3>&-
	shows "shell>"
	keys "stty -a | tail -n +2 >before; $GILTOP -p $WL_PID" Enter
	demo_threads_seen
	keys C-z
	shows Stopped "shell>"
	keys "stty -a | tail -n +2 >after" Enter
	wait_for 5 test -s "$LIVE/after"
	diff "$LIVE/before" "$LIVE/after"
	keys clear Enter
	shows_not "of all waiting"
	keys fg Enter
	demo_threads_seen
	shows "The GIL is"
	keys 6
	shows "THE GIL IS"
	keys q
	shows "shell>"
	shows_not "THE GIL IS"
	keys "stty -a | tail -n +2 >after2; echo code \$?" Enter
	shows "code 0"
	diff "$LIVE/before" "$LIVE/after2"
	no_probe_left
}

@test "the target ends: the view leaves, says so, and the summary stays" {
	demo_start
	live 100 30 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	kill "$WL_PID"
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
	term resize-window -x 200 -y 60
	shows "== total of" "the target ended" "GIL  held" " http-1 " "% of all waiting" "self-checks"
}

@test "SIGTERM and SIGHUP: the terminal is restored, the summary stays, exit 0, no probe is left" {
	demo_start
	for sig in TERM HUP; do
		live 100 30 "$GILTOP" -p "$WL_PID"
		demo_threads_seen
		kill -"$sig" "$(live_pid)"
		live_ended
		[ "$LIVE_CODE" -eq 0 ]
		shows "self-checks"
		no_probe_left
		term_ends
	done
}

@test "^C leaves as q does" {
	demo_start
	live 100 30 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	keys C-c
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
	no_probe_left
}

@test "the terminal is lost: giltop ends and takes its probes away" {
	demo_start
	live 100 30 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	pid=$(live_pid)
	term kill-server
	wait_for 15 eval "! kill -0 $pid 2>/dev/null"
	no_probe_left
}

@test "kill -9: no probe is left" {
	demo_start
	live 100 30 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	pid=$(live_pid)
	kill -9 "$pid"
	wait_for 15 eval "! kill -0 $pid 2>/dev/null"
	wait_for 10 no_probe_left
}

@test "messages wait until the screen is down" {
	demo_start
	LIVE_STDERR=1 live 100 30 "$GILTOP" -v -p "$WL_PID"
	demo_threads_seen
	before=$(wc -l <"$LIVE/stderr")
	kill "$WL_PID"
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
	cat "$LIVE/stderr"
	grep -q "pid $WL_PID has ended" "$LIVE/stderr"
	[ "$(wc -l <"$LIVE/stderr")" -gt "$before" ]
}

@test "messages do not disturb the screen" {
	demo_start
	live 100 30 "$GILTOP" -vv -s -p "$WL_PID"
	demo_threads_seen
	keys p
	shows PAUSED
	settles
	screen | head -1 | grep -q '^giltop  pid'
	screen | tail -1 | grep -q '^1 threads'
	keys q
	live_ended
}

# ---- what to look at ----

@test "giltop alone: the list of processes; search, Enter, and its threads; P chooses again" {
	demo_start
	live 100 30 "$GILTOP"
	shows "Which Python process?" "$WL_PID"
	keys '\'
	keys "$WL_PID" Enter
	wait_for 5 eval '[ "$(screen | grep -c "^ *[0-9][0-9]* 3")" -eq 1 ]'
	keys Enter
	demo_threads_seen
	keys P
	shows "Which Python process?"
	keys q
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
	no_probe_left
}

@test "giltop -- COMMAND: its output comes after the screen, its status is giltop's" {
	cat >"$LIVE/burn.py" <<-'END'
		import threading, time, sys
		print("said by the command", flush=True)
		end = time.monotonic() + 6
		def burn():
		    while time.monotonic() < end:
		        sum(range(1000))
		threads = [threading.Thread(target=burn, name="burner-%d" % i) for i in range(2)]
		for t in threads: t.start()
		for t in threads: t.join()
		print("the command ends", flush=True)
		sys.exit(7)
	END
	live 100 40 "$GILTOP" -- "$PYTHON" "$LIVE/burn.py"
	shows burner-0 burner-1 "The GIL is the bottleneck"
	screen_has_not "said by the command"
	live_ended
	[ "$LIVE_CODE" -eq 7 ]
	term resize-window -x 200 -y 60
	shows "said by the command" "the command ends" "The GIL is the bottleneck" "Made by: giltop -- "
	# What it means comes last, and tables do not push the command's own words away.
	screen | awk '/the command ends/ { said = NR } /^giltop .*: pid / { meant = NR } /^Made by:/ { by = NR } NF { last = NR }
		END { exit !(said && meant == said + 1 && by && last - meant < 20) }'
	screen_has_not "== total of"
}

@test "giltop -- COMMAND: the command inherits stdin, stdout and stderr alone" {
	live 100 40 "$GILTOP" -- "$PYTHON" -c 'import os; print("open:", *sorted(map(int, os.listdir("/proc/self/fd"))))'
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
	shows "open: 0 1 2 3" # 3: the listing's own
	run -1 grep "open: 0 1 2 3 " <<<"$(screen)"
}

@test "several processes: one row each, the busy one in the header, Enter shows one" {
	demo_start
	demo=$WL_PID
	python_start "$SLEEP"
	live 100 30 "$GILTOP" -p "$demo,$WL_PID"
	shows "1 of 2: pid $demo" "PID"
	keys 6
	shows "$demo" "$WL_PID" "bottleneck"
	keys t 1
	demo_threads_seen
	keys 6 /
	keys "$WL_PID" Enter
	sleep 0.2
	keys Enter
	shows "pid $WL_PID" "no thread has touched the GIL yet"
	keys Escape
	shows "1 of 2: pid $demo" # some refreshes later: it is the busy one
	keys q
	live_ended
	no_probe_left "$demo"
	no_probe_left
}

@test "-a: all Python processes, also one that starts later" {
	demo_start
	live 120 40 "$GILTOP" -a
	shows "pid "
	keys 6
	keys '\'
	python_start "$SPIN"
	keys Escape 1 '\'
	keys http- Enter
	shows http-1
	keys Escape 6
	# Found as soon as it comes, and not before.
	keys / "$WL_PID"
	shows "Search: $WL_PID"
	shows_not "not found"
	keys Enter
	shows " $WL_PID "
	keys Enter
	shows "pid $WL_PID"
	keys q
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
	no_probe_left
}

# ---- terminals of all kinds ----

@test "colours on a terminal that has them, none with NO_COLOR or --color never" {
	demo_start
	live 100 30 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	screen_raw | grep -q $'\033\[[0-9;]*38;5;'
	keys q
	live_ended
	term_ends
	live 100 30 env NO_COLOR=1 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	[ "$(screen_raw | grep -c $'\033\[[0-9;]*3[0-8]')" -eq 0 ]
	keys q
	live_ended
	term_ends
	live 100 30 "$GILTOP" --color never -p "$WL_PID"
	demo_threads_seen
	[ "$(screen_raw | grep -c $'\033\[[0-9;]*3[0-8]')" -eq 0 ]
	keys q
	live_ended
}

@test "a terminal that cannot place the cursor gets plain text, and one line that says so" {
	demo_start
	LIVE_STDERR=1 live 200 40 env TERM=dumb "$GILTOP" -d 3 -p "$WL_PID"
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
	cat "$LIVE/stderr"
	[ "$(wc -l <"$LIVE/stderr")" -eq 1 ]
	grep -q 'plain text tables' "$LIVE/stderr"
	shows "DELAY%" "http-1"
}

# What a newcomer does first.
@test "make demo on a terminal: the live view answers without a key, then what to read" {
	needs_root
	live 120 40 env DEMO_SECONDS=6 BUILD="$BUILD" "$REPO/scripts/demo"
	wait_for 40 screen_has "The GIL is the bottleneck" "makes others wait" "parse_line (demo_service.py:"
	wait_for 40 screen_has "What to read."
	shows "io latency of http-1" "README.md has the rest"
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
}
