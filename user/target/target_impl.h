/* SPDX-License-Identifier: BSD-2-Clause */
/* target_impl.h - what target.c and look.c share; nobody else includes it */
#ifndef GILTOP_TARGET_IMPL_H
#define GILTOP_TARGET_IMPL_H

#include "user/target/dull_files.h"
#include "user/target/target.h"

#define BAD_FILES 64

/* What a file turned out to be. */
struct analysis {
	uint8_t build_id[32];
	size_t build_id_len;
	uint64_t dev, ino, size, mtime;
	unsigned int opts;
	int err;	 /* of the search, with why */
	bool old_python; /* CPython 2, 3.6 and older */
	char why[256];
	struct py_runtime py;
	struct gil_sites sites;
	struct analysis *next;
};

/* A file by what a mapping says of it. */
struct file_id {
	uint64_t inode;
	uint32_t dev_major, dev_minor;
};

/* What we and the worker both see. */
struct shared {
	struct file_id now; /* the file that it looks into; inode 0: none */
	uint64_t since_ns;  /* when it began to */
	size_t at;	    /* which of the processes that it was asked for */
	size_t bad_cnt;	    /* files at which a worker was lost: they are not tried again */
	struct file_id bad[BAD_FILES];
};

/* One is ours, the worker has another: it keeps what it has found out while it lives. */
struct target_cache {
	struct analysis *head; /* of interpreters, and of what looked like one */
	struct dull_files dull;
	struct native_files *files;
	struct worker *worker;
	struct where_names *names;
	struct shared *shared;
};

struct elf_file;
struct stat;

/* analyse.c, in the worker: identify the interpreter and find its sites, or look the answer up. 0: what was found is in it, or why not; -ENOENT: no
 * Python, and nothing is kept of it; -ENOMEM.
 */
int target__analyse(struct target_cache *cache, const struct elf_file *elf, const struct stat *st,
		    unsigned int opts, const struct analysis **ret);
/* look.c, in the worker: as target__resolve(); the cache is the worker's copy. */
enum failure target__look(pid_t pid, struct target_cache *cache, struct sbuf *steps,
			  struct sbuf *why, struct target *ret);

#endif
