/* SPDX-License-Identifier: BSD-2-Clause */
/* thread_name.h - what a Python program calls its threads */
#ifndef GILTOP_PYTHON_THREAD_NAME_H
#define GILTOP_PYTHON_THREAD_NAME_H

#include <stddef.h>
#include <stdint.h>
#include "user/python/process.h"

struct pysym;

enum py_name_source {
	PY_NAME_NONE = 0,
	PY_NAME_COMM,	   /* the kernel's name of the thread: the program (or 3.14+) has set it */
	PY_NAME_THREADING, /* threading.Thread.name */
	PY_NAME_FUNCTION,  /* no Thread object: the function it started with */
	PY_NAME_PROGRAM,   /* nothing better known: the kernel's name, as inherited */
};

struct py_thread_name {
	char name[64]; /* clean text */
	enum py_name_source source;
};

#define PY_ACTIVES_MAX 4

/* Where interpreters have been found to keep threading._active: looking for it costs more than all the rest.
 * Zero-initialise, and again from time to time.
 */
struct py_actives {
	size_t newest; /* not 0: so many of the threads are looked at, from the newest one back */
	size_t cnt;
	struct {
		uint64_t interp, dict;
	} at[PY_ACTIVES_MAX];
};

/* Names of n threads (as from py_process__threads) into ret[0..n-1], best source first, in the order
 * of the enum above. ps, if not NULL, is used to name threads after their functions; known may be NULL.
 */
void py_thread_names__read(struct py_process *p, struct pysym *ps, struct py_actives *known,
			   const struct py_thread *threads, size_t n, struct py_thread_name *ret);

#endif
