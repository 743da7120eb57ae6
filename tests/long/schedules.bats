# SPDX-License-Identifier: BSD-2-Clause
# Ten times as many random schedules as in the unit tests.

load ../e2e/lib

setup() { e2e_setup; }
teardown() { e2e_teardown; }

many() { # PROGRAM
	make -s -C "$REPO" BUILD="$BUILD" "$BUILD/unit/$1"
	GILTOP_TEST_TIMES=10 "$BUILD/unit/$1"
}

@test "4,000 random schedules balance, exact" { many test_books; }
@test "4,000 random schedules balance, in any mode" { many test_light; }
@test "3,000 random schedules, event by event" { many test_singles; }
@test "800 random schedules are played as they were recorded" { many test_recording; }
