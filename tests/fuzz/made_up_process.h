/* SPDX-License-Identifier: BSD-2-Clause */
/* made_up_process.h - the memory of a CPython of any version as it should be, for a fuzzer to change
 *
 * One interpreter, its GIL, two threads: the second runs one frame, and sys.modules["threading"]._active knows it as a
 * Thread with a _name.
 */
#ifndef GILTOP_MADE_UP_PROCESS_H
#define GILTOP_MADE_UP_PROCESS_H

#include "user/python/layout_table.h"

#include "tests/fuzz/fuzz.h"

#define MADE_UP_SZ    0x4000
#define MADE_UP_OWN   8 /* the second thread's id as it sees itself */
#define MADE_UP_IDENT 0x7e0000000123ull

/* Where things are in it. */
enum made_up {
	MU_RUNTIME = 0,
	MU_CODE_TYPE = 16,
	MU_INTERP = 0x800,
	MU_GIL = 0x2800,
	MU_TSTATE = 0x2900,
	MU_TSTATE2 = 0x2b00,
	MU_TEXTS = 0x2d00,
	MU_MODULES = 0x3000,
	MU_MODULE = 0x3100,
	MU_MODULE_DICT = 0x3180,
	MU_ACTIVE = 0x3280,
	MU_IDENT = 0x3380,
	MU_THREAD = 0x33c0,
	MU_TYPE = 0x3400,
	MU_THREAD_DICT = 0x3800,
	MU_CFRAME = 0x3900,
	MU_FRAME = 0x3940,
	MU_CODE = 0x3a00,
	MU_LINES = 0x3b00,
};

struct made_up_process {
	uint8_t bytes[MADE_UP_SZ];
	const struct py_row *row;
	size_t text_end;
};

static inline uint64_t mu_addr(size_t off)
{
	return FUZZ_MEM_BASE + off;
}

static inline void mu_put(struct made_up_process *m, size_t off, uint64_t v)
{
	promise(off + 8 <= sizeof(m->bytes));
	memcpy(m->bytes + off, &v, 8);
}

/* An ASCII str that nobody has hashed. Its address. */
static inline uint64_t mu_text(struct made_up_process *m, const char *s)
{
	const struct py_objects *o = &m->row->obj;
	size_t at = m->text_end;

	mu_put(m, at + o->str_length, strlen(s));
	mu_put(m, at + o->str_length + 8, UINT64_MAX);
	m->bytes[at + o->str_state + o->str_kind_shift / 8] = 0;
	mu_put(m, at + o->str_state, (uint64_t)(1 | 1 << 3 | 1 << 4) << o->str_kind_shift);
	memcpy(m->bytes + at + o->str_ascii_size, s, strlen(s) + 1);
	m->text_end += (o->str_ascii_size + strlen(s) + 8) & ~7ul;
	promise(m->text_end < MU_MODULES);
	return mu_addr(at);
}

/* A dict of one item; its keys follow it. */
static inline void mu_dict(struct made_up_process *m, size_t at, uint64_t key, uint64_t value)
{
	const struct py_objects *o = &m->row->obj;
	size_t keys = at + 0x50, entry = keys + o->keys_indices + 8;

	mu_put(m, at + o->dict_keys, mu_addr(keys));
	mu_put(m, keys + 8, o->keys_log2 ? 3 | 3 << 8 : 8);
	mu_put(m, keys + o->keys_nentries, 1);
	mu_put(m, entry + 8, key);
	mu_put(m, entry + 16, value);
}

static inline void mu_tstate(struct made_up_process *m, size_t at, uint64_t next, uint64_t ident,
			     uint64_t own)
{
	const struct py_objects *o = &m->row->obj;

	mu_put(m, at + o->tstate_next, next);
	mu_put(m, at + o->tstate_interp, mu_addr(MU_INTERP));
	mu_put(m, at + o->tstate_thread_id, ident);
	if (o->tstate_native_id != PY_NONE)
		mu_put(m, at + o->tstate_native_id, own);
}

