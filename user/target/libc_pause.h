/* SPDX-License-Identifier: BSD-2-Clause */
/* libc_pause.h - where a process has pause(), the function of its C library */
#ifndef GILTOP_TARGET_LIBC_PAUSE_H
#define GILTOP_TARGET_LIBC_PAUSE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct target_cache;

/* runtime: the file that may have a C library inside. path: a name for the file it is in that works from here; off: in
 * that file. 0 or -errno; -ENOENT: not mapped (yet), or without a name. By the worker of cache.
 */
int libc_pause__find(struct target_cache *cache, pid_t pid, const char *runtime, char *path,
		     size_t path_sz, uint64_t *off);

#endif
