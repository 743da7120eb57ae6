/* SPDX-License-Identifier: BSD-2-Clause */
/* made_up_code.h - str, bytes and code objects of all versions, in this process's own memory */
#ifndef GILTOP_TEST_MADE_UP_CODE_H
#define GILTOP_TEST_MADE_UP_CODE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/python/object.h"
#include "user/python/sym.h"

static inline uint64_t at(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static inline void put(void *obj, unsigned int off, uint64_t v, size_t size)
{
	memcpy((char *)obj + off, &v, size);
}

/* Some address that stands for PyCode_Type. */
static const char code_type[16];

static inline struct py_process *open_self(int minor, pid_t pid)
{
	const struct py_row *row = py_row__find(minor, false);
	struct py_runtime rt = { .major = 3, .minor = minor, .machine = EM_X86_64 };
	struct py_process *p;

	rt.layout = row->layout;
	rt.obj = row->obj;
	rt.code_type_va = at(code_type);
	p = py_process__new(pid, &rt, 0);
	assert_non_null(p);
	return p;
}

static const struct py_objects *objs(const struct py_process *p)
{
	return &py_process__runtime(p)->obj;
}

/* A str with characters of kind bytes; caller frees. */
static inline void *make_str(const struct py_objects *o, const void *chars, size_t cnt,
			     unsigned int kind, bool ascii)
{
	char *s = calloc(1, 128 + cnt * kind);
	unsigned int shift = o->str_kind_shift;

	assert_non_null(s);
	put(s, o->str_length, cnt, 8);
	put(s, o->str_length + 8, UINT64_MAX, 8); /* its hash is not computed */
	put(s, o->str_state, kind << shift | 1u << (shift + 3) | (unsigned int)ascii << (shift + 4),
	    4);
	memcpy(s + (ascii ? o->str_ascii_size : o->str_compact_size), chars, cnt * kind);
	return s;
}

static inline void *make_text(const struct py_objects *o, const char *text)
{
	return make_str(o, text, strlen(text), 1, true);
}

static inline void *make_bytes(const struct py_objects *o, const void *data, size_t len)
{
	char *b = calloc(1, 64 + len);

	assert_non_null(b);
	put(b, o->var_size, len, 8);
	memcpy(b + o->bytes_data, data, len);
	return b;
}

struct code {
	char obj[8192];
	void *name, *file, *lines;
};

static inline void make_code(struct code *c, const struct py_objects *o, const char *name,
			     unsigned int firstlineno, const void *lines, size_t len)
{
	memset(c->obj, 0, sizeof(c->obj));
	c->name = make_text(o, name);
	c->file = make_text(o, "/srv/app/main.py");
	c->lines = make_bytes(o, lines, len);
	put(c->obj, o->ob_type, at(code_type), 8);
	put(c->obj, o->code_name, at(c->name), 8);
	put(c->obj, o->code_filename, at(c->file), 8);
	put(c->obj, o->code_lines, at(c->lines), 8);
	put(c->obj, o->code_firstlineno, firstlineno, 4);
	if (o->code_qualname == PY_NONE)
		return;
	put(c->obj, o->code_qualname, at(c->name), 8);
	put(c->obj, o->code_firsttraceable, 3, 4);
	put(c->obj, o->var_size, 2000, 8);
}

static inline void free_code(struct code *c)
{
	free(c->name);
	free(c->file);
	free(c->lines);
}

/* The frame of c at a code unit. */
static inline struct py_frame_ref frame_of(const struct code *c, const struct py_process *p,
					   int64_t unit, uint64_t owner)
{
	const struct py_objects *o = objs(p);
	struct py_frame_ref ref = { .id = py_process__code_id(p, at(c->obj)) };

	if (o->code_bytecode == PY_NONE)
		ref.where = (uint32_t)((uint32_t)unit << o->lasti_shift);
	else
		ref.where = ((o->code_bytecode + 2 * (uint64_t)unit) & ~(0xffull << 56)) |
			    owner << PY_WHERE_OWNER_SHIFT;
	return ref;
}

static inline int resolve(struct pysym *ps, const struct py_frame_ref *ref, const struct code *c,
			  struct pysym_frame *ret)
{
	pysym__begin(ps);
	return pysym__resolve(ps, ref, c ? at(c->obj) : 0, ret);
}

static const uint8_t one_line[] = { 0x80 | 11 << 3 | 7, 1, 2 }; /* 8 units, +1 */

#endif
