# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034,SC2154
# Folded stacks and flame graphs, for tests/e2e/ and tests/long/, after lib.

setup() {
	needs_giltop
	e2e_setup
}

teardown() { e2e_teardown; }

# Debian's copy of flamegraph.pl is not on the PATH.
flamegraph() { # OPTION.. FILE
	local script
	script=$(command -v flamegraph.pl) || script=/usr/share/perl5/Devel/NYTProf/flamegraph.pl
	[ -r "$script" ] || skip "needs flamegraph.pl (libdevel-nytprof-perl)"
	PERL_UNICODE=SD perl "$script" --countname=us "$@"
}

record() { # WEIGHT: the folded stacks of the workload in $FOLDED
	FOLDED=$BATS_TEST_TMPDIR/$1.folded
	"$GILTOP" record -p "$WL_PID" -d "${2:-2}" -f folded --weight "$1" -o "$FOLDED" --force
	python3 "$E2E_DIR/blame.py" folded "$FOLDED"
}

record_svg() { # WEIGHT SECONDS OPTION..: the workload's flame graph in $SVG
	SVG=$BATS_TEST_TMPDIR/own.svg
	"$GILTOP" record -p "$WL_PID" -d "$2" --weight "$1" "${@:3}" -o "$SVG" --force
}

hostile() { # NAME of lib.bash's interpreters
	local weight svg=$BATS_TEST_TMPDIR/hostile.svg
	needs_python "$1"
	hostile_start
	for weight in wait hold blame chain; do
		record "$weight" 0.7
		[ -s "$FOLDED" ]
	done
	needs_cmd xmllint
	flamegraph --title='GIL wait' "$FOLDED" >"$svg"
	xmllint --noout "$svg"
	record_svg hold 1
	xmllint --noout "$SVG"
}
