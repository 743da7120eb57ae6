# SPDX-License-Identifier: BSD-2-Clause
# The live view over a recording: giltop report FILE in a terminal (tmux), key by key.

load lib
load run
load live

# Six intervals of the demo service, once for all tests; the last one is the longest, so that it ends in the seventh second
# even if the first one began late.
setup_file() {
	local wl
	needs_giltop
	needs_root
	PYTHON=${PYTHON:-$(default_python)}
	"$PYTHON" -S -u "$WORKLOADS/demo_service.py" </dev/null >"$BATS_FILE_TMPDIR/service.out" 2>&1 3>&- &
	wl=$!
	sleep 1
	"$GILTOP" record -p "$wl" -d 6300ms -o "$BATS_FILE_TMPDIR/six.giltop" 2>"$BATS_FILE_TMPDIR/record.err" 3>&- || cat "$BATS_FILE_TMPDIR/record.err"
	"$GILTOP" report --json "$BATS_FILE_TMPDIR/six.giltop" >"$BATS_FILE_TMPDIR/six.json" 3>&-
	kill "$wl"
	wait "$wl" || true
}

setup() {
	live_setup
	FILE=$BATS_FILE_TMPDIR/six.giltop
	ALL=$BATS_FILE_TMPDIR/six.json
	export TZ=UTC
}

teardown() { live_teardown; }

# "00:00:03" of "giltop  pid .. 00:00:03 / 00:00:06 ..".
position() {
	screen | sed -n '1s|.* \([0-9:.]*\) / .*|\1|p'
}

at_position() {
	[ "$(position)" = "$1" ]
}

# at 00:00:03: it is there, or comes there.
at() {
	wait_for 10 at_position "$1" || {
		echo "at $(position), not $1"
		screen
		return 1
	}
}

# played_is N: what is on the screen is the recording's interval N, by the numbers that w writes.
played_is() {
	local file
	rm -f "$LIVE"/giltop-*
	settles
	shows_not "written: giltop-"
	keys w
	shows "written: giltop-"
	file=$(ls "$LIVE"/giltop-*.json)
	run python3 "$E2E_DIR/played.py" "$file" "$ALL"
	echo "$output"
	[ "$output" = "$1 6" ]
}

@test "it plays by itself; paused it is stepped, on and back, and each screen is that of its interval" {
	live 132 43 "$GILTOP" report "$FILE"
	shows http-1 feed-1 "GIL  held" "00:00:01 / 00:00:06"
	at 00:00:03 # by its own clock
	keys p
	shows "‖ paused"
	settles
	screen >"$LIVE/a"
	sleep 1.5
	screen >"$LIVE/b"
	diff "$LIVE/a" "$LIVE/b"
	keys 0
	at 00:00:01
	played_is 1
	python3 "$E2E_DIR/live_numbers.py" --least 50 "$(ls "$LIVE"/giltop-*.txt)" "$(ls "$LIVE"/giltop-*.json)"
	screen >"$LIVE/first"
	keys .
	at 00:00:02
	played_is 2
	keys Right
	at 00:00:03
	played_is 3
	python3 "$E2E_DIR/live_numbers.py" --least 50 "$(ls "$LIVE"/giltop-*.txt)" "$(ls "$LIVE"/giltop-*.json)"
	keys , Left
	at 00:00:01
	played_is 1
	settles
	keys x # the message goes
	settles
	screen | tail -n +2 >"$LIVE/again"
	keys ,
	shows "this is its first interval"
	keys '$'
	at 00:00:06
	shows "■ end"
	played_is 6
	keys .
	shows "this is its last interval"
	keys q
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
}

