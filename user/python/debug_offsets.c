/* SPDX-License-Identifier: BSD-2-Clause */
/* debug_offsets.c - read _Py_DebugOffsets, what CPython 3.13+ says about its own layout
 *
 * The table is the first member of _PyRuntime, initialised data, so it can be read from the file. Its
 * own layout changes with the minor version and is not described in it: the positions below are those
 * of the headers, checked against the files of 3.13.0, 3.13.18, 3.14.10 and 3.15.2. It does not cover
 * all that a walk needs (which owners are shims, tag bits, what the instruction pointer means). So a
 * field on which the walk rests must be as the row knows it; the rest may differ between patch
 * releases (3.14.5 did that) and is taken over.
 */
#include "user/python/layout_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "user/base/util.h"

enum strictness {
	MUST, /* differs from the row: refuse */
	MAY,  /* differs from the row: take it over */
};

/* A column for each minor version from this one on; all tables below have as many. */
#define FIRST_MINOR 13

/* The table as such, and the GIL's own fields, given from the start of the interpreter: only their distance counts. */
static const struct {
	uint16_t size, gil, locked, last_holder;
} columns[] = { { 584, 120, 136, 144 }, { 760, 128, 144, 152 }, { 888, 128, 144, 152 } };

struct dbg_field {
	const char *name;
	uint16_t pos[ARRAY_SIZE(columns)]; /* in the table of 3.13, 3.14, 3.15 */
	uint16_t member;		   /* in struct py_row */
	uint8_t strict;
};

#define L(f) offsetof(struct py_row, layout.f)
#define O(f) offsetof(struct py_row, obj.f)

static const struct dbg_field fields[] = {
	{ "runtime_state.interpreters_head", { 40, 40, 40 }, O(rt_interp_head), MAY },
	{ "interpreter_state.id", { 56, 56, 56 }, O(interp_id), MAY },
	{ "interpreter_state.next", { 64, 64, 64 }, O(interp_next), MAY },
	{ "interpreter_state.threads_head", { 72, 72, 72 }, O(interp_threads), MAY },
	{ "interpreter_state.gc", { 80, 88, 88 }, O(interp_gc), MAY },
	{ "interpreter_state.imports_modules", { 88, 96, 96 }, O(interp_modules), MAY },
	{ "interpreter_state.ceval_gil", { 112, 120, 120 }, O(interp_gil), MAY },
	{ "thread_state.next", { 168, 192, 192 }, O(tstate_next), MAY },
	{ "thread_state.interp", { 176, 200, 200 }, O(tstate_interp), MAY },
	{ "thread_state.current_frame", { 184, 208, 208 }, L(tstate_frame), MAY },
	{ "thread_state.thread_id", { 192, 216, 240 }, O(tstate_thread_id), MAY },
	{ "thread_state.native_thread_id", { 200, 224, 248 }, O(tstate_native_id), MAY },
	{ "interpreter_frame.previous", { 232, 256, 320 }, L(frame_back), MUST },
	{ "interpreter_frame.executable", { 240, 264, 328 }, L(frame_code), MUST },
	{ "interpreter_frame.instr_ptr", { 248, 272, 336 }, L(frame_instr), MUST },
	{ "interpreter_frame.owner", { 264, 288, 352 }, L(frame_owner), MUST },
	{ "code_object.filename", { 280, 320, 384 }, O(code_filename), MUST },
	{ "code_object.name", { 288, 328, 392 }, O(code_name), MUST },
	{ "code_object.qualname", { 296, 336, 400 }, O(code_qualname), MUST },
	{ "code_object.linetable", { 304, 344, 408 }, O(code_lines), MUST },
	{ "code_object.firstlineno", { 312, 352, 416 }, O(code_firstlineno), MUST },
	{ "code_object.co_code_adaptive", { 344, 384, 448 }, O(code_bytecode), MUST },
	{ "pyobject.ob_type", { 360, 408, 472 }, O(ob_type), MUST },
	{ "bytes_object.ob_size", { 520, 600, 696 }, O(var_size), MUST },
	{ "bytes_object.ob_sval", { 528, 608, 704 }, O(bytes_data), MUST },
	{ "unicode_object.state", { 544, 624, 720 }, O(str_state), MUST },
	{ "unicode_object.length", { 552, 632, 728 }, O(str_length), MUST },
	{ "unicode_object.asciiobject_size", { 560, 640, 736 }, O(str_ascii_size), MUST },
	{ "gc.collecting", { 576, 656, 760 }, O(gc_collecting), MAY },
};

/* The column of a version, or -1. */
static int column_of(int minor)
{
	int i = minor - FIRST_MINOR;

	return i >= 0 && i < (int)ARRAY_SIZE(columns) ? i : -1;
}

size_t py_debug_offsets__size(int minor)
{
	int col = column_of(minor);

	return col < 0 ? 0 : columns[col].size;
}

static int check_gil(const struct py_row *row, int col, const char *table, char *why, size_t why_sz)
{
	uint64_t gil = load_u64(table + columns[col].gil);
	uint64_t locked = load_u64(table + columns[col].locked) - gil;
	uint64_t holder = load_u64(table + columns[col].last_holder) - gil;

	if (locked == row->obj.gil_locked && holder == row->obj.gil_last_holder)
		return 0;
	snprintf(why, why_sz, "debug offsets: gil.locked %lld, last_holder %lld; known: %u, %u",
		 (long long)locked, (long long)holder, row->obj.gil_locked,
		 row->obj.gil_last_holder);
	return -ENOTSUP;
}

int py_row__apply_debug_offsets(struct py_row *row, const void *table, size_t len, char *why,
				size_t why_sz)
{
	int col = column_of(row->minor), differs = 0, err;

	if (col < 0 || len < columns[col].size)
		return -EINVAL;
	err = check_gil(row, col, table, why, why_sz);
	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct dbg_field *f = &fields[i];
		uint64_t v = load_u64((const char *)table + f->pos[col]);
		uint16_t known, now = (uint16_t)v;

		memcpy(&known, (char *)row + f->member, sizeof(known));
		if (v == known)
			continue;
		if (f->strict == MUST || v >= PY_NONE) {
			snprintf(why, why_sz, "debug offsets: %s is %llu; known: %u", f->name,
				 (unsigned long long)v, known);
			return -ENOTSUP;
		}
		memcpy((char *)row + f->member, &now, sizeof(now));
		if (known != PY_NONE)
			differs++;
	}
	return differs;
}
