# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/subinterp.bats: the interpreters that it leaves out.

load ../e2e/lib
load ../e2e/run
load ../e2e/subject
load ../e2e/subinterp

@test "own GILs: 3.13" { own_gils pyenv-3.13; }
@test "own GILs: Debian 13, 3.13" { own_gils trixie-amd64-3.13-exe; }
@test "own GILs: Debian sid, 3.14" { own_gils sid-amd64-3.14-exe; }
