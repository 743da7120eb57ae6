# SPDX-License-Identifier: BSD-2-Clause
# CPython as others build it: -fno-plt, free-threaded, static glibc with clang, CET and frame pointers, Debian's
# debug builds. Each live and under the oracle, by both ways to attach.

load lib
load run
load subject
load flavours

doctor_says() { # SUBJECT REGEX.. : on lines of doctor's
	needs_subject "$1"
	shift
	python_start "$SLEEP"
	run -0 "$GILTOP" doctor -p "$WL_PID"
	local re
	for re; do
		grep -qE "$re" <<<"$output" || {
			echo "not found: $re"
			echo "$output"
			return 1
		}
	done
}

@test "the probe points of every interpreter here, against symbols and DWARF" {
	TOOLS=$BUILD/tools "$REPO/scripts/truth-sites" >"$BUILD/results/sites.txt" || {
		cat "$BUILD/results/sites.txt"
		false
	}
	[ "$(wc -l <"$BUILD/results/sites.txt")" -gt 1 ] || skip "no interpreter with debug information"
}

# ---- -fno-plt ---------------------------------------------------------------------------------------

@test "-Os -fno-plt: mixed load" { noplt_agrees mixed; }
@test "-Os -fno-plt: exact counts" { counts_are_exact flavour-noplt 20000; }
@test "-Os -fno-plt: exact counts, by probes that all of its processes share" {
	counts_are_exact flavour-noplt 20000 -s -v
	grep -q 'probe points (.*, shared' "$GT_ERR"
}
@test "-Os -fno-plt: doctor says what is probed" {
	[ "$(uname -m)" = x86_64 ] || skip "x86_64 only"
	doctor_says flavour-noplt '^  release .* j[a-z]+$' '^  acquire .* j[a-z]+$' \
		'^  wait .* call \(single-stepped: dear\)' 'memory at the probe points: as in the file'
}

# ---- static glibc, clang, frame pointers, CET -------------------------------------------------------

@test "static glibc, clang: exact counts" { counts_are_exact flavour-static 50000; }
@test "static glibc, clang: stacks" { stacks_are_true flavour-static; }
@test "static glibc, clang: doctor says what is probed" {
	doctor_says flavour-static '^  release .* (call|bl)$' '^  acquire .* (call|bl)$' '^  wait .* (call|bl)$' \
		'load bias 0x0' 'libc inside'
}

# The books of a mixed load: what the workload itself knows, and the invariants.
books_of_static() { # OPTION..
	needs_subject flavour-static
	subject_start mixed.py 1.5
	wait_for 5 is_parked
	giltop_start --json --mode exact -p "$WL_PID" "$@"
	workload_go
	workload_wait_done
	giltop_end INT
	NUMBERS_OF=$GT_OUT numbers --expr 'sum(t["hold_ns"] for t in threads) > 1e9' \
		--expr '{"spin-1", "spin-2", "sleep", "hash", "files", "MainThread"} == {t["name"] for t in threads}' \
		--expr 'all(t["state"] == "exited" for t in threads if t["name"] != "MainThread")' \
		--expr 'all(t["acquisitions"] == t["releases"] > 0 for t in threads)'
}

@test "static glibc, clang: the books of a mixed load" {
	books_of_static
	books_of_static --attach=perf
	result books flavour-static ok
}

# ---- free-threaded ----------------------------------------------------------------------------------

@test "free-threaded, GIL on: mixed load" { PYTHON_GIL=1 oracle_agrees flavour-ft mixed; }
@test "free-threaded: stacks, GIL on and off" {
	PYTHON_GIL=1 stacks_are_true flavour-ft
	PYTHON_GIL=0 stacks_are_true flavour-ft
}

version() {
	"$PYTHON" -c 'import platform; print(platform.python_version())'
}

