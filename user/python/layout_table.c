/* SPDX-License-Identifier: BSD-2-Clause */
/* layout_table.c - CPython's memory layout, one row per version
 *
 * The numbers come from the DWARF of x86_64 builds (3.7.16 3.8.18 3.9.18 3.10.13 3.11.7 3.12.1 3.13.0
 * and Debian's 3.9.2 3.11.2 3.13.5 3.13.18 3.14.10 3.15.2); within one minor version they were equal
 * in all builds looked at, except where a row says so. What versions have in common is written once,
 * named after the first of them; a row says in its comment what changed, and has the numbers that did.
 */
#include "user/python/layout_table.h"

#include <elf.h>
#include <string.h>

/* clang-format off */

/* struct _gil_runtime_state, the same from 3.7 to 3.15. Free-threaded builds put an int `enabled` in front. */
#define GIL								\
	.gil_enabled = PY_NONE, .gil_interval = 0, .gil_last_holder = 8,	\
	.gil_locked = 16, .gil_switch_number = 24, .gil_cond = 32
#define GIL_FT								\
	.gil_enabled = 0, .gil_interval = 8, .gil_last_holder = 16,	\
	.gil_locked = 24, .gil_switch_number = 32, .gil_cond = 40

/* ---- frames ---- */

/* The bits of an instruction pointer; the top byte is used for the owner. */
#define INSTR_PTR .instr_mask = 0x00ffffffffffffff, .code_mask = UINT64_MAX

/* PyFrameObjects (3.7 - 3.10). */
#define FRAME_37							\
	.walk = PY_WALK_FRAMEOBJ, .tstate_frame = 24, .cframe_current = PY_NONE, \
	.frame_size = 112, .frame_code = 32, .frame_back = 24, .frame_owner = 0, \
	.owner_mask = 0, .code_tag = 0, .instr_mask = 0xffffffff, .code_mask = 0
/* _PyInterpreterFrames through cframe. */
#define FRAME_311							\
	.walk = PY_WALK_CFRAME, .tstate_frame = 56, .frame_size = 72,	\
	.frame_instr = 56, .owner_mask = 0xff, .code_tag = 0, INSTR_PTR
/* .. in the thread state. */
#define FRAME_313							\
	.walk = PY_WALK_INTERPFRAME, .tstate_frame = 72, .cframe_current = PY_NONE, \
	.frame_code = 0, .frame_back = 8, .frame_instr = 56, .owner_mask = 0xff, INSTR_PTR

/* What identifies a code object: places after its header, see struct py_layout. extra: 3.7 nlocals and
 * stacksize, 3.8 stacksize and flags, 3.11 the length of the bytecode.
 */
#define IDENT(head, first_line, name, file, lines, extra, first_unit)	\
	.object_head = head, .code_first_line = (first_line) - (head),	\
	.code_name = (name) - (head), .code_file = (file) - (head),	\
	.code_lines = (lines) - (head), .code_extra = (extra) - (head),	\
	.code_first_unit = first_unit
#define IDENT_37 IDENT(16, 36, 104, 96, 112, 24, PY_NONE), IDENT_STR_37
#define IDENT_38 IDENT(16, 40, 112, 104, 120, 32, PY_NONE), IDENT_STR_37
#define IDENT_311(first_line, first_unit) IDENT(16, first_line, 128, 112, 136, 16, first_unit)
#define IDENT_FT(first_unit)						\
	IDENT(32, 84, 144, 128, 152, 32, first_unit), .str_data = 56, .str_more = 16
#define IDENT_STR_37  .str_data = 48, .str_more = 24, .str_kind_shift = 2
#define IDENT_STR_312 .str_data = 40, .str_more = 16, .str_kind_shift = 2

/* ---- threads and interpreters ---- */

#define TSTATE_37							\
	.tstate_next = 8, .tstate_interp = 16, .tstate_thread_id = 176,	\
	.tstate_native_id = PY_NONE
#define TSTATE(thread_id, native_id)					\
	.tstate_next = 8, .tstate_interp = 16,				\
	.tstate_thread_id = thread_id, .tstate_native_id = native_id

/* The GIL is the runtime's (-3.11), an interpreter points to its own (3.12+). */
#define INTERP_37 .interp_next = 0, .interp_threads = 8, .interp_gil = PY_NONE
/* Where the collector says that it is at work: up to 3.8 it is the runtime's. */
#define GC_OF_RUNTIME(gc, at) .rt_gc = gc, .interp_gc = PY_NONE, .gc_collecting = at
#define GC_OF_INTERP(gc)      .rt_gc = PY_NONE, .interp_gc = gc, .gc_collecting = 200
#define INTERP_313							\
	.rt_interp_head = 632, .rt_gil = PY_NONE, .interp_next = 7264,	\
	.interp_id = 7272, .interp_threads = 7344, .interp_gil = 16, GC_OF_INTERP(7400)
