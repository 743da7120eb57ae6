/* SPDX-License-Identifier: BSD-2-Clause */
/* sym.h - from a frame as walked (code object, instruction) to function, file and line
 *
 * One per process. Code objects are read with process_vm_readv once and kept; as they can be freed
 * and their address be used again, a kept one is compared with memory once a round.
 */
#ifndef GILTOP_PYTHON_SYM_H
#define GILTOP_PYTHON_SYM_H

#include <stdint.h>
#include "bpf/pystack.h"
#include "user/python/process.h"

struct pysym;

struct pysym_frame {
	const char *name; /* qualified from 3.11 on; clean text; lives until the next round */
	const char *file;
	uint32_t line; /* 0: none */
};

struct pysym_stats {
	uint64_t codes;	     /* code objects read */
	uint64_t reused;     /* addresses found to hold another code object than before */
	uint64_t unreadable; /* code objects that were gone or none (counted at each try) */
	uint64_t text_bytes; /* names kept now */
	uint64_t stale;	     /* answered from the cache, as the memory was gone */
};

/* p must outlive it. NULL + errno: ENOMEM. */
struct pysym *pysym__new(const struct py_process *p);
void pysym__free(struct pysym *ps);

/* Start a new round: kept code objects are compared with memory again, once each; the strings of
 * frames resolved before are no longer valid.
 */
void pysym__next_round(struct pysym *ps);

/* 0; -ENOENT: a frame that is still being set up: leave it out, as CPython does; -EFAULT: the code
 * object is not there any more (or never was: a torn walk); -ENOMEM.
 */
int pysym__resolve(struct pysym *ps, const struct py_frame_ref *ref, struct pysym_frame *ret);

/* The round in which the code object that is at this address now was first seen there (compared with memory once a
 * round); 0: none is readable. What was resolved in an earlier round was another one's.
 */
uint32_t pysym__since(struct pysym *ps, uint64_t code);
uint32_t pysym__round(const struct pysym *ps);

const struct pysym_stats *pysym__stats(const struct pysym *ps);

#endif