@test "free-threaded, GIL off: 5, nothing to wait for, nothing is probed" {
	needs_subject flavour-ft
	python_start "$SPIN"
	run -5 --separate-stderr "$GILTOP" -b -p "$WL_PID" -d 1
	one_line "pid $WL_PID runs CPython $(version)t free-threaded with the GIL disabled: nothing to wait for"
	[ -z "$output" ]
	run -5 "$GILTOP" doctor -p "$WL_PID"
	[[ $output == *"disabled (free-threaded)"*"note: free-threaded build with the GIL disabled"* ]]
	run -0 "$GILTOP" list
	grep -E "^ *$WL_PID +[0-9.]+t .*\(GIL disabled\)" <<<"$output"
	run -0 "$GILTOP" list --json
	[[ $output == *'"note":"free-threaded build with the GIL disabled'* ]]
}

@test "free-threaded, GIL on: the note, and threads by their names" {
	needs_subject flavour-ft
	export PYTHON_GIL=1
	python_start "$SPIN"
	run -0 "$GILTOP" -b -p "$WL_PID" -d 1
	[[ $output == *"free-threaded build with the GIL on"* ]]
	run -0 json_of -p "$WL_PID" -d 1
	numbers --expr 'proc["note"] == "free-threaded build with the GIL on"' \
		--expr "proc['python'] == '$(version)t'" --expr 'gil["utilization"] > 0.5' \
		--expr '{"Thread-1 (spin)", "Thread-2 (spin)"} <= {t["name"] for t in threads}' \
		--expr 'any(f["name"] == "spin" for s in proc["stacks"] for f in s["frames"])'
	run -0 "$GILTOP" doctor -p "$WL_PID"
	[[ $output == *"note: free-threaded build with the GIL on"* ]]
}

# An extension module that does not say that it can do without.
@test "free-threaded: an import switches the GIL on while giltop looks" {
	needs_subject flavour-ft
	needs_cmd cc
	cat >"$BATS_TEST_TMPDIR/needs_gil.c" <<-'END'
	#include <Python.h>
	static struct PyModuleDef def = { PyModuleDef_HEAD_INIT, .m_name = "needs_gil" };
	PyMODINIT_FUNC PyInit_needs_gil(void) { return PyModule_Create(&def); }
	END
	cc -shared -fPIC -I "$(dirname "$(dirname "$PYTHON")")/include" -o "$BATS_TEST_TMPDIR/needs_gil.so" \
		"$BATS_TEST_TMPDIR/needs_gil.c"
	cat >"$BATS_TEST_TMPDIR/late.py" <<-'END'
	import os, sys, threading, time, warnings
	stop = []
	def compute():
	    n = 0
	    while not stop:
	        for i in range(5000):
	            n += i
	threads = [threading.Thread(target=compute, name="compute-%d" % i) for i in range(2)]
	for t in threads: t.start()
	time.sleep(1)
	warnings.simplefilter("ignore")
	assert not sys._is_gil_enabled()
	import needs_gil
	assert sys._is_gil_enabled()
	time.sleep(1)
	stop.append(1)
	for t in threads: t.join()
	END
	run -0 "$GILTOP" --json -i 100ms -o "$OUT" -- "$PYTHON" "$BATS_TEST_TMPDIR/late.py"
	numbers --open-end --expr 'any("GIL disabled" in p["note"] for s in snaps for p in s["processes"])' \
		--expr '"GIL on" in proc["note"]' \
		--expr 'all(p["gils"][0]["utilization"] < 0.2 for s in snaps for p in s["processes"] if "GIL disabled" in p["note"] and p["gils"] and s["start_ns"] > snaps[0]["start_ns"] + 5e8)' \
		--expr '{"compute-0", "compute-1"} <= {t["name"] for t in threads if t["wait_ns"] > 1e8}'
}

# ---- Debian's debug builds --------------------------------------------------------------------------

@test "Py_DEBUG: Debian sid, 3.14, by perf events" { oracle_agrees sid-amd64-3.14d-exe mixed --giltop-arg=--attach=perf; }
