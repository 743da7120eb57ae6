/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/caps.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/base/sbuf.h"
#include "user/base/util.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF	    39
#endif

uint64_t caps__effective(void)
{
	struct sbuf b = { 0 };
	const char *at;
	uint64_t v = 0;

	if (!read_file(AT_FDCWD, "/proc/self/status", 16384, &b)) {
		at = strstr(sbuf__str(&b), "\nCapEff:");
		if (at)
			v = strtoull(at + 8, NULL, 16);
	}
	sbuf__free(&b);
	return v;
}

bool caps__has(unsigned int cap)
{
	return caps__effective() >> cap & 1;
}

bool caps__may_trace(void)
{
	uint64_t e = caps__effective();

	if (e >> CAP_SYS_ADMIN & 1)
		return true;
	return (e >> CAP_BPF & 1) && (e >> CAP_PERFMON & 1);
}

const char *caps__btf_path(void)
{
	const char *other = getenv("GILTOP_BTF");

	return other ? other : "/sys/kernel/btf/vmlinux";
}

bool caps__has_btf(void)
{
	return access(caps__btf_path(), R_OK) == 0;
}

bool caps__lockdown_confidential(void)
{
	struct sbuf b = { 0 };
	bool on = !read_file(AT_FDCWD, "/sys/kernel/security/lockdown", 256, &b) &&
		  strstr(sbuf__str(&b), "[confidentiality]");

	sbuf__free(&b);
	return on;
}
