/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pystack.h - a walked Python stack, as BPF hands it to user space */
#ifndef GILTOP_PYSTACK_H
#define GILTOP_PYSTACK_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define PY_STACK_MAX  127 /* frames kept */
#define PY_STACK_SLOT 128 /* one more is looked at to tell whether that was all */

/* Why a walk ended. Index into a counter array; everything above PY_END_DEPTH is a torn walk. */
enum py_walk_end {
	PY_END_ROOT = 0,  /* the outermost frame was reached: complete (no frame at all: cnt 0) */
	PY_END_DEPTH,	  /* truncated: deeper than PY_STACK_MAX frames, the root is missing */
	PY_END_NO_LAYOUT, /* the version's layout is not known */
	PY_END_TSTATE,	  /* thread state not readable */
	PY_END_FRAME,	  /* a frame not readable (swapped out, freed): the rest is missing */
	PY_END_CNT,
};

/* A frame as found, for pysym__resolve(). The top byte of where is the owner (enum py_owner), below
 * it are the 56 bits of the instruction pointer; up to 3.10: the 32 bits of f_lasti.
 */
struct py_frame_ref {
	__u64 code; /* PyCodeObject */
	__u64 where;
};

#define PY_WHERE_OWNER_SHIFT 56

/* Who owns a frame (3.11+; before: always 0). 3 and 4 are shims (C called Python), never kept. */
enum py_owner {
	PY_OWNED_BY_THREAD = 0,
	PY_OWNED_BY_GENERATOR = 1,
	PY_OWNED_BY_FRAME_OBJECT = 2,
	PY_FIRST_SHIM_OWNER = 3,
};

#define NO_PYTHON_FRAME 1 /* "hash" of an empty stack: a thread that runs no Python */

/* Too large for a BPF stack: lives in a map, one for each GIL. frames[0] is the innermost. */
struct py_stack {
	__u32 cnt;
	__u32 end;  /* enum py_walk_end */
	__u64 hash; /* over all frames */
	struct py_frame_ref frames[PY_STACK_SLOT];
	/* scratch */
	__u64 frame; /* the next one to look at */
	__u64 fault; /* a frame had no code: it was not readable */
	__u64 mem; /* the reader's own handle in user space; what BPF hands over: the native leaf's address, or 0 */
	__u64 buf[16];
};

_Static_assert(sizeof(struct py_frame_ref) == 16, "wire format");
_Static_assert(sizeof(struct py_stack) == 16 + 128 * 16 + 19 * 8, "wire format");

#endif
