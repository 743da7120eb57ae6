# SPDX-License-Identifier: BSD-2-Clause
# Function, file and line of every frame of every thread, as read from outside, against what the
# interpreter says itself (stacks_truth.py): stock, self-built and Debian's interpreters.

load lib
load stacks_truth

@test "stacks are true: stock 3.11" { own stock-3.11; }
@test "stacks are true: 3.7" { own pyenv-3.7; }
@test "stacks are true: 3.13" { own pyenv-3.13; }
@test "stacks are true: Debian 3.15" { fetched sid-amd64-3.15-exe; }
@test "stacks are true: Debian 3.15 with the JIT on" { PYTHON_JIT=1 fetched sid-amd64-3.15-exe; }
