# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2154
# What tests of the balance share (after lib.bash, run.bash and subject.bash).

setup() {
	needs_giltop
	e2e_setup
}

balances() { # [OPTION OF balance.py..]
	[ "$GT_CODE" -eq 0 ] || { echo "giltop's status: expected 0, found $GT_CODE" && return 1; }
	python3 "$E2E_DIR/balance.py" "$@" "$GT_OUT"
}

# A parked load, again and again for so long; giltop looks from before the first to after the last.
balanced() { # SECONDS WORKLOAD ARG..
	local end
	workload_start "${@:2}"
	giltop_start --json -p "$WL_PID"
	end=$((SECONDS + $1))
	while [ $SECONDS -lt $end ]; do
		: >"$WL_OUT"
		workload_go
		wait_for 60 workload_said "done"
	done
	giltop_end INT
	balances --busy
}
