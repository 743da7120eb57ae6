/* SPDX-License-Identifier: BSD-2-Clause */
/* layout_table.h - CPython's memory layout, one row per version
 *
 * To add a version: a row in layout_table.c (3.13+: also a column in debug_offsets.c), then
 * tests/e2e/stacks_truth.py with that interpreter.
 */
#ifndef GILTOP_PYTHON_LAYOUT_TABLE_H
#define GILTOP_PYTHON_LAYOUT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "bpf/pylayout.h"

/* Which of the three line number tables a code object carries. */
enum py_line_table {
	PY_LINES_LNOTAB,    /* -3.9: pairs, deltas between statements */
	PY_LINES_LINETABLE, /* 3.10: pairs, ranges */
	PY_LINES_LOCATIONS, /* 3.11+: variable length entries (PEP 657) */
};

/* How an instance keeps its attributes: where its dict or its values are. */
enum py_attrs {
	PY_ATTRS_DICTOFFSET, /* -3.10: dict pointer at tp_dictoffset */
	PY_ATTRS_PREHEADER,  /* 3.11: values pointer at -32, dict pointer at -24 */
	PY_ATTRS_TAGGED,     /* 3.12: one pointer at -24; odd: values + 1, even: dict */
	PY_ATTRS_INLINE, /* 3.13: dict pointer at -24 (free-threaded: -8), values in the object */
};

/* Byte offsets that only user space needs. PY_NONE: the version has no such field. */
struct py_objects {
	/* struct _gil_runtime_state */
	uint16_t gil_enabled; /* free-threaded builds only */
	uint16_t gil_interval;
	uint16_t gil_last_holder;
	uint16_t gil_locked;
	uint16_t gil_switch_number;
	uint16_t gil_cond; /* what WAIT and RELEASE sites get in their first argument */
	/* _PyRuntimeState */
	uint16_t rt_interp_head;
	uint16_t rt_gil; /* -3.11: the one GIL */
	uint16_t rt_gc;	 /* -3.8: the collector's state */
	/* PyInterpreterState */
	uint16_t interp_next;
	uint16_t interp_id; /* int64_t */
	uint16_t interp_threads;
	uint16_t interp_gil; /* 3.12+: pointer to its GIL */
	uint16_t interp_modules;
	uint16_t interp_gc;	/* 3.9+: the collector's state, and in it .. */
	uint16_t gc_collecting; /* .. int: it is at work */
	/* PyThreadState */
	uint16_t tstate_next;
	uint16_t tstate_interp;
	uint16_t tstate_thread_id; /* pthread_self() */
	uint16_t tstate_native_id; /* tid in the target's pid namespace; 3.11+ */
	uint16_t ob_type;
	/* PyCodeObject */
	uint16_t lasti_shift;	/* -3.10: f_lasti >> this = code units */
	uint16_t code_bytecode; /* 3.11+: co_code_adaptive */
	uint16_t code_tlbc;	/* 3.14t+: co_tlbc, the threads' own copies of the bytecode */
	uint16_t code_size;	/* bytes to read to have all of it */
	uint16_t code_firstlineno;
	uint16_t code_filename;
	uint16_t code_name;
	uint16_t code_qualname;	      /* 3.11+ */
	uint16_t code_lines;	      /* co_lnotab or co_linetable */
	uint16_t code_firsttraceable; /* 3.11+, int: units before it mean "frame not set up yet" */
	uint16_t line_table;	      /* enum py_line_table */
	/* bytes and str */
	uint16_t var_size; /* PyVarObject.ob_size */
	uint16_t bytes_data;
	uint16_t str_length;
	uint16_t str_state;
	uint16_t str_kind_shift; /* 2; 3.14t+: 8 (interned is a whole byte there) */
	uint16_t str_ascii_size;
	uint16_t str_compact_size;
	/* dict, module, type, int: for thread names (-3.13) */
	uint16_t attrs; /* enum py_attrs */
	uint16_t dict_keys;
	uint16_t dict_values;
	uint16_t values_data; /* 3.13: 4 bytes of header before the values */
	uint16_t keys_log2;   /* 0: dk_size is a number (-3.10) */
	uint16_t keys_nentries;
	uint16_t keys_indices;
	uint16_t module_dict;
	uint16_t type_dictoffset;
	uint16_t type_basicsize;
	uint16_t type_flags;
	uint16_t type_cached_keys;
	uint16_t int_tagged; /* 1: 3.12+ lv_tag (digits << 3), 0: ob_size */
};

/* How a version without debug offsets is told: by the size of its _PyRuntime on x86_64; aarch64 has
 * 16 bytes more (its pthread_mutex_t is 48 bytes, not 40, and a GIL has two). 0, 0: not used.
 */
struct py_row {
	uint8_t minor;
	bool free_threaded;
	uint32_t rt_size_min, rt_size_max;
	struct py_layout layout;
	struct py_objects obj;
};

extern const struct py_row py_rows[];
extern const size_t py_row_cnt;

/* The first row of 3.minor, or NULL. */
const struct py_row *py_row__find(int minor, bool free_threaded);
/* The row whose _PyRuntime has this size on that machine (EM_*), or NULL. */
const struct py_row *py_row__by_size(uint64_t rt_size, uint16_t machine);

/* Overwrite a row of 3.13+ with what the interpreter says about itself: _Py_DebugOffsets, len bytes
 * at table as stored in the file. Fields on which the frame walk rests must agree with the row.
 * Returns how many other fields differed (they are taken over), or -ENOTSUP with the first bad field
 * in why, -EINVAL if the table is too short.
 */
int py_row__apply_debug_offsets(struct py_row *row, const void *table, size_t len, char *why,
				size_t why_sz);

#define PY_DEBUG_OFFSETS_COOKIE "xdebugpy"
/* sizeof(_Py_DebugOffsets) of 3.minor, 0 if not known. */
size_t py_debug_offsets__size(int minor);

#endif
