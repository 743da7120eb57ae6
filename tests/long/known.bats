# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/blame.bats: the interpreters that it leaves out.

load ../e2e/lib
load ../e2e/known

setup() {
	needs_giltop
	e2e_setup
}

teardown() { e2e_teardown; }

@test "known stacks: 3.9" { known pyenv-3.9; }
@test "known stacks: 3.10" { known pyenv-3.10; }
@test "known stacks: 3.11" { known pyenv-3.11; }
@test "known stacks: Debian 3.9" { known_debian bullseye-amd64-3.9-exe; }
@test "known stacks: Debian 3.11, shared library" { known_debian bookworm-amd64-3.11-lib; }
@test "known stacks: Debian 3.13, shared library" { known_debian trixie-amd64-3.13-lib; }
@test "known stacks: Debian 3.14, debug build" { known_debian sid-amd64-3.14d-exe; }
@test "known stacks: Debian 3.15, shared library" { known_debian sid-amd64-3.15-lib; }
@test "known stacks: 3.7" { known pyenv-3.7; }
@test "known stacks: 3.12" { known pyenv-3.12; }
@test "known stacks: Debian 3.13" { known_debian trixie-amd64-3.13-exe; }
@test "known stacks: Debian 3.14" { known_debian sid-amd64-3.14-exe; }
@test "known stacks: 3.8" { known pyenv-3.8; }
