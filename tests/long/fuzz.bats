# SPDX-License-Identifier: BSD-2-Clause
# Broken input for longer than `make check` has time for: FUZZ_SECONDS (60) for each fuzzer.

load ../e2e/lib

@test "files, memory, names and words that others wrote are withstood for minutes" {
	run "$REPO/scripts/fuzz" "${FUZZ_SECONDS:-60}"
	echo "$output"
	[[ ${lines[-1]} != *" 1 skipped" ]] || skip "${lines[-2]#fuzz: }"
	[ "$status" -eq 0 ]
}
