/* SPDX-License-Identifier: BSD-2-Clause */
/* native_table.h - functions by address, in the worker of native_sym.c */
#ifndef GILTOP_TARGET_NATIVE_TABLE_H
#define GILTOP_TARGET_NATIVE_TABLE_H

#include <stdint.h>
#include <sys/types.h>

struct native_tables; /* zero-initialise: native_tables__new() */

/* All addresses from start on, before end, have this answer. */
struct native_range {
	uint64_t start, end;
	char object[128]; /* "": no file is mapped there */
	char symbol[192]; /* "": no function is known there */
};

struct native_tables *native_tables__new(void); /* NULL: no memory */
void native_tables__free(struct native_tables *t);
/* serial: another one when the pid is another program. */
void native_tables__find(struct native_tables *t, pid_t pid, uint64_t serial, uint64_t ip,
			 struct native_range *ret);
uint64_t native_tables__reads(const struct native_tables *t); /* files that were read */

#endif