#define INTERP_314							\
	.rt_interp_head = 808, .rt_gil = PY_NONE, .interp_next = 7272,	\
	.interp_id = 7280, .interp_threads = 7344, .interp_gil = 16,	\
	.rt_gc = PY_NONE, .interp_gc = 7408, .gc_collecting = 192
#define INTERP_315							\
	.rt_interp_head = 936, .rt_gil = PY_NONE, .interp_next = 7264,	\
	.interp_id = 7272, .interp_threads = 7336, .interp_gil = 16,	\
	.rt_gc = PY_NONE, .interp_gc = 7400, .gc_collecting = 112

/* ---- code objects ---- */

#define NO_BYTECODE							\
	.ob_type = 8, .code_bytecode = PY_NONE, .code_tlbc = PY_NONE,	\
	.code_qualname = PY_NONE, .code_firsttraceable = PY_NONE
#define CODE_37								\
	NO_BYTECODE, .code_size = 120, .code_firstlineno = 36,		\
	.code_filename = 96, .code_name = 104, .code_lines = 112
#define CODE_38								\
	NO_BYTECODE, .code_size = 128, .code_firstlineno = 40,		\
	.code_filename = 104, .code_name = 112, .code_lines = 120
/* The bytecode is inside the object, at its end. */
#define CODE_311(bytecode, firsttraceable)				\
	.ob_type = 8, .lasti_shift = 0, .code_tlbc = PY_NONE,		\
	.code_filename = 112, .code_name = 120, .code_qualname = 128,	\
	.code_lines = 136, .line_table = PY_LINES_LOCATIONS,		\
	.code_bytecode = bytecode, .code_size = bytecode,		\
	.code_firsttraceable = firsttraceable
/* Objects have a header of 32 bytes. */
#define CODE_FT(bytecode, firsttraceable)				\
	.ob_type = 24, .lasti_shift = 0, .code_firstlineno = 84,	\
	.code_filename = 128, .code_name = 136, .code_qualname = 144,	\
	.code_lines = 152, .line_table = PY_LINES_LOCATIONS,		\
	.code_bytecode = bytecode, .code_size = bytecode,		\
	.code_firsttraceable = firsttraceable

/* ---- bytes and str, dicts and what else thread names are found through ---- */

#define STR_37								\
	.var_size = 16, .bytes_data = 32, .str_length = 16, .str_state = 32, \
	.str_kind_shift = 2, .str_ascii_size = 48, .str_compact_size = 72
#define STR_312								\
	.var_size = 16, .bytes_data = 32, .str_length = 16, .str_state = 32, \
	.str_kind_shift = 2, .str_ascii_size = 40, .str_compact_size = 56
#define STR_FT								\
	.var_size = 32, .bytes_data = 48, .str_length = 32, .str_state = 48, \
	.str_ascii_size = 56, .str_compact_size = 72

#define DICT_37								\
	.attrs = PY_ATTRS_DICTOFFSET, .dict_keys = 32, .dict_values = 40, \
	.values_data = 0, .keys_log2 = 0, .keys_nentries = 32, .keys_indices = 40, \
	.module_dict = 16, .type_dictoffset = 288, .type_basicsize = 32, \
	.type_flags = 168, .int_tagged = 0
#define DICT_311							\
	.dict_keys = 32, .dict_values = 40, .keys_log2 = 1, .keys_nentries = 24, \
	.keys_indices = 32, .module_dict = 16, .type_dictoffset = 288,	\
	.type_basicsize = 32, .type_flags = 168
#define DICT_313							\
	DICT_311, .attrs = PY_ATTRS_INLINE, .values_data = 8, .int_tagged = 1
#define DICT_FT								\
	.attrs = PY_ATTRS_INLINE, .dict_keys = 48, .dict_values = 56, .values_data = 8, \
	.keys_log2 = 1, .keys_nentries = 24, .keys_indices = 32, .module_dict = 32, \
	.type_dictoffset = 304, .type_basicsize = 48, .type_flags = 184, .int_tagged = 1

/* 3.7 - 3.9: f_lasti counts bytes. */
#define LNOTAB	   .lasti_shift = 1, .line_table = PY_LINES_LNOTAB
#define OBJECTS_37 GIL, INTERP_37, TSTATE_37, STR_37, DICT_37

