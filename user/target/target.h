/* SPDX-License-Identifier: BSD-2-Clause */
/* target.h - one process to measure: which of its files holds the GIL, and where to probe it
 *
 * Resolving reads only; it never stops or changes the process. It is done by a worker (user/base/worker.h): the files and
 * the memory of a process are its owner's, and may be made to block, to be endless or to break who reads them.
 */
#ifndef GILTOP_TARGET_H
#define GILTOP_TARGET_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "user/base/cgroup.h"
#include "user/gil/gil_site.h"
#include "user/python/runtime.h"
#include "user/target/failure.h"

struct native_files;
struct sbuf;
struct where_names;
struct worker;

/* Analyses of ELF files, kept for the run: by build-id, else by device, inode, size and mtime. */
struct target_cache;
struct target_cache *target_cache__new(void); /* NULL + errno */
void target_cache__free(struct target_cache *c);
struct native_files *target_cache__native_files(struct target_cache *c); /* owned by c */
struct worker *target_cache__worker(struct target_cache *c);		 /* owned by c */
struct where_names *target_cache__names(struct target_cache *c);	 /* owned by c */

struct target {
	pid_t pid;
	char comm[64];
	char cmdline[512];
	char exe[512];
	uint64_t dev, ino; /* of the runtime; copies of a file have one analysis */
	uint64_t exe_ino;  /* 0: not known */
	uint32_t exe_dev;  /* as the kernel has it */
	char runtime[512]; /* the ELF that holds the GIL code, as the process names it */
	char open_path
		[512]; /* a name for the same inode that works from here: /proc/PID/map_files/.. */
	uint64_t text
		[2]; /* where the interpreter's own code is in memory: start, end; 0, 0: not known */
	uint64_t bias;		       /* address in the process = va in the file + bias */
	const struct py_runtime *py;   /* owned by the cache */
	const struct gil_sites *sites; /* owned by the cache */
	int gil_off;	/* free-threaded: 1: no GIL now, 0: it is on, -errno: not known yet */
	char note[160]; /* what the user must know, or "" */
	struct where where;
};

/* What a process is and where to probe it. pid: a process or thread id. steps: each step in words, for doctor (may be
 * NULL). why: one line when it fails: FAIL_GONE, FAIL_MAY_NOT_LOOK, FAIL_NOT_PYTHON, FAIL_REFUSED, FAIL_NO_MEMORY,
 * FAIL_SYSTEM; then ret is untouched.
 */
enum failure target__resolve(pid_t pid, struct target_cache *cache, struct sbuf *steps,
			     struct sbuf *why, struct target *ret);

/* Of one of many: why: one line, or ""; t: if it is resolved (FAIL_NONE). */
typedef void (*target_fn)(void *ctx, pid_t pid, enum failure f, const char *why,
			  const struct target *t);
/* As target__resolve() of each, in this order, many at a time, until giltop is to end: what a machine's processes take. */
void target__resolve_many(const uint32_t *pids, size_t cnt, struct target_cache *cache,
			  target_fn fn, void *ctx);

/* "; its child .. is (..): try ..", if one is a CPython, to be added to FAIL_NOT_PYTHON's words. Looks at every process of
 * the machine.
 */
void target__hint_child(pid_t pid, struct target_cache *cache, struct sbuf *ret);

/* What to tell the user of a free-threaded build, by target.gil_off. Static text. */
const char *target__free_threaded_note(int gil_off);

#endif
