# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/flamegraph.bats: the interpreters that it leaves out.

load ../e2e/lib
load ../e2e/flamegraph

@test "hostile names, folded: every line can be read: 3.8" { hostile pyenv-3.8; }
