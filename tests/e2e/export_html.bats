# SPDX-License-Identifier: BSD-2-Clause
# html: what is in the page without any browser: its numbers, its size, and that names are only text.

load lib
load recordings

html.py() { "$(default_python)" -S "$E2E_DIR/export_html.py" "$@"; }

exported() {
	"$GILTOP" report --json "$FILE" >"$LIVE"
	"$GILTOP" export --force -o "$OPEN/x.html" "$FILE"
	html.py page "$LIVE" "$OPEN/x.html"
}

@test "html: the words of the verdict, the numbers of the threads, a policy that allows its own script alone" {
	recorded demo_service.py 3s --mode exact -i 300ms --on-hold 5ms
	exported
	grep -q "makes others wait most" "$OPEN/x.html"
}

@test "html: a command and its workers; a thread at two GILs" {
	needs_python pyenv-3.12
	"$GILTOP" record --mode exact -o "$FILE" -- "$PYTHON" -S "$WORKLOADS/workers.py" 3>&- </dev/null
	exported
	"$GILTOP" record --force --mode exact -o "$FILE" -- "$PYTHON" -S "$WORKLOADS/subinterp.py" <<<"new a" 3>&-
	exported
}

@test "html: hostile names are text, and only text" {
	needs_python stock-3.11
	hostile_start
	"$GILTOP" record --mode exact -p "$WL_PID" -d 1s -o "$FILE" 3>&-
	exported
}

@test "html: light mode, no stacks, a run in which nothing happened" {
	workload_start demo_service.py 60
	"$GILTOP" record --mode light -p "$WL_PID" -d 500ms -o "$FILE" 3>&-
	exported
	"$GILTOP" record --force --no-stacks -p "$WL_PID" -d 500ms -o "$FILE" 3>&-
	exported
	workload_start spin4.py
	"$GILTOP" record --force -p "$WL_PID" -d 300ms -o "$FILE" 3>&-
	exported
}

@test "html: 300 threads that wait are less than 5 MB" {
	"$PYTHON" -S "$WORKLOADS/waiters.py" 300 >"$OPEN/ready" 3>&- &
	WL_ALL+=("$!")
	wait_for 20 grep -qs ready "$OPEN/ready"
	"$GILTOP" record --mode exact -p "${WL_ALL[0]}" -d 3s -o "$FILE" 3>&-
	exported
}
