# SPDX-License-Identifier: BSD-2-Clause
# giltop on Debian's kernels, under emulation: numbers equal to the oracle's, nothing left behind, the
# errors of the contract (tests/kernel/guest.py). No root needed. Here are the oldest and the newest, and the newest of
# arm64; the others are in tests/long/.

load lib
load guests

setup_file() { guests_run bullseye-amd64 sid-amd64 sid-arm64; }

@test "amd64, bullseye's kernel (5.10)" { guest_is_fine bullseye-amd64; }
@test "amd64, sid's kernel" { guest_is_fine sid-amd64; }
@test "arm64, sid's kernel" { guest_is_fine sid-arm64; }
