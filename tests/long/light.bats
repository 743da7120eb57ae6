# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/light.bats: all loads, longer, for more interpreters.

load ../e2e/lib
load ../e2e/run
load ../e2e/subject
load ../e2e/accuracy

# shellcheck disable=SC2034
BATS_TEST_RETRIES=0

setup() { accuracy_setup; }

teardown() { e2e_teardown; }

light_all() { light_agrees "$1" "mixed 2 3" "spin4 2 3" "handoff 2 3" "pingpong 25000 8" "many 2 15"; }

@test "light, stock 3.11: all loads" { light_all stock-3.11; }
@test "light, 3.7: all loads" { light_all pyenv-3.7; }
@test "light, 3.8: all loads" { light_all pyenv-3.8; }
@test "light, 3.9: all loads" { light_all pyenv-3.9; }
@test "light, 3.10: all loads" { light_all pyenv-3.10; }
@test "light, 3.11: all loads" { light_all pyenv-3.11; }
@test "light, 3.12: all loads" { light_all pyenv-3.12; }
@test "light, 3.13: all loads" { light_all pyenv-3.13; }
@test "light, Debian 11, 3.9: all loads" { light_all bullseye-amd64-3.9-exe; }
@test "light, Debian 11, 3.9, debug build: all loads" { light_all bullseye-amd64-3.9d-exe; }
@test "light, Debian 12, 3.11, libpython: all loads" { light_all bookworm-amd64-3.11-lib; }
@test "light, Debian 12, 3.11, debug build: all loads" { light_all bookworm-amd64-3.11d-exe; }
@test "light, Debian 13, 3.13: all loads" { light_all trixie-amd64-3.13-exe; }
@test "light, Debian sid, 3.14: all loads" { light_all sid-amd64-3.14-exe; }
@test "light, Debian sid, 3.14, debug build: all loads" { light_all sid-amd64-3.14d-exe; }
@test "light, Debian sid, 3.15: all loads" { light_all sid-amd64-3.15-exe; }
@test "light, Debian sid, 3.15, libpython: all loads" { light_all sid-amd64-3.15-lib; }
