# SPDX-License-Identifier: BSD-2-Clause
# What is said: the sentence names the function that is wrong, with its file and line, and the advice is what that
# kind needs, not its opposite.

load lib
load run

setup() {
	needs_giltop
	e2e_setup
}

teardown() { e2e_teardown; }

PLANTED=$REPO/tests/workloads/planted.py

# The line of a function's own code, by a word in it.
line_of() { grep -n -m1 -- "$1" "$PLANTED" | cut -d: -f1; }

# said KIND [MS]: measure that for some seconds; the text for a ticket is in $SAID, its lines joined.
said() {
	"$PYTHON" "$PLANTED" "$@" >"$BATS_TEST_TMPDIR/planted.out" 3>&- &
	WL_PID=$!
	WL_ALL+=("$WL_PID")
	wait_for 30 grep -q ready "$BATS_TEST_TMPDIR/planted.out"
	SAID=$("$GILTOP" -b -p "$WL_PID" -d "${SECONDS_OF:-2}" | tr '\n' ' ' | tr -s ' ')
	echo "$* : $SAID"
	kill -9 "$WL_PID"
}

has() { [[ $SAID == *"$1"* ]]; }
has_not() { [[ $SAID != *"$1"* ]]; }

@test "native code that keeps the GIL is told from Python code, whether it sleeps or runs, for 8 or 25 ms" {
	local ms
	for ms in 8 25; do
		said sleep $ms
		has "planted (planted.py:$(line_of 'LIBC.usleep(int')) makes others wait most"
		has "Native code"
		has "to let go when asked"
		has_not "Python code"
		has_not "setswitchinterval"
		said spin $ms
		has "planted (planted.py:$(line_of '^        sum(NUMBERS)')) makes others wait most"
		has "Native code"
		has_not "Python code"
	done
}

@test "Python code is told from native code, whatever its switch interval is" {
	local ms
	for ms in 1 5 300; do
		said python $ms
		has "planted (planted.py:"
		has "Python code"
		has_not "Native code"
	done
	has "a shorter sys.setswitchinterval() (default 5ms)" # of 300
	said python 1
	has_not "setswitchinterval" # it is short
}

@test "a hold that goes on is said to, and is no short one" {
	SECONDS_OF=4 said open # it begins in the first of them
	has "planted (planted.py:$(line_of 'usleep(1_000'))"
	has "has held it for"
	has "was asked to let go"
	has_not "short holds"
}

@test "many short holds, and the garbage collector, have advice of their own" {
	said small
	has "short holds"
	has_not "Native code"
	said collect
	has "planted (planted.py:$(line_of gc.collect))"
	has "garbage collector runs"
	has_not "short holds"
}

@test "a pool and a thread a request are one culprit, however many threads there are" {
	said executor
	has "makes others wait most"
	has "planted (planted.py:"
	has "threads of ThreadPoolExecutor-0_*"
	said request
	has "planted (planted.py:"
	has "makes others wait most"
	has_not "for thread "
}

@test "where no function explains it the pool does; a library's function is told with who calls it" {
	said spread
	has "threads of part-* make others wait most"
	said library
	has "from library (planted.py:$(line_of json.dumps))"
}
