/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/preflight.h"

#include <stdio.h>

#include "user/app/opts.h"
#include "user/base/caps.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/target/failure.h"

int preflight__check(const struct opts *o)
{
	__cleanup(sbuf__free) struct sbuf why = { 0 };

	for (size_t i = 0; i < o->pid_cnt; i++) {
		if (proc__exists((pid_t)o->pids[i]))
			continue;
		sbuf__printf(&why, "no process with pid %u", o->pids[i]);
		return failure__say(FAIL_GONE, sbuf__str(&why), 0);
	}
	if (!caps__may_trace())
		return failure__say(FAIL_MAY_NOT_TRACE, NULL, 0);
	/* The kernel's events have the machine's ids, /proc here has others: nothing would be seen. */
	if (!proc__in_init_pidns())
		return failure__say(FAIL_PID_NAMESPACE, NULL, 0);
	if (!caps__has_btf()) {
		sbuf__printf(&why, "this kernel has no BTF (%s is missing: CONFIG_DEBUG_INFO_BTF)",
			     caps__btf_path());
		return failure__say(FAIL_NO_BTF, sbuf__str(&why), 0);
	}
	return 0;
}
