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

measure() { # INTERPRETER WORKLOAD [MORE ARGUMENTS]
	local python=$1
	shift
	python3 "$E2E_DIR/accuracy.py" --giltop "$GILTOP" --oracle "$ORACLE" --python "$python" "$@"
}

agree() { # INTERPRETER WORKLOAD
	needs_python "$1"
	measure "$PYTHON" "$2"
	result live "$1/$2" ok
}

# Debian's stripped, link-time optimised interpreters, each in a chroot with its own libc.
agree_debian() { # SUBJECT WORKLOAD, see scripts/fetch-interpreters
	local prefix
	prefix=$("$REPO/scripts/fetch-interpreters" --list | awk -F '\t' -v s="$1" '$1 == s { print $8 }')
	case $prefix in
	chroot\ *) needs_root ;;
	*) skip "no interpreter $1 (scripts/fetch-interpreters gets it)" ;;
	esac
	read -r _ root python <<<"$prefix"
	measure "$python" "$2" --root "$root"
	result live "$1/$2" ok
}

@test "stock 3.11: mixed load" { agree stock-3.11 mixed; }
@test "stock 3.11: ping-pong" { agree stock-3.11 pingpong; }
@test "stock 3.11: 200 threads" { agree stock-3.11 many; }
@test "stock 3.11: 10,000 short-lived threads" { agree stock-3.11 churn; }
@test "Debian 11, 3.9: mixed load" { agree_debian bullseye-amd64-3.9-exe mixed; }
@test "Debian 11, 3.9: ping-pong" { agree_debian bullseye-amd64-3.9-exe pingpong; }
@test "Debian 11, 3.9, libpython: mixed load" { agree_debian bullseye-amd64-3.9-lib mixed; }
@test "Debian 12, 3.11: mixed load" { agree_debian bookworm-amd64-3.11-exe mixed; }
@test "Debian 12, 3.11, libpython: mixed load" { agree_debian bookworm-amd64-3.11-lib mixed; }
@test "Debian sid, 3.13: mixed load" { agree_debian sid-amd64-3.13-exe mixed; }
@test "Debian sid, 3.13, libpython: mixed load" { agree_debian sid-amd64-3.13-lib mixed; }
@test "Debian 13, 3.13: mixed load" { agree_debian trixie-amd64-3.13-exe mixed; }
@test "Debian 13, 3.13: ping-pong" { agree_debian trixie-amd64-3.13-exe pingpong; }
@test "Debian 13, 3.13, libpython: mixed load" { agree_debian trixie-amd64-3.13-lib mixed; }
@test "Debian sid, 3.14: mixed load" { agree_debian sid-amd64-3.14-exe mixed; }
@test "Debian sid, 3.14: ping-pong" { agree_debian sid-amd64-3.14-exe pingpong; }
@test "Debian sid, 3.14: 10,000 short-lived threads" { agree_debian sid-amd64-3.14-exe churn; }
@test "Debian sid, 3.14, libpython: mixed load" { agree_debian sid-amd64-3.14-lib mixed; }
@test "Debian sid, 3.15: mixed load" { agree_debian sid-amd64-3.15-exe mixed; }
@test "Debian sid, 3.15: ping-pong" { agree_debian sid-amd64-3.15-exe pingpong; }
@test "Debian sid, 3.15: 200 threads" { agree_debian sid-amd64-3.15-exe many; }
@test "Debian sid, 3.15: 10,000 short-lived threads" { agree_debian sid-amd64-3.15-exe churn; }
@test "Debian sid, 3.15, libpython: mixed load" { agree_debian sid-amd64-3.15-lib mixed; }
@test "Debian sid, 3.15, debug build: mixed load" { agree_debian sid-amd64-3.15d-exe mixed; }
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
