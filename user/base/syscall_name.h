/* SPDX-License-Identifier: BSD-2-Clause */
/* syscall_name.h - what the system calls of this architecture are called */
#ifndef GILTOP_BASE_SYSCALL_NAME_H
#define GILTOP_BASE_SYSCALL_NAME_H

/* NULL: none has this number, or one that is newer than the headers that this was built with. */
const char *syscall_name(int nr);

#endif
