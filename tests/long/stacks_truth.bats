# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/stacks_truth.bats: the interpreters that it leaves out.

load ../e2e/lib
load ../e2e/stacks_truth

@test "stacks are true: 3.9" { own pyenv-3.9; }
@test "stacks are true: 3.11" { own pyenv-3.11; }
@test "stacks are true: Debian 3.9, shared library" { fetched bullseye-amd64-3.9-lib; }
@test "stacks are true: Debian 3.9, debug build" { fetched bullseye-amd64-3.9d-exe; }
@test "stacks are true: Debian 3.11" { fetched bookworm-amd64-3.11-exe; }
@test "stacks are true: Debian 3.11, shared library" { fetched bookworm-amd64-3.11-lib; }
@test "stacks are true: Debian 3.11, debug build" { fetched bookworm-amd64-3.11d-exe; }
@test "stacks are true: Debian 3.13.5, shared library" { fetched trixie-amd64-3.13-lib; }
@test "stacks are true: Debian 3.13.5, debug build" { fetched trixie-amd64-3.13d-exe; }
@test "stacks are true: Debian 3.13, shared library" { fetched sid-amd64-3.13-lib; }
@test "stacks are true: Debian 3.14, shared library" { fetched sid-amd64-3.14-lib; }
@test "stacks are true: Debian 3.14, debug build" { fetched sid-amd64-3.14d-exe; }
@test "stacks are true: Debian 3.15, shared library" { fetched sid-amd64-3.15-lib; }
@test "stacks are true: Debian 3.15, debug build" { fetched sid-amd64-3.15d-exe; }
@test "stacks are true: Debian 3.13.5" { fetched trixie-amd64-3.13-exe; }
@test "stacks are true: Debian 3.13" { fetched sid-amd64-3.13-exe; }
@test "stacks are true: 3.8" { own pyenv-3.8; }
@test "stacks are true: 3.10" { own pyenv-3.10; }
@test "stacks are true: 3.12" { own pyenv-3.12; }
@test "stacks are true: Debian 3.9" { fetched bullseye-amd64-3.9-exe; }
@test "stacks are true: Debian 3.14" { fetched sid-amd64-3.14-exe; }
@test "stacks are true: Debian 3.14 with the JIT on" { PYTHON_JIT=1 fetched sid-amd64-3.14-exe; }
