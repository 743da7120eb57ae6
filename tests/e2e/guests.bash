# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Guests under emulation (scripts/kernel-matrix), for kernels.bats here and in tests/long/.

# All guests at once: they share the machine better than one after the other.
guests_run() { # SUITE-ARCH..
	(cd "$REPO" && scripts/kernel-matrix "$@") >"$BATS_FILE_TMPDIR/matrix" 2>&1 3>&- || true
}

guest_is_fine() { # SUITE-ARCH
	local reason row=$BUILD/kernels/$1.row
	reason=$(sed -n "s/^skip: $1: //p" "$BATS_FILE_TMPDIR/matrix")
	[ -z "$reason" ] || skip "$1: $reason"
	cat "$row" || { cat "$BATS_FILE_TMPDIR/matrix"; return 1; }
	[ "$(cut -f6 "$row")" = "icount ok; smp2 ok" ] || {
		tail -n 60 "$BUILD/kernels/$1".*.log
		return 1
	}
}
