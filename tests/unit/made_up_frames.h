/* SPDX-License-Identifier: BSD-2-Clause */
/* made_up_frames.h - frames and code objects of all versions on made-up memory, and the walker over them */
#ifndef GILTOP_TEST_MADE_UP_FRAMES_H
#define GILTOP_TEST_MADE_UP_FRAMES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "user/python/layout_table.h"

/* The target's memory: one region. */
#define BASE	0x10000ull
#define MEM_SZ	(1u << 19)
#define TSTATE	BASE
#define CFRAME	(BASE + 0x400)
#define FRAME0	(BASE + 0x1000)
#define FRAME_D 0x180u /* distance between frames */
#define CODE0	(BASE + 0x40000)
#define CODE_D	0x100u
#define NAME	(BASE + 0x60000)
#define FILE0	(BASE + 0x60100) /* every 7th frame's is another one */
#define FILE_D	0x100u
#define LINES	(BASE + 0x70000)

struct mem {
	uint8_t bytes[MEM_SZ];
	unsigned int reads;
};

static inline long read_mem(struct mem *m, void *dst, uint32_t size, uint64_t addr)
{
	m->reads++;
	if (addr < BASE || addr - BASE > MEM_SZ || size > MEM_SZ - (addr - BASE)) {
		memset(dst, 0, size);
		return -1;
	}
	memcpy(dst, m->bytes + (addr - BASE), size);
	return 0;
}

#define py_read(stack, dst, size, addr)                                                            \
	read_mem((struct mem *)(uintptr_t)(stack)->mem, dst, size, addr)
#include "bpf/pystack.bpf.h"

static inline void poke(struct mem *m, uint64_t addr, uint64_t v, size_t size)
{
	memcpy(m->bytes + (addr - BASE), &v, size);
}

static inline uint64_t code_at(unsigned int i)
{
	return CODE0 + (uint64_t)i * CODE_D;
}

/* Where frame i is in its code object, and its instruction pointer. */
static inline uint64_t place_of(const struct py_row *row, unsigned int i)
{
	return row->minor <= 10 ? i * 2 : row->obj.code_bytecode + i * 2;
}

static inline uint64_t instr_of(const struct py_row *row, unsigned int i, uint64_t code)
{
	return row->minor <= 10 ? place_of(row, i) : code + place_of(row, i);
}

/* An ASCII str; hash: UINT64_MAX: not computed. */
static inline void set_text(struct mem *m, const struct py_row *row, uint64_t at, const char *text,
			    uint64_t hash)
{
	const struct py_objects *o = &row->obj;
	size_t len = strlen(text);

	poke(m, at + o->str_length, len, 8);
	poke(m, at + o->str_length + 8, hash, 8);
	poke(m, at + o->str_state, 1u << o->str_kind_shift | 3u << (o->str_kind_shift + 3), 4);
	memcpy(m->bytes + (at - BASE) + o->str_ascii_size, text, len);
}

static inline void set_code(struct mem *m, const struct py_row *row, uint64_t at,
			    unsigned int first_line, uint64_t name, uint64_t file)
{
	const struct py_objects *o = &row->obj;

	poke(m, at + o->code_firstlineno, first_line, 4);
	poke(m, at + (row->minor > 10 ? o->code_qualname : o->code_name), name, 8);
	poke(m, at + o->code_filename, file, 8);
}

static inline uint64_t frame_at(unsigned int i)
{
	return FRAME0 + (uint64_t)i * FRAME_D;
}

static inline void set_frame(struct mem *m, const struct py_row *row, unsigned int i, uint64_t code,
			     unsigned int owner, uint64_t back)
{
	const struct py_layout *l = &row->layout;
	uint64_t f = frame_at(i);

	memset(m->bytes + (f - BASE), 0xa5, FRAME_D);
	poke(m, f + l->frame_code, code, 8);
	poke(m, f + l->frame_back, back, 8);
	poke(m, f + l->frame_instr, instr_of(row, i, code & ~(uint64_t)l->code_tag),
	     row->minor <= 10 ? 4 : 8);
	if (l->owner_mask)
		poke(m, f + l->frame_owner, owner, 1);
}

#define SET_CODES 300u

/* cnt frames, the outermost one's caller is last; every shim_every-th (if not 0) is a shim. */
static inline void make_chain(struct mem *m, const struct py_row *row, unsigned int cnt,
			      unsigned int shim_every, uint64_t last)
{
	uint64_t top = cnt ? FRAME0 : 0;

	memset(m, 0, sizeof(*m));
	set_text(m, row, NAME, "parse", 4711);
	for (unsigned int i = 0; i < 4; i++) {
		char file[] = "/srv/app/_.py";

		file[9] = (char)('a' + i);
		set_text(m, row, FILE0 + i * FILE_D, file, UINT64_MAX);
	}
	for (unsigned int i = 0; i < cnt; i++) {
		bool shim = shim_every && i % shim_every == shim_every - 1;

		set_frame(m, row, i, code_at(i) + (row->layout.code_tag & 1), shim ? 3 : i % 3,
			  i + 1 < cnt ? frame_at(i + 1) : last);
		if (i < SET_CODES)
			set_code(m, row, code_at(i), i, NAME, FILE0 + i / 7 % 4 * FILE_D);
	}
	if (row->layout.walk == PY_WALK_CFRAME) {
		poke(m, CFRAME + row->layout.cframe_current, top, 8);
		top = CFRAME;
	}
	poke(m, TSTATE + row->layout.tstate_frame, top, 8);
}

static struct py_walk w;

static inline void walk_from(struct mem *m, const struct py_layout *l, uint64_t tstate,
			     struct py_stack *s)
{
	memset(&w, 0xee, sizeof(w));
	w.x.mem = (__u64)(uintptr_t)m;
	py_walk_stack(l, tstate, &w);
	*s = w.stack;
	assert_true(s->cnt <= PY_STACK_MAX);
	assert_true(s->end < PY_END_CNT);
}

static inline void walk(struct mem *m, const struct py_layout *l, struct py_stack *s)
{
	walk_from(m, l, TSTATE, s);
}

static inline int set_up(void **state)
{
	*state = malloc(sizeof(struct mem));
	return *state ? 0 : -1;
}

static inline int tear_down(void **state)
{
	free(*state);
	return 0;
}

#endif
