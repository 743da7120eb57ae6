# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/names.bats: the interpreters that it leaves out.

load ../e2e/lib
load ../e2e/run
load ../e2e/names

@test "threads of 30 ms in a command of 100 ms have their names: pyenv 3.8" {
	needs_python pyenv-3.8
	named_in_runs 20
}

@test "threads of 30 ms in a command of 100 ms have their names: pyenv 3.13" {
	needs_python pyenv-3.13
	named_in_runs 20
}
