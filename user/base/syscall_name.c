/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/syscall_name.h"

#include <asm/unistd.h>
#include <stddef.h>

#include "user/base/util.h"

/* One row for each __NR_ of the headers: the Makefile makes them. */
static const char *const names[] = {
#include "syscall_names.inc"
};

const char *syscall_name(int nr)
{
	return nr >= 0 && (size_t)nr < ARRAY_SIZE(names) ? names[nr] : NULL;
}
