# SPDX-License-Identifier: BSD-2-Clause
# What the test commands themselves promise; nothing here runs giltop.

load lib
load run

# A repository in which make TARGET prints the file TARGET, and all else succeeds in silence.
fake_repository() {
	cd "$BATS_TEST_TMPDIR"
	mkdir scripts bin
	cp "$REPO"/scripts/{check,slowest} scripts/
	local name
	for name in deps lint check-layers fetch-interpreters build-flavours; do
		printf '#!/bin/sh\n' >"scripts/$name"
	done
	# shellcheck disable=SC2016
	printf '#!/bin/bash\n! [ -e "${!#}" ] || cat "${!#}"\n' >bin/make
	chmod +x scripts/* bin/make
	PATH=$PWD/bin:$PATH
	unset BUILD CHECK_MORE
	cat >unit <<-'END'
	  unit test_fast                    12 ok, 0 failed in 31ms
	  unit test_slow                    3 ok, 0 failed in 2049ms
	unit: 15 passed, 0 failed, 0 skipped
	END
	cat >e2e <<-'END'
	1..4
	ok 1 quick in 3s, it says in 155ms
	ok 2 with no such program in 12ms # skip needs the program in 99ms
	not ok 3 slow and wrong in 61999ms
	# (in test file tests/e2e/x.bats, line 3)
	ok 4 slow and right in 5100ms
	second try: quick in 3s, it says
	e2e: 2 passed, 1 failed, 1 skipped
	END
	printf 'ok 1 minutes in 180000ms\nlong: 1 passed, 0 failed, 0 skipped\n' >long
	printf 'ok 1 a browser in 4000ms\nconsumers: 1 passed, 0 failed, 0 skipped\n' >consumers
}

@test "slowest: unit programs and bats tests together, slowest first, however they ended" {
	fake_repository
	mv unit unit.log
	mv e2e e2e.log
	run -0 scripts/slowest unit.log e2e.log
	[ "$output" = "     61.9 s  e2e: slow and wrong
      5.1 s  e2e: slow and right
      2.0 s  unit: test_slow
      0.1 s  e2e: quick in 3s, it says
      0.0 s  unit: test_fast
      0.0 s  e2e: with no such program" ]
	run -0 scripts/slowest -n 1 unit.log e2e.log
	[ "$output" = "     61.9 s  e2e: slow and wrong" ]
	run -0 scripts/slowest -n 1 /dev/null
	[ -z "$output" ]
}

@test "check ends with the ten slowest tests and one line that counts all; --all adds what takes long" {
	fake_repository
	run -1 scripts/check
	[ "${lines[-1]}" = "21 passed, 1 failed, 1 skipped" ]
	[[ $output == *$'\nslowest tests:\n     61.9 s  e2e: slow and wrong\n'* ]]
	[[ $output == *"second try: quick in 3s"*"skipped: with no such program:"* ]]
	[[ $output != *minutes* && $output != *browser* ]]
	CHECK_MORE=consumers run -1 scripts/check
	[ "${lines[-1]}" = "22 passed, 1 failed, 1 skipped" ]
	[[ $output == *"4.0 s  consumers: a browser"* ]]
	for i in $(seq 20); do echo "ok $i many of them in 9000ms"; done >>e2e
	run -1 scripts/check --all
	[ "${lines[-1]}" = "23 passed, 1 failed, 1 skipped" ]
	[ "${lines[-11]}" = "    180.0 s  long: minutes" ]
	[ "${lines[-12]}" = "slowest tests:" ]
	run -2 scripts/check everything
	[ "$output" = "check: no part 'everything'" ]
}

@test "run-e2e counts under the name of the tests' folder, and repeats nothing of an earlier run" {
	mkdir -p "$BATS_TEST_TMPDIR/long" "$BATS_TEST_TMPDIR/build/results"
	echo "an old one" >"$BATS_TEST_TMPDIR/build/results/retried"
	printf '@test "%s" { %s; }\n' passes true fails false skips skip >"$BATS_TEST_TMPDIR/long/three.bats"
	BUILD=$BATS_TEST_TMPDIR/build run -1 "$REPO/scripts/run-e2e" "$BATS_TEST_TMPDIR/long/three.bats"
	echo "$output"
	[ "${lines[-1]}" = "long: 1 passed, 1 failed, 1 skipped" ]
	[[ $output != *"an old one"* ]]
}

@test "run-unit says how long each program took, and counts" {
	cd "$BATS_TEST_TMPDIR"
	printf '#!/bin/sh\nsleep 0.1\necho "[       OK ] a_b"\n' >test_one
	chmod +x test_one
	run -0 "$REPO/scripts/run-unit" ./test_one
	[[ ${lines[0]} =~ ^"  unit test_one "\ +"1 ok, 0 failed in "[1-9][0-9]+ms$ ]]
	[ "${lines[1]}" = "unit: 1 passed, 0 failed, 0 skipped" ]
	# Several at a time: what each of them says stays together.
	printf '#!/bin/sh\necho "[       OK ] a"\nsleep 0.05\necho "[  FAILED  ] b"\nexit 1\n' >test_two
	printf '#!/bin/sh\nkill -9 $$\n' >test_three
	chmod +x test_*
	run -1 "$REPO/scripts/run-unit" ./test_one ./test_two ./test_three ./test_two ./test_none
	[ "${lines[-1]}" = "unit: 3 passed, 4 failed, 0 skipped" ]
	[[ $output == *"[       OK ] a"$'\n'"[  FAILED  ] b"$'\n'"  unit test_two "* ]]
}
