# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/places.bats: the loads and interpreters that it leaves out.

load ../e2e/lib
load ../e2e/subject
load ../e2e/places

@test "let go in another function: one waiter" { right stock-3.11 turn --waiters 1; }
@test "let go in another function: eight waiters" { right stock-3.11 turn --waiters 8; }
@test "two that hold in turn" { right stock-3.11 turn --workers 2 --ms 0.5,1,3; }
@test "two functions in one hold of 20 ms: three quarters and one" { right stock-3.11 one --ms 15,5 --interval 1; }
@test "a burst of 8 ms before a send: not the send's" { right stock-3.11 --cut send --ms 8,0 --interval 0.005; }
@test "generators" { right stock-3.11 generator --ms 0.5,1,3; }
@test "let go in another function: 3.7" { right pyenv-3.7 turn; }
@test "two functions in one hold: 3.8" { right pyenv-3.8 one --ms 1,3; }
@test "two functions in one hold: 3.13" { right pyenv-3.13 one --ms 1,3; }
@test "two functions in one hold: Debian 3.14" { right sid-amd64-3.14-exe one --ms 1,3; }
@test "two functions in one hold: Debian 3.15" { right sid-amd64-3.15-exe one --ms 1,3; }
@test "generators: 3.8" { right pyenv-3.8 generator --ms 0.5,1,3; }
@test "generators: Debian 3.15" { right sid-amd64-3.15-exe generator --ms 0.5,1,3; }
@test "asleep in C for less than its waiters take to come: eight waiters" {
	right stock-3.11 native --ms 0.6,1.1,0.4 --interval 1 --waiters 8
}
@test "asleep in C for longer than a switch interval" { right stock-3.11 --cut native --ms 12,8,3 --waiters 2; }
@test "asleep in C: 3.8" { right pyenv-3.8 native --ms 4,2,1 --interval 1; }
@test "asleep in C: Debian 3.15" { right sid-amd64-3.15-exe native --ms 4,2,1 --interval 1; }
@test "two functions in one hold: three quarters and one" { right stock-3.11 one --ms 3,1; }
@test "two functions in one hold of 20 ms: a quarter and three" { right stock-3.11 one --ms 5,15 --interval 1; }
@test "let go in another function: 3.8" { right pyenv-3.8 turn; }
@test "let go in another function: Debian 3.14" { right sid-amd64-3.14-exe turn; }
@test "two functions in one hold: a quarter and three" { right stock-3.11 one --ms 1,3; }
@test "let go in another function: folded" { right stock-3.11 --folded turn; }
@test "let go in another function: 3.13" { right pyenv-3.13 turn; }
@test "let go in another function: three waiters" { right stock-3.11 turn; }
@test "let go in another function: Debian 3.15" { right sid-amd64-3.15-exe turn; }
