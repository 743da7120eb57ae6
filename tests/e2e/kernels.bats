# SPDX-License-Identifier: BSD-2-Clause
# giltop on Debian's kernels, 5.10 to today's, on two architectures, under emulation: numbers equal to
# the oracle's, nothing left behind, the errors of the contract (tests/kernel/guest.py). No root needed.

load lib

# All guests at once: they share the machine better than one after the other.
setup_file() {
	(cd "$REPO" && scripts/kernel-matrix) >"$BATS_FILE_TMPDIR/matrix" 2>&1 3>&- || true
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

@test "amd64, bullseye's kernel (5.10)" { guest_is_fine bullseye-amd64; }
@test "amd64, bookworm's kernel (6.1)" { guest_is_fine bookworm-amd64; }
@test "amd64, trixie's kernel (6.12)" { guest_is_fine trixie-amd64; }
@test "amd64, sid's kernel" { guest_is_fine sid-amd64; }
@test "arm64, bullseye's kernel (5.10)" { guest_is_fine bullseye-arm64; }
@test "arm64, bookworm's kernel (6.1)" { guest_is_fine bookworm-arm64; }
@test "arm64, trixie's kernel (6.12)" { guest_is_fine trixie-arm64; }
@test "arm64, sid's kernel" { guest_is_fine sid-arm64; }
