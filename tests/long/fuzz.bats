# SPDX-License-Identifier: BSD-2-Clause
# Broken ELF files for longer than `make check` has time for: GILTOP_FUZZ_SECONDS (120).

load ../e2e/lib

@test "the ELF reader and the finder stand broken files for minutes" {
	run "$REPO/scripts/fuzz" "${GILTOP_FUZZ_SECONDS:-120}"
	echo "$output"
	[[ ${lines[-1]} != *" 1 skipped" ]] || skip "${lines[-2]#fuzz: }"
	[ "$status" -eq 0 ]
}
