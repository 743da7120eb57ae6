/* SPDX-License-Identifier: BSD-2-Clause */
/* sym.h - from a frame as walked (id of a code object, place in it) to function, file and line
 *
 * One per process. What a code object is called comes from the kernel, which has read it when it first met it, and
 * from memory. An id stands for what is shown (bpf/pycode.bpf.h), so what is kept stays true; memory is believed if
 * the object there has the id.
 */
#ifndef GILTOP_PYTHON_SYM_H
#define GILTOP_PYTHON_SYM_H

#include <stdbool.h>
#include <stdint.h>
#include "bpf/pystack.h"
#include "user/python/process.h"

struct pysym;

struct pysym_frame {
	const char *name; /* qualified from 3.11 on; clean text; lives until pysym__begin() */
	const char *file;
	uint32_t line; /* 0: none, or not known any more */
};

struct pysym_stats {
	uint64_t codes;	     /* code objects learned */
	uint64_t unreadable; /* frames whose code object is not known (counted at each try) */
	uint64_t bytes;	     /* names and tables kept now */
	uint64_t no_line;    /* frames without a line: that would have taken too long to find */
};

/* p must outlive it. NULL + errno: ENOMEM. */
struct pysym *pysym__new(const struct py_process *p);
void pysym__free(struct pysym *ps);

/* Another stack comes: the strings of frames resolved before are no longer valid. */
void pysym__begin(struct pysym *ps);
/* A reading begins: there is time again to look for lines in long tables. */
void pysym__refill(struct pysym *ps);
/* Would pysym__learn() help: is it not known, or not all of it? */
bool pysym__wants(const struct pysym *ps, uint64_t id);
/* What the kernel has of a code object; what did not fit there is read from memory. 0 or -ENOMEM. */
int pysym__learn(struct pysym *ps, const struct py_code *code);

/* addr: where the code object is, for one that is not known yet; 0: nobody knows. 0; -ENOENT: a frame that is still
 * being set up: leave it out, as CPython does; -EFAULT: the code object is not known and not there (any more; or
 * never was: a torn walk); -ENOMEM.
 */
int pysym__resolve(struct pysym *ps, const struct py_frame_ref *ref, uint64_t addr,
		   struct pysym_frame *ret);

const struct pysym_stats *pysym__stats(const struct pysym *ps);

#endif
