/* SPDX-License-Identifier: BSD-2-Clause */
/* dull_files.h - files in which there is no CPython: what most processes have mapped, the same over and over */
#ifndef GILTOP_DULL_FILES_H
#define GILTOP_DULL_FILES_H

#include <stdbool.h>

#include "user/base/hmap.h"

struct stat;

struct dull_files {
	struct hmap by_id; /* (inode, device) -> size and times, as a number */
};

/* Was it found to be one, and has it not been written to since? st: of the opened file. (What a mapping says does not tell
 * files apart: those of two subvolumes of btrfs may have the same device and inode there.)
 */
bool dull_files__has(const struct dull_files *d, const struct stat *st);
/* It is one. Forgotten for want of memory: then it is looked into again. */
void dull_files__add(struct dull_files *d, const struct stat *st);
void dull_files__free(struct dull_files *d);

#endif
