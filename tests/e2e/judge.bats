# SPDX-License-Identifier: BSD-2-Clause
# The judge is judged first: compare.py and compare_light.py must fail on every tampered figure, and the oracle must find
# again what Python measured by itself. Neither needs giltop or root.

load lib

setup() {
	needs_oracle
	e2e_setup
}

teardown() { e2e_teardown; }

@test "the judges pass equal numbers and fail every tampered one" {
	cd "$REPO/tests/oracle"
	python3 -m unittest -q test_compare test_compare_light
}

@test "the benchmark concludes from made-up readings what is in them, and writes a page without names of a machine" {
	cd "$REPO/tests/bench"
	python3 -m unittest -q test_bench
}

@test "the runner passes an honest giltop and fails one that is off by one" {
	local cmd=(python3 "$E2E_DIR/accuracy.py" --giltop "$E2E_DIR/fake_giltop.py" --oracle "$ORACLE"
		--python "$PYTHON" mixed 0.3)
	"${cmd[@]}"
	local lie
	for lie in acquisitions yields wait_ns; do
		run env FAKE_LIE=$lie "${cmd[@]}"
		echo "$output"
		[ "$status" -eq 1 ]
		[ "$(grep -c ^FAIL <<<"$output")" -ge 1 ]
	done
}

# The others: tests/long/judge.bats.
@test "the oracle finds known holds and waits again, in the oldest and the newest interpreter" {
	local name path
	while read -r name path; do
		echo "$name"
		python3 "$REPO/tests/oracle/selfcheck.py" "$ORACLE" "$path"
	done < <(interpreters | sort -t- -k2V | sed -n '1p;$p')
}

@test "the oracle leaves other condition variables of the process alone" {
	cd "$BATS_TEST_TMPDIR"
	cat >others.c <<-'END'
	#include <pthread.h>
	static struct { pthread_cond_t c; pthread_mutex_t m; } pair[2] = {
		{ PTHREAD_COND_INITIALIZER, PTHREAD_MUTEX_INITIALIZER },
		{ PTHREAD_COND_INITIALIZER, PTHREAD_MUTEX_INITIALIZER } };
	/* Two pairs in a row are exactly as far apart as the GIL's two. */
	int poke(int n) { while (n--) { pthread_cond_signal(&pair[0].c); pthread_cond_signal(&pair[1].c); } return 0; }
	END
	needs_cmd cc
	cc -shared -fPIC -o others.so others.c
	python3 - "$REPO/tests/oracle" "$PWD/others.so" "$ORACLE" "$PYTHON" <<-'END'
	import os, subprocess, sys
	sys.path.insert(0, sys.argv[1])
	from oracle_log import OracleFile
	def events(pokes):
	    oracle = OracleFile.create("o.bin", 1 << 20)
	    oracle.enable(True)
	    subprocess.run([sys.argv[4], "-I", "-S", "-c", "import ctypes,sys; ctypes.CDLL(sys.argv[1]).poke(int(sys.argv[2]))",
	                    sys.argv[2], str(pokes)], check=True,
	                   env=dict(os.environ, LD_PRELOAD=sys.argv[3], GILTOP_ORACLE="o.bin"))
	    oracle.enable(False)
	    log = oracle.log()
	    assert len(log.held_ns) == 1 and log.event_cnt > 0, (log.held_ns, log.event_cnt)
	    return log.event_cnt
	# A start has some hundreds of its own, which differ from one machine to the next.
	none, many = events(0), events(10000)
	assert many < none + 1000, (none, many)
	END
}
