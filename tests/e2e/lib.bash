# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What the .bats files share; `load lib` at their top.
#
#   setup() { e2e_setup; }  teardown() { e2e_teardown; }     in every file that starts workloads
#   needs_root | needs_cap NAME.. | needs_uprobes | needs_cmd PROGRAM.. | needs_oracle | needs_giltop
#                           skip the test, saying what is missing
#   interpreters            one line "NAME PATH" for every CPython found; NAME: stock-3.11, pyenv-3.8
#   needs_python NAME       sets PYTHON to its path, or skips
#   workload_start FILE ARGS..   start tests/workloads/FILE under $PYTHON; returns when it is parked
#   result KIND NAME VALUE  a line for scripts/support-matrix: see there
#   workload_go, workload_wait_done, workload_stop           of the last one started (WL_PID)

# Machines are shared: what waits for another process may come too late once. What is wrong is wrong again.
# shellcheck disable=SC2034
BATS_TEST_RETRIES=1

# Nothing depends on what else this machine has: no PYTHON* variables, no user's packages or settings; the interpreters
# under test are started with -S, without any packages, and write nothing beside their files.
for name in "${!PYTHON@}"; do
	[ "$name" = PYTHON ] || unset "$name"
done
export PYTHONDONTWRITEBYTECODE=1 PYTHONNOUSERSITE=1
[ -z "${BATS_TEST_TMPDIR:-}" ] || export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config

# A python3 that is a script around another one (pyenv) takes ten times as long to start.
PATH=/usr/bin:$PATH

E2E_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$E2E_DIR/../.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in
/*) ;;
*) BUILD=$REPO/$BUILD ;;
esac
GILTOP=${GILTOP:-$BUILD/giltop}
ORACLE=${ORACLE:-$BUILD/oracle.so}
WORKLOADS=$REPO/tests/workloads
export REPO BUILD GILTOP ORACLE WORKLOADS

e2e_setup() {
	if [ "${BATS_TEST_TRY_NUMBER:-1}" -gt 1 ]; then # said by run-e2e
		mkdir -p "$BUILD/results" && echo "$BATS_TEST_DESCRIPTION" >>"$BUILD/results/retried"
	fi
	WL_ALL=()
	PYTHON=${PYTHON:-$(default_python)}
}

# Ends what this test started, and nothing else; what does not end by itself must not hang the run.
# (No subshell in the background watches over that: killed before its first command, it would still
# have bats' traps, and report the test a second time.)
e2e_teardown() {
	local pid
	for pid in "${WL_ALL[@]}"; do
		kill "$pid" 2>/dev/null || continue
		wait_for 20 ended "$pid" || kill -9 "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	[ -z "${WL_IN_FD:-}" ] || exec {WL_IN_FD}>&-
	WL_IN_FD=
}

ended() {
	! kill -0 "$1" 2>/dev/null || grep -qs '^State:.Z' "/proc/$1/status"
}

# ---- interpreters -------------------------------------------------------------------------------

# GILTOP_PYTHONS="NAME=PATH NAME=PATH" replaces the search.
interpreters() {
	local entry minor dir
	if [ -n "${GILTOP_PYTHONS:-}" ]; then
		for entry in $GILTOP_PYTHONS; do
			printf '%s %s\n' "${entry%%=*}" "${entry#*=}"
		done
		return
	fi
	for minor in 7 8 9 10 11 12 13 14 15; do
		[ ! -x "/usr/bin/python3.$minor" ] || echo "stock-3.$minor /usr/bin/python3.$minor"
	done
	dir=${PYENV_ROOT:-$HOME/.pyenv}/versions
	for minor in 7 8 9 10 11 12 13 14 15; do
		for entry in "$dir/3.$minor".*/bin/python3; do
			[ ! -x "$entry" ] || echo "pyenv-3.$minor $entry"
		done
	done
}

# The first one found: newest stock interpreter, else any. Looked for once in a run.
default_python() {
	local list found=$BATS_RUN_TMPDIR/python
	[ -e "$found" ] || {
		list=$(interpreters)
		{ grep '^stock-' <<<"$list" | tail -1; echo "$list"; } | head -1 | cut -d' ' -f2- >"$found.$$"
		mv "$found.$$" "$found"
	}
	echo "$(<"$found")"
}

needs_python() {
	PYTHON=$(interpreters | sed -n "s/^$1 //p" | tail -1)
	[ -n "$PYTHON" ] || skip "no interpreter $1"
}

