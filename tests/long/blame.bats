# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/blame.bats: the loads and interpreters that it leaves out.

load ../e2e/lib
load ../e2e/known
load ../e2e/blame

setup() {
	needs_giltop
	e2e_setup
}

teardown() { e2e_teardown; }
@test "sums: 200 threads" { sums_of many.py 2.0; }
@test "sums: ping-pong over socket pairs" { sums_of pingpong.py 20000; }
@test "a hold of 2 s over many lines: sampled along the way, 3.13" { answer lines pyenv-3.13; }
@test "holds over many lines, 3.8" { answer lines pyenv-3.8; }
@test "functions that come and go at one address: 3.8" { answer reused pyenv-3.8; }
@test "dump: one holder, three waiters, since before the look: 3.8" { answer dump pyenv-3.8; }
