/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/target/dull_files.h"

#include <sys/stat.h>
#include <time.h>

#include "user/base/budgets.h"

/* The kernel's clock for files has steps: what was changed so recently may be changed once more without a new time. */
#define SETTLED_S 2

/* What a change of the file changes, as a pointer that is not NULL. */
static void *state_of(const struct stat *st)
{
	const int64_t state[] = { st->st_size, st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
				  st->st_ctim.tv_sec, st->st_ctim.tv_nsec };

	return (void *)(uintptr_t)(hash_bytes(HASH_START, state, sizeof(state)) | 1);
}

bool dull_files__has(const struct dull_files *d, const struct stat *st)
{
	return hmap__get(&d->by_id, st->st_ino, st->st_dev) == state_of(st);
}

void dull_files__add(struct dull_files *d, const struct stat *st)
{
	void *before;

	if (st->st_ctim.tv_sec > time(NULL) - SETTLED_S)
		return;
	if (d->by_id.cnt >= BUDGET_DULL_FILES)
		hmap__clear(&d->by_id);
	hmap__swap(&d->by_id, st->st_ino, st->st_dev, state_of(st), &before);
}

void dull_files__free(struct dull_files *d)
{
	hmap__free(&d->by_id);
}