# The lines of scripts/fetch-interpreters --list and scripts/build-flavours --list: a second to make, so once in a run.
subjects() {
	local list=$BATS_RUN_TMPDIR/subjects
	[ -e "$list" ] || {
		"$REPO/scripts/fetch-interpreters" --list
		"$REPO/scripts/build-flavours" --list
	} >"$list.$$" 2>/dev/null
	[ -e "$list" ] || mv "$list.$$" "$list"
	cat "$list"
}

# How a subject is started; nothing: it is not there.
subject_line() { # NAME
	subjects | awk -F '\t' -v s="$1" '$1 == s { print $8 }'
}

# ---- needs --------------------------------------------------------------------------------------

needs_root() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
}

needs_cmd() {
	local c
	for c in "$@"; do
		command -v "$c" >/dev/null || skip "needs the program $c"
	done
}

has_cap() {
	local bit eff
	case $1 in
	sys_ptrace) bit=19 ;;
	sys_admin) bit=21 ;;
	perfmon) bit=38 ;;
	bpf) bit=39 ;;
	*) echo "lib.bash: no number for capability $1" >&2 && return 2 ;;
	esac
	eff=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
	((0x$eff >> bit & 1))
}

needs_cap() {
	local c
	for c in "$@"; do
		has_cap "$c" || skip "needs the capability $c"
	done
}

# What the kernel must offer and this user may use.
needs_uprobes() {
	[ -r /sys/kernel/btf/vmlinux ] || skip "needs a kernel with BTF"
	[ -e /sys/bus/event_source/devices/uprobe/type ] || skip "needs a kernel with uprobes"
	has_cap sys_admin || needs_cap bpf perfmon sys_ptrace
}

needs_oracle() {
	[ -e "$ORACLE" ] || skip "needs the oracle ($ORACLE is not built)"
}

needs_giltop() {
	[ -x "$GILTOP" ] || skip "needs giltop ($GILTOP is not built)"
	needs_uprobes
}

result() {
	mkdir -p "$BUILD/results"
	printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$BUILD/results/live.tsv"
}

# ---- workloads ----------------------------------------------------------------------------------

# wait_for SECONDS COMMAND..: until the command succeeds. SECONDS is what a quiet machine may take; a busy one has thrice that.
wait_for() {
	local tries=$(($1 * 60))
	shift
	until "$@"; do
		((tries-- > 0)) || return 1
		sleep 0.05
	done
}

workload_said() {
	grep -q "^$1" "$WL_OUT"
}

is_parked() {
	local tasks=("/proc/$WL_PID/task"/*)
	[ "${#tasks[@]}" -eq 1 ] && grep -q '^State:.S' "/proc/$WL_PID/status"
}

# Its output is in $WL_OUT. A second start in one test lets go of the first one's stdin: it exits.
workload_start() {
	local file=$1
	shift
	[ -z "${WL_IN_FD:-}" ] || exec {WL_IN_FD}>&-
	WL_OUT=$BATS_TEST_TMPDIR/workload.${#WL_ALL[@]}.out
	mkfifo "$BATS_TEST_TMPDIR/workload.${#WL_ALL[@]}.in"
	exec {WL_IN_FD}<>"$BATS_TEST_TMPDIR/workload.${#WL_ALL[@]}.in"
	"$PYTHON" -S "$WORKLOADS/$file" "$@" <"$BATS_TEST_TMPDIR/workload.${#WL_ALL[@]}.in" \
		>"$WL_OUT" 2>"$WL_OUT.err" 3>&- {WL_IN_FD}>&- &
	WL_PID=$!
	WL_ALL+=("$WL_PID")
	wait_for 10 workload_said ready
	[ "$file" = demo_service.py ] || wait_for 5 is_parked
}

# A program whose names try to break whoever reads them: WL_PID.
hostile_start() {
	local out=$BATS_TEST_TMPDIR/hostile.out
	"$PYTHON" -S "$WORKLOADS/hostile.py" 60 >"$out" 2>&1 3>&- < <(sleep 60 3>&-) &
	WL_PID=$!
	WL_ALL+=("$WL_PID")
	wait_for 20 grep -qs ready "$out"
}

workload_go() {
	echo go >&"$WL_IN_FD"
}

workload_wait_done() {
	wait_for "${1:-30}" workload_said "done"
	wait_for 5 is_parked
}

workload_stop() {
	exec {WL_IN_FD}>&-
	WL_IN_FD=
	wait "$WL_PID"
}
