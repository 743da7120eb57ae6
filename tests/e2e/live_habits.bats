# SPDX-License-Identifier: BSD-2-Clause
# The live view for those who know htop: function keys, the setup and what is kept of it, the mouse, colours.

load lib
load run
load live

setup() { live_setup; }

teardown() { live_teardown; }

settings() {
	echo "${XDG_CONFIG_HOME:?}/giltop/settings"
}

# The place of a text on the screen: LINE and COLUMN, from 1.
find_text() {
	local n=0 line
	while IFS= read -r line; do
		n=$((n + 1))
		[[ $line == *"$1"* ]] || continue
		LINE=$n
		line=${line%%"$1"*}
		COLUMN=$((${#line} + 1))
		return 0
	done < <(screen)
	echo "not on the screen: $1"
	return 1
}

# As a terminal of the kind of screen says it: pressed and let go, at once. With "twice": two times.
click() { # TEXT [twice]
	local x y
	find_text "$1"
	x=$(printf %02x $((32 + COLUMN))) y=$(printf %02x $((32 + LINE)))
	set -- 1b 5b 4d 20 "$x" "$y" 1b 5b 4d 23 "$x" "$y" ${2:+1b 5b 4d 20 "$x" "$y" 1b 5b 4d 23 "$x" "$y"}
	keys -H "$@"
}

mouse_flag() {
	[ "$(term display-message -p '#{mouse_any_flag}')" = "$1" ]
}

@test "function keys do what the footer says, the digits are in the line below" {
	demo_start
	live 80 24 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	shows "F1Help F2Setup F3Search F4Filter F5Pools F6Sort F10Quit"
	screen | tail -1 | grep -q '^1 threads 2 timeline 3 blame 4 who-blocks-whom 5 latency 6 processes 7 events$'
	keys F1
	shows "Help: any other key closes"
	keys F1
	shows_not "Help: any"
	keys F3
	shows "Search:"
	keys Escape
	keys F4
	shows "Show only:"
	keys Escape F5
	shows "threads: pools folded"
	keys t
	shows "threads: a row for each"
	keys F6
	shows "Sort by: Enter, or Esc"
	keys Escape m
	shows "own code only"
	keys 1 # a message stays until the next key
	term resize-window -x 60 -y 12
	shows "1 thr" F1Help F10Quit
	keys F10
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
}

@test "what is changed with F2 is there at the next start; the command line wins, and is not kept" {
	demo_start
	live 100 30 "$GILTOP" -p "$WL_PID" --group none --sort hold
	demo_threads_seen
	keys F2
	shows "Setup:" "Colours        auto" "Pools          none" "Sort by        HOLD%"
	keys Escape
	shows_not "Setup:"
	[ ! -e "$(settings)" ] # nothing was changed
	keys S
	shows "Setup:"
	keys Down Right Right # first screen: blame
	shows "First screen   blame"
	# The column of thread ids goes, behind PID.
	keys Down Down Down Down Down Down Space
	shows "[ ] TID"
	keys F2
	shows "settings: $(settings)"
	shows_not "Setup:" " TID THREAD"
	cat "$(settings)"
	[ "$(stat -c %a "$(settings)")" = 600 ]
	grep -qx 'screen blame' "$(settings)"
	grep -qx 'pools auto' "$(settings)"
	grep -qx 'sort delay' "$(settings)"
	grep -q '^columns thread ' "$(settings)"
	keys q
	live_ended
	term_ends
	live 100 30 "$GILTOP" -p "$WL_PID"
	shows "Blame: what made others wait"
	keys 1
	demo_threads_seen
	shows "▼DELAY%"
	screen_has_not " TID THREAD"
	keys q
	live_ended
}

@test "under sudo the settings are the invoking user's, and written with that user's rights" {
	needs_root
	demo_start
	open_the_way
	mkdir "$BATS_TEST_TMPDIR/users"
	chown 65534:65533 "$BATS_TEST_TMPDIR/users"
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/users
	local as_user=(env "XDG_CONFIG_HOME=$XDG_CONFIG_HOME" SUDO_UID=65534 SUDO_GID=65533 "$GILTOP" -p "$WL_PID")
	live 100 30 "${as_user[@]}"
	demo_threads_seen
	keys F2
	shows "Setup:"
	keys Right Escape
	shows "settings: $(settings)"
	keys q
	live_ended
	term_ends
	[ "$(stat -c %u:%g:%a "$(settings)")" = 65534:65533:600 ]
	grep -qx 'colours dark' "$(settings)"
	# Where the user may not write, it is a message, and the run goes on.
	mkdir "$BATS_TEST_TMPDIR/roots"
	chmod 755 "$BATS_TEST_TMPDIR/roots"
	as_user[1]=XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/roots
	live 100 30 "${as_user[@]}"
	demo_threads_seen
	keys F2
	shows "Setup:" "Colours        auto"
	keys Right Escape
	shows "for this run only: cannot write"
	keys q
	live_ended
	[ "$LIVE_CODE" -eq 0 ]
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/roots")" ]
}

@test "settings that are broken, a link or a device are said, and giltop runs as without them" {
	demo_start
	mkdir -p "$XDG_CONFIG_HOME/giltop"
	head -c 5000 /dev/urandom >"$(settings)"
	printf '\ncolours pink\nscreen latency\n' >>"$(settings)"
	LIVE_STDERR=1 live 100 30 "$GILTOP" -p "$WL_PID"
	shows "Waits over time"
	keys q
	live_ended
	term_ends
	cat "$LIVE/stderr"
	grep -q "settings: $(settings): line [0-9]* is not understood" "$LIVE/stderr"
	for what in /dev/zero /etc/passwd; do
		ln -sf "$what" "$(settings)"
		rm -f "$LIVE/stderr"
		LIVE_STDERR=1 live 100 30 "$GILTOP" -p "$WL_PID"
		demo_threads_seen
		keys S
		shows "Setup:"
		keys Right Escape
		shows "for this run only: cannot write"
		keys q
		live_ended
		[ "$LIVE_CODE" -eq 0 ]
		term_ends
		grep -q "settings: cannot read $(settings): ELOOP" "$LIVE/stderr"
		[ "$(readlink "$(settings)")" = "$what" ]
	done
}

@test "the mouse is the terminal's; --mouse takes it, ^Z and q give it back" {
	demo_start
	live 100 30 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	mouse_flag 0
	keys q
	live_ended
	term_ends
	tmux -f /dev/null -L giltop new-session -d -x 100 -y 30 "cd $LIVE; PS1='shell> ' TERM=screen-256color bash --norc --noprofile -i" 3>&-
	shows "shell>"
	keys "XDG_CONFIG_HOME=$XDG_CONFIG_HOME $GILTOP --mouse -p $WL_PID" Enter
	demo_threads_seen
	wait_for 5 mouse_flag 1
	keys C-z
	shows Stopped
	wait_for 5 mouse_flag 0
	keys fg Enter
	demo_threads_seen
	wait_for 5 mouse_flag 1
	keys q
	wait_for 5 mouse_flag 0
}

@test "a click selects, a double click opens, a heading sorts, the footer's keys are pressed" {
	demo_start
	live 100 30 "$GILTOP" --mouse -p "$WL_PID"
	demo_threads_seen
	keys T # without the pane each name is there once
	shows_not "owner, "
	keys p
	shows PAUSED
	click "HOLD%"
	shows "▼HOLD%"
	click "HOLD%"
	shows "▲HOLD%"
	click " http-1    " twice # not the sentence
	wait_for 5 eval "screen | grep -q '^Thread [0-9]* http-1'"
	click back
	shows "DELAY%"
	click "3 blame"
	shows "Blame: what made others wait"
	click "F2Setup"
	shows "Setup:"
	click "Mouse"
	click "Mouse"
	shows "Mouse          off"
	wait_for 5 mouse_flag 0
	keys Escape
	shows_not "Setup:"
	keys q
	live_ended
}

# The colours of the screen: numbers of the 256.
colours() {
	screen_raw | grep -o $'\033''\[[0-9;]*m' | grep -o '38;5;[0-9]*' | sort -u | tr '\n' ' '
}

@test "on a light terminal the colours are dark: by COLORFGBG, or as chosen; never with NO_COLOR" {
	demo_start
	live 100 30 env COLORFGBG='0;15' "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	colours
	[[ $(colours) == *"38;5;25 "* ]]
	[[ $(colours) != *"38;5;33 "* ]]
	keys q
	live_ended
	term_ends
	live 100 30 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	[[ $(colours) == *"38;5;33 "* ]]
	keys F2
	shows "Setup:"
	keys Right Right
	shows "Colours        light"
	keys Escape
	wait_for 5 eval '[[ $(colours) == *"38;5;25 "* && $(colours) != *"38;5;33 "* ]]'
	keys F2 Right
	shows "Colours        mono"
	keys Escape
	wait_for 5 eval '[ -z "$(colours)" ]'
	keys q
	live_ended
	term_ends
	# --color always wins over the kept scheme, NO_COLOR over all.
	live 100 30 "$GILTOP" --color always -p "$WL_PID"
	demo_threads_seen
	[[ $(colours) == *"38;5;33 "* ]]
	keys q
	live_ended
	term_ends
	sed -i 's/^colours .*/colours light/' "$(settings)"
	live 100 30 env NO_COLOR=1 "$GILTOP" -p "$WL_PID"
	demo_threads_seen
	[ -z "$(colours)" ]
	keys q
	live_ended
}
