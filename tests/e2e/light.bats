# SPDX-License-Identifier: BSD-2-Clause
# Light mode against the oracle: waits, yields and contended acquisitions as in exact mode, blame by thread nearly so
# (tests/oracle/compare_light.py says what is allowed); what is not known is null. The other interpreters are in tests/long/.

load lib
load run
load subject
load accuracy

# accuracy.py measures again by itself, and only where times or shares are off.
# shellcheck disable=SC2034
BATS_TEST_RETRIES=0

setup() { accuracy_setup; }

teardown() { e2e_teardown; }

@test "light, stock 3.11: mixed load" { light_agrees stock-3.11 "mixed 1 3"; }
@test "light, stock 3.11: a queue" { light_agrees stock-3.11 "handoff 0.5 3"; }
@test "light, stock 3.11: 200 threads" { light_agrees stock-3.11 "many 1 15"; }
@test "light, 3.13: mixed load, a queue" { light_agrees pyenv-3.13 "mixed 1 3" "handoff 0.5 3"; }
@test "light, Debian sid, 3.15: mixed load, a queue" { light_agrees sid-amd64-3.15-exe "mixed 1 3" "handoff 0.5 3"; }
