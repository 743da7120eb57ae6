/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/caps.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "user/base/sbuf.h"
#include "user/base/util.h"

static uint64_t effective(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &head, data))
		return 0;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

bool caps__has(unsigned int cap)
{
	return effective() >> cap & 1;
}

bool caps__may_trace(void)
{
	return caps__has(CAP_SYS_ADMIN) || (caps__has(CAP_BPF) && caps__has(CAP_PERFMON));
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
