# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/judge.bats: the interpreters that it leaves out.

load ../e2e/lib

setup() {
	needs_oracle
	e2e_setup
}

teardown() { e2e_teardown; }

@test "the oracle finds known holds and waits again, in every interpreter" {
	local name path
	while read -r name path; do
		echo "$name"
		python3 "$REPO/tests/oracle/selfcheck.py" "$ORACLE" "$path"
	done < <(interpreters)
}
