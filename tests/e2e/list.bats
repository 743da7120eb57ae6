# SPDX-License-Identifier: BSD-2-Clause
# giltop list on a machine with many processes: all that are a Python, and nothing else.

load lib
load run

setup() {
	needs_giltop
	needs_root
	e2e_setup
}

teardown() { e2e_teardown; }

pids_of() { # WORD: what the crowd said
	sed -n "s/^$1 //p" "$WL_OUT" | sort -n
}

@test "list: of 200 processes exactly those that are a Python, whatever they are called" {
	local dir=$BATS_TEST_TMPDIR
	needs_cmd jq
	cp "$(readlink -f "$PYTHON")" "$dir/service"
	cp "$(readlink -f "$PYTHON")" "$dir/replaced"
	workload_start idlers.py 140 60 "$PYTHON" "$dir/service" "$dir/replaced"
	rm "$dir/replaced"
	cp /bin/sleep "$dir/python3.11"
	"$dir/python3.11" 600 </dev/null >/dev/null 2>&1 3>&- &
	pid_start "$!"
	echo "other $!" >>"$WL_OUT"
	[ "$(pids_of python | wc -l)" -eq 60 ]
	[ "$(pids_of other | wc -l)" -eq 141 ]
	"$GILTOP" list --json >"$OUT" 3>&-
	jq -r 'select(.python != null) | .pid' "$OUT" | sort -n >"$dir/listed"
	# There are others on the machine.
	[ "$(comm -23 <(pids_of python | sort) <(sort "$dir/listed") | wc -l)" -eq 0 ]
	[ "$(jq -r .pid "$OUT" | sort | comm -12 <(pids_of other | sort) - | wc -l)" -eq 0 ]
	[ "$(jq -r .pid "$OUT" | sort | uniq -d | wc -l)" -eq 0 ]
	jq -r .pid "$OUT" | sort -nc
	# The text has the same.
	"$GILTOP" list >"$dir/text" 3>&-
	[ "$(comm -23 <(pids_of python | sort) <(awk '{ print $1 }' "$dir/text" | sort) | wc -l)" -eq 0 ]
	[ "$(grep -c " probes in $dir/replaced" "$dir/text")" -eq 20 ]
	[ "$(grep -c " probes in $dir/service" "$dir/text")" -eq 20 ]
}
