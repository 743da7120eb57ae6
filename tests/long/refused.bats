# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/refused.bats: what it leaves out.

load ../e2e/lib
load ../e2e/run
load ../e2e/subject
load ../e2e/refused

@test "a C program with a _PyRuntime in it: the other sizes" { fakes_are_refused 672 1464; }
@test "interpreters with one GIL call patched, each in turn" { patched_are_refused 99; }
