/* SPDX-License-Identifier: BSD-2-Clause */
/* where_names.h - where a process runs, with what its cgroups do not say: names, and its pid in there
 *
 * Names are in the files of the engine, where those may be read, else the host name of the container is one: read in the
 * target's own root, and so by a worker (user/base/worker.h). Nobody's namespace is entered for it.
 */
#ifndef GILTOP_TARGET_WHERE_NAMES_H
#define GILTOP_TARGET_WHERE_NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "user/base/cgroup.h"

/* Containers that have been asked for, kept for the run. */
struct where_names;
/* root: where the engines' files are, "" but for tests. NULL + errno. */
struct where_names *where_names__new(const char *root);
void where_names__free(struct where_names *n);

/* All of it. What cannot be found out is "": of a process that is gone, all. */
void where_names__find(struct where_names *n, pid_t pid, struct where *ret);
/* As the worker's (user/base/worker.h). */
uint64_t where_names__lost_cnt(const struct where_names *n);
uint64_t where_names__cpu_ns(const struct where_names *n);

#endif
