/* SPDX-License-Identifier: BSD-2-Clause */
/* engine_files.h - the names of a container in the files of its engine, and the host name of a process: in a worker */
#ifndef GILTOP_TARGET_ENGINE_FILES_H
#define GILTOP_TARGET_ENGINE_FILES_H

#include <stdbool.h>
#include <sys/types.h>

#include "user/base/cgroup.h"

/* root: before the engines' paths. Of w the id and, if it is known, the engine are wanted; added are WHERE_NAME,
 * WHERE_POD_NAME and the engine whose files know that id.
 */
void engine_files__find(const char *root, struct where *w);
/* /etc/hostname in the root of the process, if it is a name: "" else. */
void engine_files__host_name(pid_t pid, char *buf, size_t sz);

#endif
