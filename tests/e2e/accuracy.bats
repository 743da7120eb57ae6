# SPDX-License-Identifier: BSD-2-Clause
# giltop's numbers against the oracle's, per interpreter and workload: counts equal, times within a
# percent (tests/oracle/compare.py says exactly what, and why).

load lib

setup() {
	needs_giltop
	needs_oracle
	e2e_setup
}

teardown() { e2e_teardown; }

agree() { # INTERPRETER WORKLOAD
	needs_python "$1"
	python3 "$E2E_DIR/accuracy.py" --giltop "$GILTOP" --oracle "$ORACLE" --python "$PYTHON" "$2"
}

@test "stock 3.11: mixed load" { agree stock-3.11 mixed; }
@test "stock 3.11: ping-pong" { agree stock-3.11 pingpong; }
@test "stock 3.11: 200 threads" { agree stock-3.11 many; }
@test "stock 3.11: 10,000 short-lived threads" { agree stock-3.11 churn; }
@test "stock 3.13: mixed load" { agree stock-3.13 mixed; }
@test "stock 3.13: ping-pong" { agree stock-3.13 pingpong; }
@test "stock 3.14: mixed load" { agree stock-3.14 mixed; }
@test "stock 3.14: ping-pong" { agree stock-3.14 pingpong; }
@test "stock 3.15: mixed load" { agree stock-3.15 mixed; }
@test "stock 3.15: ping-pong" { agree stock-3.15 pingpong; }
@test "3.7: mixed load" { agree pyenv-3.7 mixed; }
@test "3.8: mixed load" { agree pyenv-3.8 mixed; }
@test "3.8: ping-pong" { agree pyenv-3.8 pingpong; }
@test "3.8: 200 threads" { agree pyenv-3.8 many; }
@test "3.8: 10,000 short-lived threads" { agree pyenv-3.8 churn; }
@test "3.9: mixed load" { agree pyenv-3.9 mixed; }
@test "3.10: mixed load" { agree pyenv-3.10 mixed; }
@test "3.11: mixed load" { agree pyenv-3.11 mixed; }
@test "3.11: ping-pong" { agree pyenv-3.11 pingpong; }
@test "3.11: 200 threads" { agree pyenv-3.11 many; }
@test "3.11: 10,000 short-lived threads" { agree pyenv-3.11 churn; }
@test "3.12: mixed load" { agree pyenv-3.12 mixed; }
@test "3.12: ping-pong" { agree pyenv-3.12 pingpong; }
@test "3.12: 200 threads" { agree pyenv-3.12 many; }
@test "3.12: 10,000 short-lived threads" { agree pyenv-3.12 churn; }
@test "3.13: mixed load" { agree pyenv-3.13 mixed; }
@test "3.13: ping-pong" { agree pyenv-3.13 pingpong; }
@test "3.13: 200 threads" { agree pyenv-3.13 many; }
@test "3.13: 10,000 short-lived threads" { agree pyenv-3.13 churn; }
