# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034
# The live view in a terminal of its own (tmux), after lib.bash and run.bash:
#
#   live WIDTH HEIGHT COMMAND..    run it in a terminal of that size; its folder is $LIVE
#   term COMMAND..                  tell tmux: term resize-window -x 60 -y 12
#   term_ends                      tmux ends, and the terminal with it
#   keys KEY..                     press them (names as tmux has them: Enter, Escape, C-z)
#   screen                         what is on the screen
#   shows TEXT..                   wait until every TEXT is on the screen (shows_not: until none is)
#   settles                        wait until the screen has been the same for 0.3 s
#   live_ended                     wait for its end: LIVE_CODE; the terminal must be as before
#   demo_start                     the demo service, until it is stopped: WL_PID
#   demo_threads_seen              wait until its threads are on the screen
#   no_probe_left                  the service's code is as in the file

term() {
	tmux -L giltop "$@"
}

live_setup() {
	needs_giltop
	needs_cmd tmux
	# A socket's path has 107 bytes at most, and the test's folder may be long.
	TMUX_TMPDIR=$(mktemp -d)
	export TMUX_TMPDIR
	unset TMUX NO_COLOR
	export LANG=C.UTF-8 LC_ALL=C.UTF-8
	LIVE=$BATS_TEST_TMPDIR/live
	mkdir -p "$LIVE"
	export XDG_CONFIG_HOME=$LIVE/config # not what the tester has chosen
	mkdir "$XDG_CONFIG_HOME"
	e2e_setup
}

live_teardown() {
	term kill-server 2>/dev/null || true
	rm -rf "$TMUX_TMPDIR" || true # the server may still be leaving
	e2e_teardown
}

# How the terminal is set, without the lines that say its size and speed.
TERMINAL_STATE='stty -a | tail -n +2'

live() {
	local w=$1 h=$2
	shift 2
	printf '%q ' "$@" >"$LIVE/command"
	cat >"$LIVE/run.sh" <<-END
		cd "$LIVE"
		$TERMINAL_STATE >before
		$(cat "$LIVE/command") 2>>stderr
		echo \$? >code.tmp
		$TERMINAL_STATE >after
		mv code.tmp code
		sleep 1000
	END
	# The terminal's own stderr is kept apart only when a test asks for it.
	[ -n "${LIVE_STDERR:-}" ] || sed -i 's/ 2>>stderr$//' "$LIVE/run.sh"
	rm -f "$LIVE/code"
	tmux -f /dev/null -L giltop new-session -d -x "$w" -y "$h" "TERM=${LIVE_TERM:-screen-256color} bash $LIVE/run.sh" 3>&-
	LIVE_STARTED=$EPOCHREALTIME
}

# A new server must not meet the old one's socket.
term_ends() {
	local server
	server=$(term display-message -p '#{pid}')
	term kill-server
	wait_for 10 ended "$server"
}

keys() {
	term send-keys "$@"
}

screen() {
	term capture-pane -p
}

# With its colours, as escape sequences.
screen_raw() {
	term capture-pane -p -e
}

screen_has() {
	local text all
	all=$(screen)
	for text in "$@"; do
		[[ $all == *"$text"* ]] || return 1
	done
}

screen_has_not() {
	local text all
	all=$(screen)
	for text in "$@"; do
		[[ $all != *"$text"* ]] || return 1
	done
}

shows() {
	wait_for 15 screen_has "$@" || {
		echo "not on the screen, all of: $*"
		screen
		return 1
	}
}

shows_not() {
	wait_for 15 screen_has_not "$@" || {
		echo "still on the screen: $*"
		screen
		return 1
	}
}

settles() {
	local last='' now same=0
	for _ in $(seq 60); do
		now=$(screen)
		[ "$now" = "$last" ] && same=$((same + 1)) || same=0
		[ "$same" -lt 4 ] || return 0
		last=$now
		sleep 0.1
	done
	return 1
}

# No line may be longer than the terminal is wide, and the last one holds the screens' names.
is_whole() {
	screen >"$LIVE/screen"
	cat "$LIVE/screen"
	[ "$(wc -L <"$LIVE/screen")" -le "$1" ]
	grep -q '^1 thr' "$LIVE/screen"
}

live_gone() {
	[ -e "$LIVE/code" ]
}

live_ended() {
	wait_for 30 live_gone || {
		echo "giltop did not end"
		screen
		return 1
	}
	LIVE_CODE=$(cat "$LIVE/code")
	diff "$LIVE/before" "$LIVE/after"
}

# giltop in the terminal: the child of the script.
live_pid() {
	pgrep -P "$(term list-panes -F '#{pane_pid}')" -x giltop
}

demo_start() {
	workload_start demo_service.py "$@"
}

demo_threads_seen() {
	shows http-1 feed-1 feed-2 checksum report demo_se
}

no_probe_left() {
	python3 "$E2E_DIR/probe_bytes.py" "$GILTOP" "${1:-$WL_PID}" original
}
