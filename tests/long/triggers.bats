# SPDX-License-Identifier: BSD-2-Clause
# A hundred planted holds, each told of once.

load ../e2e/lib
load ../e2e/run
load ../e2e/triggers

@test "triggers: of a hundred holds of 60 to 200 ms each is told of once, and nothing else" {
	subject 100 60 200 1
	told holds,holder --mode exact --on-hold 50ms
}
