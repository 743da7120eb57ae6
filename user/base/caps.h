/* SPDX-License-Identifier: BSD-2-Clause */
/* caps.h - what this kernel and our privileges allow */
#ifndef GILTOP_BASE_CAPS_H
#define GILTOP_BASE_CAPS_H

#include <linux/capability.h>
#include <stdbool.h>

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF	    39
#endif

/* Is it in effect for this process? */
bool caps__has(unsigned int cap);
/* Enough to load and attach: CAP_SYS_ADMIN, or CAP_BPF and CAP_PERFMON. */
bool caps__may_trace(void);
/* Where the kernel's type information is; GILTOP_BTF names another file, for tests. */
const char *caps__btf_path(void);
bool caps__has_btf(void);
/* The kernel forbids reading memory even to root. */
bool caps__lockdown_confidential(void);

#endif
