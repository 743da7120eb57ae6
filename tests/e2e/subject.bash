# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Interpreters of all kinds as test subjects (after lib.bash and run.bash):
#
#   needs_subject NAME      of scripts/fetch-interpreters --list, scripts/build-flavours --list or of
#                           lib.bash's interpreters; sets SUBJECT_CMD, ROOT ("" or its chroot), PYTHON
#                           (as seen in there), or skips
#   needs_first_subject NAME..  the same for the first one that is there
#   place FILE..            copy files to where the subject sees them; sets PLACE
#   subject_start FILE ARGS..  run tests/workloads/FILE; returns when it said "ready" (WL_PID, WL_OUT)
#   subject_say TEXT        a line to its stdin
#   subject_heard REGEX     until a line of its output begins so
#   subject_end             end of file on its stdin, and wait; fails if it failed

needs_subject() {
	local line
	line=$(subject_line "$1")
	ROOT=
	case $line in
	chroot\ *)
		needs_root
		read -r _ ROOT PYTHON <<<"$line"
		SUBJECT_CMD=(chroot "$ROOT" "$PYTHON")
		return
		;;
	'' | -)
		PYTHON=$(interpreters | sed -n "s/^$1 //p" | tail -1)
		[ -n "$PYTHON" ] || skip "no interpreter $1"
		;;
	*) PYTHON=$line ;;
	esac
	SUBJECT_CMD=("$PYTHON")
}

needs_first_subject() {
	local name
	for name; do
		if [ -n "$(subject_line "$name")" ]; then
			needs_subject "$name"
			return
		fi
	done
	skip "none of the interpreters $*"
}

place() {
	[ -n "${PLACE_REAL:-}" ] || PLACE_REAL=$(mktemp -d "$ROOT/tmp/giltop-e2e.XXXXXX")
	PLACE=${PLACE_REAL#"$ROOT"}
	chmod 755 "$PLACE_REAL"
	cp "$@" "$PLACE_REAL"
}

SUBJECT_OPTIONS=(-S)

subject_start() {
	local file=$1 n=${#WL_ALL[@]}
	shift
	place "$WORKLOADS"/*.py
	[ -z "${WL_IN_FD:-}" ] || exec {WL_IN_FD}>&-
	WL_OUT=$BATS_TEST_TMPDIR/subject.$n.out
	mkfifo "$BATS_TEST_TMPDIR/subject.$n.in"
	exec {WL_IN_FD}<>"$BATS_TEST_TMPDIR/subject.$n.in"
	"${SUBJECT_CMD[@]}" "${SUBJECT_OPTIONS[@]}" "$PLACE/$file" "$@" <"$BATS_TEST_TMPDIR/subject.$n.in" >"$WL_OUT" \
		2>"$WL_OUT.err" 3>&- {WL_IN_FD}>&- &
	WL_PID=$!
	WL_ALL+=("$WL_PID")
	subject_heard ready
}

subject_say() {
	echo "$1" >&"$WL_IN_FD"
}

subject_heard() {
	wait_for 30 workload_said "$1" || {
		cat "$WL_OUT" "$WL_OUT.err"
		return 1
	}
}

# The FIFO was opened for both, so that writing does not wait for a reader: this is its only writer.
subject_end() {
	exec {WL_IN_FD}>&-
	WL_IN_FD=
	wait "$WL_PID"
}

subject_teardown() {
	e2e_teardown
	[ -z "${PLACE_REAL:-}" ] || rm -rf "$PLACE_REAL"
}
