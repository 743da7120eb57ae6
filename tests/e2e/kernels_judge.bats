# SPDX-License-Identifier: BSD-2-Clause
# Does scripts/kernel-matrix see a guest that failed? Boots nothing.

load lib

# What the guest wrote -> ok or not.
verdict() { # LINE..
	printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/log"
	(. "$REPO/scripts/kernel-matrix" && judge "$BATS_TEST_TMPDIR/log")
}

@test "a guest that says nothing, dies, or leaves something out has not passed" {
	[[ "$(verdict)" == FAIL* ]]
	[[ "$(verdict 'CHECK oracle PASS' 'CHECK oracle-tier PASS perf')" == FAIL*"no END line"* ]]
	[[ "$(verdict 'CHECK oracle PASS' 'Kernel panic - not syncing: X')" == *"Kernel panic"* ]]
	[[ "$(verdict 'END rc=0')" == FAIL* ]]
	[[ "$(verdict 'CHECK oracle PASS' 'CHECK usage FAIL status 1' 'END rc=0')" == "FAIL: usage" ]]
	[[ "$(verdict 'CHECK oracle PASS' 'END rc=1')" == FAIL* ]]
	[ "$(verdict 'CHECK oracle PASS' 'CHECK usage PASS' 'END rc=0')" = ok ]
}

@test "without a mirror or anything kept, every guest is skipped by name" {
	local nowhere=http://127.0.0.1:9
	printf 'Acquire::%s::Proxy "%s";\n' http $nowhere https $nowhere >"$BATS_TEST_TMPDIR/apt.conf"
	export APT_CONFIG=$BATS_TEST_TMPDIR/apt.conf XDG_CACHE_HOME=$BATS_TEST_TMPDIR
	BUILD=$BATS_TEST_TMPDIR/build run "$REPO/scripts/kernel-matrix" --prepare
	echo "$output"
	[ "$status" -eq 77 ]
	[ "$(grep -c '^skip: [a-z]*-[a-z0-9]*: ' <<<"$output")" -eq 8 ]
}
