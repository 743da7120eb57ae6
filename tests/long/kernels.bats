# SPDX-License-Identifier: BSD-2-Clause
# As tests/e2e/kernels.bats, on the kernels that it leaves out.

load ../e2e/lib
load ../e2e/guests

setup_file() {
	guests_run bookworm-amd64 trixie-amd64 sid-amd64 bullseye-arm64 bookworm-arm64 trixie-arm64 sid-arm64
}

@test "amd64, bookworm's kernel (6.1)" { guest_is_fine bookworm-amd64; }
@test "amd64, trixie's kernel (6.12)" { guest_is_fine trixie-amd64; }
@test "amd64, sid's kernel" { guest_is_fine sid-amd64; }
@test "arm64, bullseye's kernel (5.10)" { guest_is_fine bullseye-arm64; }
@test "arm64, bookworm's kernel (6.1)" { guest_is_fine bookworm-arm64; }
@test "arm64, trixie's kernel (6.12)" { guest_is_fine trixie-arm64; }
@test "arm64, sid's kernel" { guest_is_fine sid-arm64; }
