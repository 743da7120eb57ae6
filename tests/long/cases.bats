# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/cases.bats: the interpreters that it leaves out.

load ../e2e/lib
load ../e2e/run
load ../e2e/subject
load ../e2e/cases

@test "rules that are compiled, run and freed: 3.13" { right rules pyenv-3.13; }
@test "modules imported at first use: 3.13" { right import pyenv-3.13; }
@test "the collector inside of JSON encoding is named: 3.12" { right collector pyenv-3.12; }
@test "a command that is over before the first refresh has names: 3.13" { right command pyenv-3.13; }
@test "daemon threads at the interpreter's end: who is gone does not wait: 3.11" { right daemons stock-3.11; }
@test "rules that are compiled, run and freed: 3.8" { right rules pyenv-3.8; }