@test "by whatever way a moment is come to, its screens are the same, all six of them" {
	live 100 40 "$GILTOP" report --at 4s "$FILE"
	at 00:00:04
	shows "‖ paused" http-1
	for key in 1 2 3 4 5 6; do
		keys "$key"
		settles
		screen >"$LIVE/way1.$key"
	done
	[ "$(cat "$LIVE"/way1.* | sort -u | wc -l)" -gt 40 ]
	keys 1 0
	at 00:00:01
	keys . . .
	at 00:00:04
	for key in 1 2 3 4 5 6; do
		keys "$key"
		settles
		screen | diff "$LIVE/way1.$key" -
	done
	keys '$' g 4 s Enter
	at 00:00:04
	for key in 6 5 4 3 2 1; do
		keys "$key"
		settles
		screen | diff "$LIVE/way1.$key" -
	done
	keys q
	live_ended
}

@test "faster and slower; to the end, where it stays; from the start again" {
	live 100 30 "$GILTOP" report "$FILE"
	shows "▶ 1x"
	keys + + + +
	shows "▶ 16x"
	shows "■ end" "00:00:06 / 00:00:06"
	sleep 1
	shows "■ end"
	keys - - - - - - -
	keys Space
	shows "▶ 1/4x" "00:00:01 / 00:00:06"
	for _ in 1 2 3 4 5 6 7 8 9; do keys +; done
	shows "■ end"
	keys p
	shows "■ end" # as fast as it can
	[ "$(position)" = 00:00:06 ]
	keys q
	live_ended
}

@test "g goes to a time: after the start, of day, by percent, from here; what is not in it is said" {
	live 100 30 "$GILTOP" report "$FILE"
	shows http-1
	keys p g
	shows "Go to:"
	keys 0 : 0 5 Enter
	at 00:00:05
	day=$(screen | sed -n '1s|.* / 00:00:06  \([0-9:]*\) .*|\1|p')
	[[ $day =~ ^[0-9]{2}:[0-9]{2}:[0-9]{2}$ ]]
	keys g 2 s Enter
	at 00:00:02
	keys g "$day" Enter
	at 00:00:05
	keys g - 2 s Enter
	at 00:00:03
	keys g 1 0 0 % Enter
	at 00:00:06
	keys '{' '{'
	at 00:00:04
	keys '}'
	at 00:00:05
	keys g 5 m Enter
	shows "the recording has no such moment"
	keys Escape g x y Enter
	shows "as 90s, 1:30, 14:03:07, 50%, +10s or -1m"
	keys Escape
	shows_not "Go to:"
	at 00:00:05
	keys n
	shows "no trigger is in it"
	keys q
	live_ended
}

@test "n and N go to the interval in which something was told of, and say what" {
	demo_start
	"$GILTOP" record -p "$WL_PID" -d 4300ms --on-hold 10ms -o "$LIVE/told.giltop" 2>"$LIVE/told.err" 3>&-
	[ "$(grep -c 'has held the GIL for' "$LIVE/told.err")" -gt 4 ]
	live 120 30 "$GILTOP" report "$LIVE/told.giltop"
	shows http-1 ┻
	keys 0
	at 00:00:01
	keys n
	at 00:00:02
	shows "‖ paused" "has held the GIL for"
	keys n
	at 00:00:03
	shows "has held the GIL for"
	keys N
	at 00:00:02
	keys '$' n
	shows "no trigger comes after this"
	keys q
	live_ended
}

@test "the help has the player's keys, and not those of what is measured; they say so" {
	live 100 60 "$GILTOP" report "$FILE"
	shows http-1
	keys '?'
	shows "Recording" "play, pause; at the end" "an interval back, on" "faster, slower"
	screen_has_not "start the totals anew" "choose another process" "refresh more, less often"
	keys x
	shows_not "Help:"
	keys r
	shows "this is a recording"
	keys x P
	shows "this is a recording"
	keys c
	shows "totals"
	keys q
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
}

