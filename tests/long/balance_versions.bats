# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/balance.bats: interpreters and times that it leaves out.

load ../e2e/lib
load ../e2e/run
load ../e2e/subject
load ../e2e/balance

teardown() { subject_teardown; }

@test "threads that come and go for half a minute" { balanced 30 churn.py 1000; }

@test "threads that come and go: 3.8" {
	needs_python pyenv-3.8
	balanced 5 churn.py 1000
}

@test "threads that come and go: 3.13" {
	needs_python pyenv-3.13
	balanced 5 churn.py 1000
}
