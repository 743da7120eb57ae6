# SPDX-License-Identifier: BSD-2-Clause
# What is said: the sentence names the function that is wrong, with its file and line, and the advice is what that
# kind needs, not its opposite.

load lib
load run
load advice

# 15 ms: tests/long/advice.bats.
@test "native code that keeps the GIL is told from Python code, whether it sleeps or runs, for 8 or 25 ms" {
	native_is_told 8
	native_is_told 25
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
