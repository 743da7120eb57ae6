# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/flavours.bats: the loads that it leaves out.

load ../e2e/lib
load ../e2e/run
load ../e2e/subject
load ../e2e/flavours

@test "-Os -fno-plt: mixed load, by perf events" { noplt_agrees mixed --giltop-arg=--attach=perf; }
@test "-Os -fno-plt: ping-pong" { noplt_agrees pingpong; }
@test "-Os -fno-plt: 200 threads" { noplt_agrees many; }
@test "free-threaded, GIL on: 200 threads" { PYTHON_GIL=1 oracle_agrees flavour-ft many; }
@test "free-threaded, GIL on: mixed load, by perf events" {
	PYTHON_GIL=1 oracle_agrees flavour-ft mixed --giltop-arg=--attach=perf
}
@test "-Os -fno-plt: stacks" { stacks_are_true flavour-noplt; }
@test "static glibc, clang: exact counts, by perf events" { counts_are_exact flavour-static 50000 --attach=perf; }
