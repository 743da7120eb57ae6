# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/advice.bats: what it leaves out.

load ../e2e/lib
load ../e2e/run
load ../e2e/advice

@test "native code that keeps the GIL is told from Python code, whether it sleeps or runs, for 15 ms" { native_is_told 15; }
