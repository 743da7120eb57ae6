# SPDX-License-Identifier: BSD-2-Clause
# A CPython in another program: linked in, loaded from a file of any name, deleted or replaced on disk while
# it runs, threads made by C, and uWSGI under load.

load lib
load run
load subject

setup() {
	needs_giltop
	e2e_setup
}

teardown() { subject_teardown; }

# A libpython to embed: pyenv's or the system's.
needs_libpython() { # MINOR
	local dir
	for dir in "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.$1".*; do
		LIBPYTHON=$dir/lib/libpython3.$1.so.1.0
		[ ! -f "$LIBPYTHON" ] || break
	done
	if [ ! -f "$LIBPYTHON" ]; then
		LIBPYTHON=$(find /usr/lib -name "libpython3.$1.so.1.0" 2>/dev/null | head -1)
		dir=/usr
	fi
	[ -f "$LIBPYTHON" ] || skip "no libpython3.$1"
	export EMBED_HOME=$dir
	needs_cmd cc
}

build_embed() { # [MORE ARGUMENTS FOR cc]
	cc -O2 -D_GNU_SOURCE -Wl,--no-as-needed -o "$BATS_TEST_TMPDIR/embed" "$REPO/tests/embed/embed.c" "$@" \
		-lpthread -ldl
}

# The library under another name in a folder of ours; EMBED_LIB for embed.c.
other_name() {
	build_embed
	export EMBED_LIB=$BATS_TEST_TMPDIR/libfrob-2.so
	cp "$LIBPYTHON" "$EMBED_LIB"
}

embed_start() { # SECONDS
	ROOT=
	SUBJECT_CMD=("$BATS_TEST_TMPDIR/embed")
	SUBJECT_OPTIONS=() # those of python
	subject_start embedded.py "$1"
}

said_done() { # MORE OFTEN THAN
	[ "$(grep -c done "$WL_OUT")" -gt "$1" ]
}

# Its four threads, started and ended under the look: every number of giltop's is about them.
look_at_embed() { # MORE OPTIONS OF giltop..
	local before
	before=$(grep -c done "$WL_OUT") || true
	giltop_start --json --mode exact -p "$WL_PID" "$@"
	workload_go
	wait_for 30 said_done "$before"
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	# A thread of C's has no Python name: the kernel's is shown.
	NUMBERS_OF=$GT_OUT numbers --expr 'len(threads) == 4' \
		--expr '{t["name"] for t in threads} == {"c-worker-%d" % i for i in range(4)}' \
		--expr 'all(t["acquisitions"] == t["releases"] > 0 for t in threads)' \
		--expr 'sum(t["wait_ns"] for t in threads) > 1e8' \
		--expr "proc['runtime'] == '${RUNTIME:-$EMBED_LIB}'"
}

oracle_agrees() { # MINOR
	needs_libpython "$1"
	needs_oracle
	build_embed "$LIBPYTHON" "-Wl,-rpath,$(dirname "$LIBPYTHON")"
	python3 "$E2E_DIR/accuracy.py" --giltop "$GILTOP" --oracle "$ORACLE" \
		--python "$BATS_TEST_TMPDIR/embed" embedded
	result live "embedded-3.$1" ok
}

@test "threads made by C under the oracle: 3.8" { oracle_agrees 8; }
@test "threads made by C under the oracle: 3.11" { oracle_agrees 11; }
@test "threads made by C under the oracle: 3.13" { oracle_agrees 13; }

@test "libpython under another name" {
	needs_libpython 11
	other_name
	embed_start 1
	look_at_embed
	run -0 "$GILTOP" list
	[[ $output == *"$WL_PID "*"$EMBED_LIB"* ]]
	result live "library under another name" ok
}

@test "libpython deleted after the start, both ways to attach" {
	needs_libpython 12
	other_name
	embed_start 1
	rm "$EMBED_LIB"
	run -0 "$GILTOP" doctor -p "$WL_PID"
	[[ $output == *"$EMBED_LIB (deleted on disk): CPython 3.12"* ]]
	[[ $output == *"memory at the probe points: as in the file"* ]]
	look_at_embed
	look_at_embed --attach=perf
	result live "library deleted" ok
}

