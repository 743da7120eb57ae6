/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pystack.h - a walked Python stack, as BPF hands it to user space */
#ifndef GILTOP_PYSTACK_H
#define GILTOP_PYSTACK_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#include "bpf/pylayout.h"

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

/* A frame as found, for pysym__resolve(). id: of its code object, by content (pycode.bpf.h). The top byte of
 * where is the owner (enum py_owner), below it are the 56 bits of the distance from the code object to the
 * instruction pointer; up to 3.10: the 32 bits of f_lasti. So a function that is made again at another address
 * gives the same frames.
 */
struct py_frame_ref {
	__u64 id;
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

#define PY_NATIVE_GC 16 /* "address" of the garbage collector at work: no code lies there */

/* frames[0] is the innermost. */
struct py_stack {
	__u32 cnt;
	__u32 end;    /* enum py_walk_end */
	__u64 hash;   /* over all frames */
	__u64 native; /* the native leaf's address, PY_NATIVE_GC, or 0 */
	struct py_frame_ref frames[PY_STACK_SLOT];
};

/* What reading code objects needs besides registers. */
struct py_scratch {
	__u64 mem;   /* the reader's own handle in user space */
	__u64 fault; /* not all could be read */
	__u64 blind; /* take line tables for unreadable: so the id was made where they were */
	__u64 file, file_id; /* the file name seen last: nearly always the next one's, too */
	__u64 text_id;
	__u64 head[3]; /* of a str or bytes: length, hash, state */
	__u64 buf[16];
	__u64 tail[16];
};

/* Too large for a BPF stack: lives in a map, one for each GIL. */
struct py_walk {
	struct py_stack stack;
	struct py_layout layout;
	struct py_scratch x;
	__u64 frame;		   /* the next one to look at */
	__u64 torn;		   /* a frame had no code: it was not readable */
	__u64 code[PY_STACK_SLOT]; /* where the code objects are */
};

/* A str as far as it was kept. */
struct py_text {
	__u64 str;   /* its address */
	__u64 bytes; /* of all its characters */
	__u32 kept;  /* of these: the first of a name, the last of a file's */
	__u32 kind;  /* bytes a character */
};

#define PY_NAME_BYTES  128
#define PY_FILE_BYTES  256
#define PY_LINES_BYTES 512

/* A code object as it was when a stack with it was new: what is freed right after is not to be had any more. */
struct py_code {
	__u64 id;    /* 0: still being read */
	__u64 addr;  /* where it was seen last */
	__u64 extra; /* 3.11+: how many code units it has */
	__u32 first_line;
	__u32 first_unit; /* 3.11+: code units before it mean "frame not set up yet" */
	__u64 unread;	  /* parts were not readable (swapped out): they are empty here */
	__u64 lines;	  /* the line table, a bytes object */
	__u64 lines_len;
	struct py_text name, file;
	__u8 name_text[PY_NAME_BYTES];
	__u8 file_text[PY_FILE_BYTES];
	__u8 lines_data[PY_LINES_BYTES];
};

_Static_assert(sizeof(struct py_frame_ref) == 16, "wire format");
_Static_assert(sizeof(struct py_stack) == 24 + 128 * 16, "wire format");
_Static_assert(sizeof(struct py_code) == 7 * 8 + 2 * 24 + 128 + 256 + 512, "wire format");

#endif
