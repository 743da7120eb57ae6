/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pylayout.h - how a Python stack is walked: where things are in CPython's memory, as far as BPF needs it
 *
 * One of these is filled per interpreter (user/python/layout_table.c has a row per version) and handed to
 * the BPF programs. All members are byte offsets unless said otherwise; PY_NONE where the version has
 * no such field. What only user space needs (the GIL's state, lists, names) is in struct py_objects.
 */
#ifndef GILTOP_PYLAYOUT_H
#define GILTOP_PYLAYOUT_H

#ifndef __bpf__
#include <stdint.h>
#include <linux/types.h>
#endif

#define PY_NONE 0xffff

#define PY_TID_INNER 0x8000

/* How the innermost frame hangs on the PyThreadState, and what a frame is. */
enum py_walk_kind {
	PY_WALK_NONE = 0,    /* layout not known: do not walk */
	PY_WALK_FRAMEOBJ,    /* 3.7-3.10: tstate->frame, a chain of PyFrameObjects */
	PY_WALK_CFRAME,	     /* 3.11, 3.12: tstate->cframe->current_frame, _PyInterpreterFrames */
	PY_WALK_INTERPFRAME, /* 3.13+: tstate->current_frame */
};

struct py_layout {
	__u16 walk;	    /* enum py_walk_kind */
	__u16 tstate_frame; /* in PyThreadState: frame, cframe or current_frame, see walk */
	__u16 cframe_current;

	/* A frame. Pointers in it are 8 byte aligned. */
	__u16 frame_size; /* bytes to read to have all fields below; at most PY_FRAME_BYTES */
	__u16 frame_code;
	__u16 frame_back;
	__u16 frame_instr; /* f_lasti, prev_instr or instr_ptr */
	__u16 frame_owner;
	__u16 owner_mask; /* 0xff; 0: frames have no owner (-3.10) */
	__u16 code_tag;	  /* bits to clear in the code pointer (a _PyStackRef from 3.14 on) */

	/* A code object. Places in the PY_CODE_BYTES bytes that start after its object header, at object_head. */
	__u16 object_head;
	__u16 code_first_line;
	__u16 code_name; /* qualified from 3.11 on */
	__u16 code_file;
	__u16 code_lines;
	__u16 code_extra;      /* 8 bytes of numbers that differ where the name may be the same */
	__u16 code_first_unit; /* 3.11+: from the start of the object */
	/* A str: length, hash and state follow its object header. */
	__u16 str_data; /* the characters of an ASCII one */
	__u16 str_more; /* those of another one are so much further on */
	__u16 str_kind_shift;
	__u16 tstate_interp;
	/* int: the collector is at work; in the interpreter, or from gc_base on. 0: not known */
	__u16 gc_collecting;
	/* Where the tid of a PyThreadState's thread is: there, as an int; or, pthread_tid not 0, so far on from where the
	 * pointer there points to. 0: not known. With PY_TID_INNER in tstate_tid it is that of the target's own pid
	 * namespace, and `holders` has the kernel's.
	 */
	__u16 tstate_tid;
	__u16 pthread_tid;

	__u64 instr_mask; /* bits of the 8 bytes at frame_instr that count */
	__u64 code_mask;  /* all: they are an address in the code object; 0: f_lasti */
	__u64 code_type;  /* address of PyCode_Type in this process; 0: not known */
	__u64 gc_base;	  /* -3.8: of _PyRuntime; 0: the interpreter's */
};

#define PY_FRAME_BYTES 120
#define PY_CODE_BYTES  128

_Static_assert(sizeof(struct py_layout) == 80, "wire format");

#endif