# Where the path leads to another inode now, also one with a CPython in it, the mapped one counts.
@test "libpython replaced after the start by something else, by another CPython" {
	needs_libpython 13
	other_name
	embed_start 1
	rm "$EMBED_LIB"
	head -c 1000000 /dev/urandom >"$EMBED_LIB"
	look_at_embed
	needs_libpython 11
	rm "$EMBED_LIB"
	cp "$LIBPYTHON" "$EMBED_LIB"
	look_at_embed --attach=perf
	NUMBERS_OF=$GT_OUT numbers --expr 'proc["python"].startswith("3.13.")'
	result live "library replaced" ok
}

@test "an executable deleted and replaced while it runs" {
	needs_python stock-3.11
	cp "$PYTHON" "$BATS_TEST_TMPDIR/service"
	PYTHON=$BATS_TEST_TMPDIR/service
	python_start "$SPIN"
	rm "$PYTHON"
	cp /bin/true "$PYTHON"
	run -0 json_of -p "$WL_PID" -d 1
	numbers --expr 'len(threads) >= 2' --expr "proc['runtime'] == '$PYTHON'" \
		--expr 'sum(t["acquisitions"] for t in threads) > 10'
}

# ---- uWSGI ------------------------------------------------------------------------------------------

uwsgi_serves() {
	python3 - "$PORT" <<-'END'
	import sys, urllib.request
	urllib.request.urlopen("http://127.0.0.1:%s/" % sys.argv[1], timeout=1).read()
	END
}

@test "uWSGI with its python plugin, four threads serving requests" {
	needs_cmd uwsgi_python3
	cat >"$BATS_TEST_TMPDIR/app.py" <<-'END'
	import hashlib, time
	def crunch():
	    return sum(i * i for i in range(20000))
	def application(env, start_response):
	    crunch()
	    start_response("200 OK", [("Content-Type", "text/plain")])
	    return [b"%d" % crunch()]
	END
	cat >"$BATS_TEST_TMPDIR/client.py" <<-'END'
	import sys, threading, time, urllib.request
	end = time.monotonic() + float(sys.argv[2])
	served = []
	def ask():
	    while time.monotonic() < end:
	        served.append(urllib.request.urlopen("http://127.0.0.1:%s/" % sys.argv[1], timeout=20).read())
	threads = [threading.Thread(target=ask) for _ in range(6)]
	for t in threads: t.start()
	for t in threads: t.join()
	print(len(served))
	END
	PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	(cd "$BATS_TEST_TMPDIR" && exec uwsgi_python3 --http-socket "127.0.0.1:$PORT" --threads 4 --enable-threads \
		--wsgi-file app.py --die-on-term --disable-logging) >"$BATS_TEST_TMPDIR/uwsgi.log" 2>&1 3>&- &
	WL_PID=$!
	pid_start "$WL_PID"
	wait_for 20 uwsgi_serves || {
		cat "$BATS_TEST_TMPDIR/uwsgi.log"
		false
	}
	giltop_start --json --mode exact -p "$WL_PID"
	run -0 python3 "$BATS_TEST_TMPDIR/client.py" "$PORT" 2
	local served=$output
	giltop_end INT
	NUMBERS_OF=$GT_OUT numbers --expr "sum(t['acquisitions'] for t in threads) >= $served > 10" \
		--expr 'len([t for t in threads if t["hold_ns"] > 1e7]) == 4' \
		--expr 'sum(t["wait_ns"] for t in threads) > 1e8' \
		--expr 'sum(s["ns"] for s in proc["stacks"] if s["kind"] == "blame" and any(f["name"].startswith("crunch") and f["file"].endswith("app.py") for f in s["frames"])) > 0.1 * sum(t["blame_ns"] for t in threads)'
	run -0 "$GILTOP" dump -p "$WL_PID"
	[[ $output == *"$WL_PID"* ]]
	result live uwsgi ok
}
