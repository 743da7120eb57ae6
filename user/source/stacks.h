/* SPDX-License-Identifier: BSD-2-Clause */
/* stacks.h - from the kernel's sums by stack hash to sums by stack of names
 *
 * The kernel sums up time under the hash of a walked stack. Each hash is resolved once (functions,
 * files, lines) into an id of the stack store, and different hashes of one such stack are joined.
 */
#ifndef GILTOP_SOURCE_STACKS_H
#define GILTOP_SOURCE_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct native_sym;
struct probe;
struct py_process;
struct pysym;
struct stack_store;
struct pystacks;
struct sinks;
struct totals;
struct total_thread;

/* Of one process; any may be NULL (gone). */
struct pystacks_process {
	struct py_process *py;
	struct pysym *sym;
	struct native_sym *native;
	const char *runtime; /* path of the interpreter's file */
};

/* ret untouched, -1: not a process of ours (any more). */
typedef int (*pystacks_process_fn)(void *ctx, uint32_t tgid, struct pystacks_process *ret);

/* NULL + errno. probe, store and sinks must outlive it. The sinks get each new stack of the store. */
struct pystacks *pystacks__new(struct probe *probe, struct stack_store *store,
			       const struct sinks *sinks, pystacks_process_fn fn, void *ctx);
void pystacks__free(struct pystacks *s);
/* Right after probe__read(): adds what the sums by stack have grown by to the totals, the ids of the stacks that their GILs name by hash,
 * and the stacks of open waits, which quick leaves out where they would have to be walked. 0 or -errno.
 */
int pystacks__read(struct pystacks *s, struct totals *t, bool quick);
/* This stack is new in the kernel: look what it is called, while its code is there. */
void pystacks__take(struct pystacks *s, uint32_t tgid, uint64_t hash);
/* Its id, which the sinks know; 0: none, or not known. */
uint32_t pystacks__id(struct pystacks *s, uint32_t tgid, uint64_t hash);
/* Where a thread stands now, by its record (th: as totals have it). 0: not known. */
uint32_t pystacks__look(struct pystacks *s, struct total_thread *th);
/* These processes (sorted) ended, or other programs run under their pids: what was read of them counts no more. 0 or -ENOMEM. */
int pystacks__forget(struct pystacks *s, const uint32_t *tgids, size_t cnt);
/* From now on, to cost less: do not read stacks of open waits; do not look for names of native functions (those of stacks
 * that were resolved without are looked for when that is over).
 */
void pystacks__leave_out(struct pystacks *s, bool walks, bool native);
/* From now on look at the stacks of all threads at each reading, not only of those that wait. */
void pystacks__look_at_all(struct pystacks *s);

#endif