static inline void mu_threads(struct made_up_process *m)
{
	const struct py_objects *o = &m->row->obj;
	size_t gil = o->rt_gil != PY_NONE ? MU_RUNTIME + o->rt_gil : MU_GIL;

	mu_put(m, MU_RUNTIME + o->rt_interp_head, mu_addr(MU_INTERP));
	mu_put(m, MU_INTERP + o->interp_threads, mu_addr(MU_TSTATE));
	if (o->interp_gil != PY_NONE)
		mu_put(m, MU_INTERP + o->interp_gil, mu_addr(gil));
	mu_put(m, gil + o->gil_interval, 5000);
	mu_put(m, gil + o->gil_last_holder, mu_addr(MU_TSTATE2));
	m->bytes[gil + o->gil_locked] = 1;
	mu_tstate(m, MU_TSTATE, mu_addr(MU_TSTATE2), MADE_UP_IDENT - 1, MADE_UP_OWN - 1);
	mu_tstate(m, MU_TSTATE2, 0, MADE_UP_IDENT, MADE_UP_OWN);
}

static inline void mu_names(struct made_up_process *m)
{
	const struct py_objects *o = &m->row->obj;

	if (o->interp_modules == PY_NONE)
		return;
	mu_put(m, MU_INTERP + o->interp_modules, mu_addr(MU_MODULES));
	mu_dict(m, MU_MODULES, mu_text(m, "threading"), mu_addr(MU_MODULE));
	mu_put(m, MU_MODULE + o->module_dict, mu_addr(MU_MODULE_DICT));
	mu_dict(m, MU_MODULE_DICT, mu_text(m, "_active"), mu_addr(MU_ACTIVE));
	mu_dict(m, MU_ACTIVE, mu_addr(MU_IDENT), mu_addr(MU_THREAD));
	mu_put(m, MU_IDENT + o->var_size, o->int_tagged ? 2 << 3 : 2);
	mu_put(m, MU_IDENT + o->var_size + 8,
	       (MADE_UP_IDENT & 0x3fffffff) | MADE_UP_IDENT >> 30 << 32);
	mu_put(m, MU_THREAD + o->ob_type, mu_addr(MU_TYPE));
	mu_put(m, MU_TYPE + o->type_dictoffset, 0x20);
	mu_put(m, MU_THREAD + 0x20, mu_addr(MU_THREAD_DICT));
	mu_dict(m, MU_THREAD_DICT, mu_text(m, "_name"), mu_text(m, "worker-1"));
}

static inline void mu_frame(struct made_up_process *m)
{
	static const uint8_t lines[] = { 0x80 | 11 << 3 | 2, 1, 2, 0x80 | 13 << 3, 3 };
	const struct py_layout *l = &m->row->layout;
	const struct py_objects *o = &m->row->obj;
	size_t code = MU_CODE + l->object_head;
	bool units = o->code_bytecode != PY_NONE;

	if (l->walk == PY_WALK_CFRAME) {
		mu_put(m, MU_TSTATE2 + l->tstate_frame, mu_addr(MU_CFRAME));
		mu_put(m, MU_CFRAME + l->cframe_current, mu_addr(MU_FRAME));
	} else {
		mu_put(m, MU_TSTATE2 + l->tstate_frame, mu_addr(MU_FRAME));
	}
	mu_put(m, MU_FRAME + l->frame_code, mu_addr(MU_CODE));
	mu_put(m, MU_FRAME + l->frame_instr, units ? mu_addr(MU_CODE) + o->code_bytecode + 4 : 4);
	mu_put(m, MU_CODE + l->object_head - 8, mu_addr(MU_CODE_TYPE));
	mu_put(m, code + l->code_first_line, 10);
	if (units)
		mu_put(m, code + l->code_extra, 8);
	mu_put(m, code + l->code_name, mu_text(m, "handler"));
	mu_put(m, code + l->code_file, mu_text(m, "/srv/app.py"));
	mu_put(m, code + l->code_lines, mu_addr(MU_LINES));
	mu_put(m, MU_LINES + o->var_size, sizeof(lines));
	memcpy(m->bytes + MU_LINES + o->bytes_data, lines, sizeof(lines));
}

static inline void made_up_process(struct made_up_process *m, const struct py_row *row)
{
	memset(m, 0, sizeof(*m));
	m->row = row;
	m->text_end = MU_TEXTS;
	mu_threads(m);
	mu_names(m);
	mu_frame(m);
}

#endif