@test "small windows, ASCII, and a size that changes" {
	live 60 12 "$GILTOP" report -U --at 3s "$FILE"
	shows "= paused  00:00:03 / 00:00:06"
	is_whole 60
	screen >"$LIVE/ascii"
	run -1 env LC_ALL=C grep '[^ -~]' "$LIVE/ascii"
	term resize-window -x 132 -y 43
	shows "= paused  00:00:03 / 00:00:06" "O" "lines that make others wait"
	is_whole 132
	term resize-window -x 40 -y 5
	shows "= paused  00:00:03"
	term resize-window -x 80 -y 24
	shows "= paused  00:00:03 / 00:00:06"
	is_whole 80
	keys q
	live_ended
}

@test "^Z and fg, SIGTERM, a lost terminal: the terminal is as it was" {
	tmux -f /dev/null -L giltop new-session -d -x 100 -y 30 "cd $LIVE; PS1='shell> ' bash --norc --noprofile -i" 3>&-
	shows "shell>"
	keys "stty -a | tail -n +2 >before; $GILTOP report $FILE" Enter
	shows http-1
	keys C-z
	shows Stopped "shell>"
	keys "stty -a | tail -n +2 >after" Enter
	wait_for 5 test -s "$LIVE/after"
	diff "$LIVE/before" "$LIVE/after"
	keys clear Enter
	shows_not http-1
	keys fg Enter
	shows http-1 "/ 00:00:06"
	keys q
	shows "shell>"
	term_ends
	live 100 30 "$GILTOP" report "$FILE"
	shows http-1
	kill "$(live_pid)"
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
	term_ends
	live 100 30 "$GILTOP" report "$FILE"
	shows http-1
	pid=$(live_pid)
	term kill-server
	wait_for 15 eval "! kill -0 $pid 2>/dev/null"
}

@test "a recording that was cut plays up to there, and says so" {
	head -c $(($(stat -c %s "$FILE") * 2 / 3)) "$FILE" >"$LIVE/cut.giltop"
	live 100 30 "$GILTOP" report "$LIVE/cut.giltop"
	shows http-1 "it ends with its last whole frame"
	keys '$'
	shows "■ end" "giltop was killed, or the file is damaged"
	keys ,
	shows_not "■ end"
	keys q
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
}

@test "what is no recording is said before the screen comes up" {
	: >"$LIVE/nothing.giltop"
	echo 'once upon a time there was a GIL' >"$LIVE/text.giltop"
	head -c 100 "$FILE" >"$LIVE/short.giltop"
	mkdir "$LIVE/folder.giltop"
	for file in nothing text short folder absent; do
		LIVE_STDERR=1 live 100 30 "$GILTOP" report "$file.giltop"
		live_ended
		cat "$LIVE/stderr"
		[ "$LIVE_CODE" -ne 0 ]
		[ "$LIVE_CODE" -lt 10 ]
		[ "$(wc -l <"$LIVE/stderr")" -eq 1 ]
		grep -q "^giltop: .*$file.giltop" "$LIVE/stderr"
		rm "$LIVE/stderr"
		term_ends
	done
	LIVE_STDERR=1 live 100 30 "$GILTOP" report --at 50s "$FILE"
	live_ended
	grep -q "^giltop: --at 50s is not in " "$LIVE/stderr"
	[ "$LIVE_CODE" -eq 1 ]
}

@test "no user's right but to read the file is needed" {
	needs_cmd setpriv
	local nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs)
	# Where others may come in.
	cp "$FILE" "$TMUX_TMPDIR/mine.giltop"
	cp "$GILTOP" "$TMUX_TMPDIR/giltop"
	chmod 644 "$TMUX_TMPDIR/mine.giltop"
	chmod 755 "$TMUX_TMPDIR" "$TMUX_TMPDIR/giltop"
	"${nobody[@]}" test -r "$TMUX_TMPDIR/mine.giltop" || skip "no folder here is for others"
	live 100 30 "${nobody[@]}" "$TMUX_TMPDIR/giltop" report "$TMUX_TMPDIR/mine.giltop"
	shows http-1 "00:00:01 / 00:00:06"
	keys q
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
}
