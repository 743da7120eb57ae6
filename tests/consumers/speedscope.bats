# SPDX-License-Identifier: BSD-2-Clause
# speedscope reads what giltop writes, in a browser, and shows what giltop says.

load ../e2e/lib
load consumers

# It draws by WebGL, in software here.
in_speedscope() { # FILE [VIEW]: the page that it makes of it, as HTML
	local load=$OPEN/load.js
	printf 'speedscope.loadFileFromBase64("%s","%s")' "$(basename "$1")" "$(base64 -w0 "$1")" >"$load"
	browser --use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader --virtual-time-budget=10000 --window-size=1400,9000 --dump-dom \
		"file://$PACKAGES/speedscope/dist/release/index.html#localProfilePath=$load${2:+&view=$2}"
}

exported() {
	"$GILTOP" report -q --json "$FILE" >"$LIVE"
	"$GILTOP" export -q --force -o "$OPEN/x.speedscope.json" "$FILE"
}

fits_schema() {
	needs_speedscope
	needs_ajv
	PACKAGES=$PACKAGES node "$REPO/tests/consumers/fits_schema.js" "$PACKAGES/speedscope/dist/release/file-format-schema.json" "$OPEN/x.speedscope.json"
}

shown() { # NUMBER OF PROFILE
	needs_speedscope
	needs_chromium
	python3 "$REPO/tests/consumers/speedscope.py" choose "$1" "$OPEN/x.speedscope.json" "$OPEN/chosen.speedscope.json"
	in_speedscope "$OPEN/chosen.speedscope.json" sandwich >"$OPEN/page.html"
	python3 "$REPO/tests/consumers/speedscope.py" page "$LIVE" "$OPEN/page.html"
}

@test "speedscope: its schema" {
	demo_recording
	exported
	fits_schema
}

@test "speedscope: the totals of all profiles are giltop's, to the unit shown, and so are those of frames" {
	demo_recording
	exported
	local i
	for i in 0 1 2 3; do # blame, wait, hold, the thread that waited most
		shown "$i"
	done
}

@test "speedscope: names that try to break whoever reads them" {
	FILE=$OPEN/rec.giltop LIVE=$OPEN/live.json
	needs_python stock-3.11
	hostile_start
	"$GILTOP" record -q --mode exact -p "$WL_PID" -d 1s -o "$FILE" 3>&-
	exported
	fits_schema
	shown 0
	shown 4
}

@test "speedscope: 300 threads; a run in which nothing happened" {
	FILE=$OPEN/rec.giltop LIVE=$OPEN/live.json
	"$PYTHON" -S "$WORKLOADS/waiters.py" 300 >"$OPEN/ready" 3>&- &
	WL_ALL+=("$!")
	wait_for 20 grep -qs ready "$OPEN/ready"
	"$GILTOP" record -q --mode exact -p "${WL_ALL[0]}" -d 1s -o "$FILE" 3>&-
	exported
	shown 0
	"$PYTHON" -S -c 'import time; time.sleep(60)' 3>&- &
	WL_ALL+=("$!")
	"$GILTOP" record -q --mode exact --force -p "$!" -d 300ms -o "$FILE" 3>&-
	exported
	fits_schema
	in_speedscope "$OPEN/x.speedscope.json" >"$OPEN/page.html"
	grep -q "no thread had to do with a GIL" "$OPEN/page.html"
	! grep -q "Something went wrong" "$OPEN/page.html"
}
