# SPDX-License-Identifier: BSD-2-Clause
# giltop on Debian's kernels, under emulation: numbers equal to the oracle's, nothing left behind, the
# errors of the contract (tests/kernel/guest.py). No root needed. Here is the oldest, which takes the least of programs; the
# others, and arm64, are in tests/long/.

load lib
load guests

setup_file() { guests_run bullseye-amd64; }

@test "amd64, bullseye's kernel (5.10)" { guest_is_fine bullseye-amd64; }