/* 3.14 and 3.15 differ in the interpreter's and the thread's fields alone. */
#define FRAME_314							\
	FRAME_313, .frame_size = 80, .frame_owner = 74, .code_tag = 3,	\
	IDENT_311(68, 192), IDENT_STR_312
#define FRAME_314_FT							\
	FRAME_313, .frame_size = 80, .frame_owner = 78, .code_tag = 3,	\
	IDENT_FT(208), .str_kind_shift = 8
#define OBJECTS_314							\
	GIL, CODE_311(208, 192), .code_firstlineno = 68, STR_312, DICT_313, \
	.type_cached_keys = PY_NONE
#define OBJECTS_314_FT							\
	GIL_FT, CODE_FT(232, 208), .code_tlbc = 224, STR_FT, .str_kind_shift = 8, \
	DICT_FT, .interp_modules = PY_NONE, .type_cached_keys = PY_NONE

const struct py_row py_rows[] = {
	/* 3.7.0 - 3.7.3: _PyRuntime is shorter, the GIL 88 bytes further up. */
	{ .minor = 7, .rt_size_min = 1424, .rt_size_max = 1424, .layout = { FRAME_37, .frame_instr = 104, IDENT_37 },
	  .obj = { OBJECTS_37, CODE_37, LNOTAB, .rt_interp_head = 24, .rt_gil = 1176, .interp_id = 16,
		GC_OF_RUNTIME(320, 312),
		.interp_modules = 40, .type_cached_keys = 856 } },
	/* 3.7.4+ */
	{ .minor = 7, .rt_size_min = 1520, .rt_size_max = 1520, .layout = { FRAME_37, .frame_instr = 104, IDENT_37 },
	  .obj = { OBJECTS_37, CODE_37, LNOTAB, .rt_interp_head = 24, .rt_gil = 1264, .interp_id = 16,
		GC_OF_RUNTIME(320, 312),
		.interp_modules = 40, .type_cached_keys = 856 } },
	/* 3.8: co_posonlyargcount (PEP 570) moves most of PyCodeObject by 8. */
	{ .minor = 8, .rt_size_min = 1464, .rt_size_max = 1464, .layout = { FRAME_37, .frame_instr = 104, IDENT_38 },
	  .obj = { OBJECTS_37, CODE_38, LNOTAB, .rt_interp_head = 32, .rt_gil = 1152, .interp_id = 16,
		GC_OF_RUNTIME(344, 200),
		.interp_modules = 56, .type_cached_keys = 872 } },
	/* 3.9: ceval state split between runtime and interpreter; tp_print is gone from the type. */
	{ .minor = 9, .rt_size_min = 656, .rt_size_max = 656, .layout = { FRAME_37, .frame_instr = 104, IDENT_38 },
	  .obj = { OBJECTS_37, CODE_38, LNOTAB, .rt_interp_head = 32, .rt_gil = 352, .interp_id = 24, GC_OF_INTERP(616),
		.interp_modules = 856, .type_cached_keys = 864 } },
	/* 3.10: f_lasti counts code units (bpo-27129), co_linetable (PEP 626). */
	{ .minor = 10, .rt_size_min = 672, .rt_size_max = 672, .layout = { FRAME_37, .frame_instr = 96, IDENT_38 },
	  .obj = { OBJECTS_37, CODE_38, .lasti_shift = 0, .line_table = PY_LINES_LINETABLE,
		.rt_interp_head = 32, .rt_gil = 352, .interp_id = 24, GC_OF_INTERP(616), .interp_modules = 856,
		.type_cached_keys = 872 } },
	/* 3.11: _PyInterpreterFrame through cframe (bpo-44032, bpo-46090), bytecode inside the code
	 * object, native_thread_id, qualified names, PEP 657 locations, split keys outside a dict.
	 */
	{ .minor = 11, .rt_size_min = 166688, .rt_size_max = 166688,
	  .layout = { FRAME_311, .cframe_current = 8, .frame_code = 32, .frame_back = 48, .frame_owner = 69,
		      IDENT_311(72, 168), IDENT_STR_37 },
	  .obj = { GIL, .rt_interp_head = 40, .rt_gil = 360, .interp_next = 0, .interp_id = 48, GC_OF_INTERP(648),
		.interp_threads = 16, .interp_gil = PY_NONE, .interp_modules = 888,
		TSTATE(152, 160), CODE_311(184, 168), .code_firstlineno = 72, STR_37, DICT_311,
		.attrs = PY_ATTRS_PREHEADER, .values_data = 0, .type_cached_keys = 872, .int_tagged = 0 } },
	/* 3.12: one GIL per interpreter (PEP 684), shim frames (owner 3), no wstr in str (PEP 623),
	 * tagged int sizes. _PyRuntime grew from 459944 to 459992 within the patch releases.
	 */
	{ .minor = 12, .rt_size_min = 459944, .rt_size_max = 459992,
	  .layout = { FRAME_311, .cframe_current = 0, .frame_code = 0, .frame_back = 8, .frame_owner = 70,
		      IDENT_311(68, 176), IDENT_STR_312 },
	  .obj = { GIL, .rt_interp_head = 40, .rt_gil = PY_NONE, .interp_next = 0, .interp_id = 8, GC_OF_INTERP(112),
		.interp_threads = 72, .interp_gil = 384, .interp_modules = 944,
		TSTATE(136, 144), CODE_311(192, 176), .code_firstlineno = 68, STR_312, DICT_311,
		.attrs = PY_ATTRS_TAGGED, .values_data = 0, .type_cached_keys = 880, .int_tagged = 1 } },
	/* 3.13: current_frame in the thread state, instr_ptr (points at the instruction), _Py_DebugOffsets,
	 * inline values.
	 */
	{ .minor = 13,
	  .layout = { FRAME_313, .frame_size = 72, .frame_owner = 70, .code_tag = 0,
		      IDENT_311(68, 184), IDENT_STR_312 },
	  .obj = { GIL, INTERP_313, .interp_modules = 7656, TSTATE(152, 160), CODE_311(200, 184),
		.code_firstlineno = 68, STR_312, DICT_313, .type_cached_keys = 880 } },
	/* 3.13t: objects have a 32 byte header. */
	{ .minor = 13, .free_threaded = true,
	  .layout = { FRAME_313, .frame_size = 72, .frame_owner = 70, .code_tag = 0,
		      IDENT_FT(200), .str_kind_shift = 2 },
	  .obj = { GIL_FT, INTERP_313, .interp_modules = 7664, TSTATE(152, 160), CODE_FT(216, 200),
		.code_tlbc = PY_NONE, STR_FT, .str_kind_shift = 2, DICT_FT, .type_cached_keys = 896 } },
	/* 3.14: f_executable is a tagged _PyStackRef, owner 3 = interpreter, 4 = C stack; threads set
	 * their OS name themselves, so no dict needs to be read. imports.modules moved in 3.14.5.
	 */
	{ .minor = 14, .layout = { FRAME_314 },
	  .obj = { INTERP_314, .interp_modules = 7688, TSTATE(152, 160), OBJECTS_314 } },
	/* 3.14t: a thread can run its own copy of the bytecode (co_tlbc), other bits in str's state.
	 * Computed from the headers, not measured.
	 */
	{ .minor = 14, .free_threaded = true, .layout = { FRAME_314_FT },
	  .obj = { INTERP_314, TSTATE(152, 160), OBJECTS_314_FT } },
	/* 3.15: thread ids and interpreter fields moved; owner 4 is gone, the chain ends in base_frame. */
	{ .minor = 15, .layout = { FRAME_314 },
	  .obj = { INTERP_315, .interp_modules = 7592, TSTATE(176, 184), OBJECTS_314 } },
	/* 3.15t: computed from the headers, not measured. */
	{ .minor = 15, .free_threaded = true, .layout = { FRAME_314_FT },
	  .obj = { INTERP_315, TSTATE(176, 184), OBJECTS_314_FT } },
};
const size_t py_row_cnt = sizeof(py_rows) / sizeof(py_rows[0]);
/* clang-format on */

/* An aarch64 pthread_mutex_t has 48 bytes, 8 more than on x86_64, and the runtime holds one GIL (the
 * main interpreter's) with two of them.
 */
#define AARCH64_MORE 16

const struct py_row *py_row__find(int minor, bool free_threaded)
{
	for (size_t i = 0; i < py_row_cnt; i++) {
		if (py_rows[i].minor == minor && py_rows[i].free_threaded == free_threaded)
			return &py_rows[i];
	}
	return NULL;
}

const struct py_row *py_row__by_size(uint64_t rt_size, uint16_t machine)
{
	if (machine == EM_AARCH64)
		rt_size -= AARCH64_MORE;
	for (size_t i = 0; i < py_row_cnt; i++) {
		const struct py_row *row = &py_rows[i];

		if (row->rt_size_max && rt_size >= row->rt_size_min && rt_size <= row->rt_size_max)
			return row;
	}
	return NULL;
}
