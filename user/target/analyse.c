/* SPDX-License-Identifier: BSD-2-Clause */
/* analyse.c - what a file is, and what was found out of it before: in a worker */
#include "user/target/target_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "user/base/text.h"
#include "user/elf/elf_file.h"

static bool same_file(const struct analysis *a, const struct stat *st, const uint8_t *id,
		      size_t id_len, unsigned int opts)
{
	if (a->opts != opts)
		return false;
	if (id_len && a->build_id_len == id_len && !memcmp(a->build_id, id, id_len))
		return a->size == (uint64_t)st->st_size;
	return a->dev == st->st_dev && a->ino == st->st_ino && a->size == (uint64_t)st->st_size &&
	       a->mtime == (uint64_t)st->st_mtime;
}

/* CPython 2 and 3.6 and older have no _PyRuntime: say what they are instead of "not a CPython". */
static bool looks_like_old_python(const struct elf_file *elf)
{
	struct elf_sym sym;

	return !elf_file__find_sym(elf, "PyEval_SaveThread", &sym) &&
	       elf_file__find_sym(elf, "_PyRuntime", &sym);
}

/* Keep what was found out of a file. NULL: no memory. */
static struct analysis *add_analysis(struct target_cache *cache, const struct stat *st,
				     const uint8_t *id, size_t id_len, unsigned int opts)
{
	struct analysis *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	if (id_len)
		memcpy(a->build_id, id, id_len);
	a->build_id_len = id_len;
	a->dev = st->st_dev;
	a->ino = st->st_ino;
	a->size = (uint64_t)st->st_size;
	a->mtime = (uint64_t)st->st_mtime;
	a->opts = opts;
	a->next = cache->head;
	cache->head = a;
	return a;
}

int target__analyse(struct target_cache *cache, const struct elf_file *elf, const struct stat *st,
		    unsigned int opts, const struct analysis **ret)
{
	const uint8_t *id = NULL;
	size_t id_len = elf_file__build_id(elf, &id);
	struct py_runtime py = { 0 };
	char why[sizeof((*ret)->why)] = "";
	struct analysis *a;
	bool old;
	int err;

	if (id_len > sizeof(a->build_id))
		id_len = 0;
	for (a = cache->head; a && !same_file(a, st, id, id_len, opts);)
		a = a->next;
	*ret = a;
	if (a)
		return 0;
	err = py_runtime__identify(elf, &py, why, sizeof(why));
	old = err && looks_like_old_python(elf);
	if (err == -ENOENT && !old)
		return err;
	*ret = a = add_analysis(cache, st, id, id_len, opts);
	if (!a)
		return -ENOMEM;
	a->py = py;
	a->err = err;
	a->old_python = old;
	memcpy(a->why, why, sizeof(why));
	if (!err)
		a->err = gil_sites__find(elf, opts, a->why, sizeof(a->why), &a->sites);
	/* Both hold names from the file. */
	clean_in_place(a->why);
	clean_in_place(a->py.how);
	if (a->err == -ENOENT && a->py.runtime_va)
		a->err = -ENOTSUP; /* a CPython without the GIL's calls: refuse it as that */
	return 0;
}
