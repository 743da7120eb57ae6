# SPDX-License-Identifier: BSD-2-Clause
# giltop's numbers against the oracle's, per interpreter and workload: counts equal, times within a
# percent (tests/oracle/compare.py says exactly what, and why).

load lib
load run
load subject
load accuracy

# accuracy.py measures again by itself, and only where times are off: counts and invariants hold at once.
# shellcheck disable=SC2034
BATS_TEST_RETRIES=0

setup() { accuracy_setup; }

teardown() { e2e_teardown; }

# Every load, in small: for all other interpreters.
all_loads() { agree_each "$1" "mixed 1" "pingpong 10000" "many 1" "churn 2000"; }
# .. for other builds of the same; the rest of them, and debug builds, are in tests/long/.
two_loads() { agree_each "$1" "mixed 1" "churn 2000"; }

@test "stock 3.11: mixed load" { agree stock-3.11 mixed; }
@test "stock 3.11: ping-pong" { agree stock-3.11 pingpong; }
@test "stock 3.11: 200 threads" { agree stock-3.11 many; }
@test "stock 3.11: 10,000 short-lived threads" { agree stock-3.11 churn; }
@test "3.13: two loads" { two_loads pyenv-3.13; }
@test "3.7: two loads" { two_loads pyenv-3.7; }
@test "Debian sid, 3.15: all loads" { all_loads sid-amd64-3.15-exe; }
