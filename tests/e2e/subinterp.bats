# SPDX-License-Identifier: BSD-2-Clause
# Sub-interpreters with a GIL of their own (3.12 and later): a row a GIL, its interpreter's id, its own
# threads under it, and the books of each GIL add up alone.

load lib
load run
load subject
load subinterp

@test "own GILs: 3.12" { own_gils pyenv-3.12; }
@test "own GILs: Debian sid, 3.15" { own_gils sid-amd64-3.15-exe; }

@test "sub-interpreters that share the main GIL are one row" {
	needs_first_subject pyenv-3.13 trixie-amd64-3.13-exe
	subject_start subinterp.py plain
	subject_say "new a" && subject_heard "a new 1"
	giltop_start --json -p "$WL_PID"
	sleep 1
	giltop_end INT
	NUMBERS_OF=$GT_OUT numbers --expr 'len(proc["gils"]) == 1' --expr 'gil["interpreter"] == 0' \
		--expr '{"a-0", "a-1", "main-0", "main-1"} <= {t["name"] for t in threads}'
	subject_end
}

# The public module of 3.14 uses the same, from an application's point of view: its pool of workers.
@test "concurrent.interpreters and InterpreterPoolExecutor: 3.14" {
	needs_subject sid-amd64-3.14-exe
	cat >"$BATS_TEST_TMPDIR/pool.py" <<-'END'
	import os, sys, threading, time
	from concurrent import interpreters
	from concurrent.futures import InterpreterPoolExecutor
	WORK = "n = 0\nwhile True:\n    for i in range(20000):\n        n += i\n"
	own = interpreters.create()
	pool = InterpreterPoolExecutor(2)
	jobs = [pool.submit(exec, WORK) for _ in range(2)]
	threading.Thread(target=own.exec, args=(WORK,), daemon=True).start()
	time.sleep(0.5)
	os.write(1, b"ready\n")
	sys.stdin.read()
	os._exit(0)
	END
	place "$BATS_TEST_TMPDIR/pool.py"
	WORKLOADS=$BATS_TEST_TMPDIR subject_start pool.py
	giltop_start --json -p "$WL_PID"
	sleep 1.5
	giltop_end INT
	NUMBERS_OF=$GT_OUT numbers --expr 'len([g for g in proc["gils"] if g["interpreter"] > 0]) == 3' \
		--expr 'sum(g["utilization"] for g in proc["gils"]) > 1.2'
	subject_end
}
