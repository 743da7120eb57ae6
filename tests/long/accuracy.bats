# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/accuracy.bats: the interpreters and loads that it leaves out.

load ../e2e/lib
load ../e2e/run
load ../e2e/subject
load ../e2e/accuracy

# shellcheck disable=SC2034
BATS_TEST_RETRIES=0

setup() { accuracy_setup; }

teardown() { e2e_teardown; }

two_loads() { agree_each "$1" "mixed 1" "churn 2000"; }
other_loads() { agree_each "$1" "pingpong 10000" "many 1"; }
all_loads() { agree_each "$1" "mixed 1" "pingpong 10000" "many 1" "churn 2000"; }

@test "Debian 11, 3.9, libpython: all loads" { all_loads bullseye-amd64-3.9-lib; }
@test "Debian 11, 3.9, debug build: all loads" { all_loads bullseye-amd64-3.9d-exe; }
@test "Debian 11, 3.9, libpython, debug build: all loads" { all_loads bullseye-amd64-3.9d-lib; }
@test "Debian 12, 3.11, libpython: all loads" { all_loads bookworm-amd64-3.11-lib; }
@test "Debian 12, 3.11, debug build: all loads" { all_loads bookworm-amd64-3.11d-exe; }
@test "Debian 12, 3.11, libpython, debug build: all loads" { all_loads bookworm-amd64-3.11d-lib; }
@test "Debian 13, 3.13, libpython: all loads" { all_loads trixie-amd64-3.13-lib; }
@test "Debian 13, 3.13, debug build: all loads" { all_loads trixie-amd64-3.13d-exe; }
@test "Debian 13, 3.13, libpython, debug build: all loads" { all_loads trixie-amd64-3.13d-lib; }
@test "Debian sid, 3.13, libpython: all loads" { all_loads sid-amd64-3.13-lib; }
@test "Debian sid, 3.13, debug build: all loads" { all_loads sid-amd64-3.13d-exe; }
@test "Debian sid, 3.13, libpython, debug build: all loads" { all_loads sid-amd64-3.13d-lib; }
@test "Debian sid, 3.14, libpython: the other loads" { other_loads sid-amd64-3.14-lib; }
@test "Debian sid, 3.14, debug build: all loads" { all_loads sid-amd64-3.14d-exe; }
@test "Debian sid, 3.14, libpython, debug build: all loads" { all_loads sid-amd64-3.14d-lib; }
@test "Debian sid, 3.15, libpython: the other loads" { other_loads sid-amd64-3.15-lib; }
@test "Debian sid, 3.15, debug build: all loads" { all_loads sid-amd64-3.15d-exe; }
@test "Debian sid, 3.15, libpython, debug build: all loads" { all_loads sid-amd64-3.15d-lib; }
@test "3.11: mixed load" { agree pyenv-3.11 mixed; }
@test "3.11: ping-pong" { agree pyenv-3.11 pingpong; }
@test "3.11: 200 threads" { agree pyenv-3.11 many; }
@test "3.11: 10,000 short-lived threads" { agree pyenv-3.11 churn; }
@test "3.12: mixed load" { agree pyenv-3.12 mixed; }
@test "3.12: ping-pong" { agree pyenv-3.12 pingpong; }
@test "3.12: 200 threads" { agree pyenv-3.12 many; }
@test "3.12: 10,000 short-lived threads" { agree pyenv-3.12 churn; }
@test "3.9: the other loads" { other_loads pyenv-3.9; }
@test "Debian 12, 3.11: the other loads" { other_loads bookworm-amd64-3.11-exe; }
@test "Debian 13, 3.13: the other loads" { other_loads trixie-amd64-3.13-exe; }
@test "Debian sid, 3.13: the other loads" { other_loads sid-amd64-3.13-exe; }
@test "3.8: ping-pong" { agree pyenv-3.8 pingpong; }
@test "3.8: 200 threads" { agree pyenv-3.8 many; }
@test "3.8: 10,000 short-lived threads" { agree pyenv-3.8 churn; }
@test "3.8: mixed load" { agree pyenv-3.8 mixed; }
@test "3.13: ping-pong" { agree pyenv-3.13 pingpong; }
@test "3.13: 200 threads" { agree pyenv-3.13 many; }
@test "3.13: 10,000 short-lived threads" { agree pyenv-3.13 churn; }
@test "3.13: mixed load" { agree pyenv-3.13 mixed; }
@test "3.7: the other loads" { other_loads pyenv-3.7; }
@test "3.10: the other loads" { other_loads pyenv-3.10; }
@test "3.12: the other loads" { other_loads pyenv-3.12; }
@test "Debian 11, 3.9: the other loads" { other_loads bullseye-amd64-3.9-exe; }
@test "3.13: the other loads" { other_loads pyenv-3.13; }
@test "Debian sid, 3.14: the other loads" { other_loads sid-amd64-3.14-exe; }
@test "Debian 12, 3.11: two loads" { two_loads bookworm-amd64-3.11-exe; }
@test "Debian 13, 3.13: two loads" { two_loads trixie-amd64-3.13-exe; }
@test "Debian sid, 3.13: two loads" { two_loads sid-amd64-3.13-exe; }
@test "Debian sid, 3.14, libpython: two loads" { two_loads sid-amd64-3.14-lib; }
@test "Debian sid, 3.15, libpython: two loads" { two_loads sid-amd64-3.15-lib; }
@test "3.8: all loads" { all_loads pyenv-3.8; }
@test "3.9: two loads" { two_loads pyenv-3.9; }
@test "3.10: two loads" { two_loads pyenv-3.10; }
@test "Debian 11, 3.9: two loads" { two_loads bullseye-amd64-3.9-exe; }
@test "3.12: two loads" { two_loads pyenv-3.12; }
@test "Debian sid, 3.14: two loads" { two_loads sid-amd64-3.14-exe; }
