/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pystack.bpf.h - walk the Python stack of a thread: one function for BPF and for user space
 *
 * The idea: a PyThreadState leads to the innermost frame, each frame to its caller. Of each frame two
 * numbers are kept, as they are found: its code object and its instruction pointer. What they mean
 * (name, line, whether the frame is one that CPython would show) is looked up later in user space,
 * once per code object. The offsets differ per version and come as data (pylayout.h), so the program
 * is the same for all.
 *
 * What makes it safe: memory of the target is read through py_read() alone, which fails softly and
 * then leaves zeros; the loop is bounded; all indexes are masked. The current thread's own stack does
 * not change meanwhile. That of another thread that runs may be torn: the walk stays harmless, and
 * user space drops what turns out to be no code object.
 *
 * What it costs is the reads, one a frame, about 80 ns each on a small VM.
 *
 * What the verifier wants is a loop whose every turn looks alike, or it explores 2^branches paths. So
 * the body has no branches but the two exits (decisions are made by masks), and what is carried from
 * turn to turn lives in memory (struct py_stack in a map), where it does not follow values.
 *
 * In user space define py_read(stack, dst, size, addr) before including this; it must zero dst when
 * it fails, as bpf_probe_read_user() does.
 */
#ifndef GILTOP_PYSTACK_BPF_H
#define GILTOP_PYSTACK_BPF_H

#include "bpf/pylayout.h"
#include "bpf/pystack.h"

#ifdef __bpf__
#define py_read(stack, dst, size, addr) bpf_probe_read_user(dst, size, (const void *)(addr))
/* Keep the compiler from reasoning a mask away that the verifier wants to see. */
#define py_opaque(v) asm volatile("" : "+r"(v))
#define PY_NO_UNROLL _Pragma("clang loop unroll(disable)")
#else
#define py_opaque(v) ((void)(v))
#define PY_NO_UNROLL
#endif

#define PY_WALK_STEPS 300 /* frames looked at: shims (C called Python) come on top of those kept */

#define PY_INLINE static inline __attribute__((always_inline))

PY_INLINE __u64 py_mix(__u64 h, __u64 v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ (h >> 29);
}

/* The 8 bytes at an 8 byte aligned offset of the frame in buf. */
PY_INLINE __u64 py_buf64(const struct py_stack *s, __u64 off)
{
	off &= 0x78;
	py_opaque(off);
	off &= 0x78;
	return *(const __u64 *)((const char *)s->buf + off);
}

PY_INLINE __u64 py_buf8(const struct py_stack *s, __u64 off)
{
	off &= 0x7f;
	py_opaque(off);
	off &= 0x7f;
	return *((const __u8 *)s->buf + off);
}

/* Look at s->frame, keep it if it is one of Python code, and go to its caller. No branches, see above. */
PY_INLINE void py_step(const struct py_layout *l, struct py_stack *s, __u64 frame)
{
	__u64 size = l->frame_size, n = s->cnt, h = s->hash;
	__u64 code, owner, where, python, coded, keep;

	size &= 0x7f;
	py_opaque(size);
	size &= 0x7f;
	py_read(s, s->buf, size, frame);
	s->frame = py_buf64(s, l->frame_back);
	code = py_buf64(s, l->frame_code) & ~(__u64)l->code_tag;
	owner = py_buf8(s, l->frame_owner) & l->owner_mask;
	where = (py_buf64(s, l->frame_instr) & l->instr_mask) | owner << PY_WHERE_OWNER_SHIFT;

	python = (owner - PY_FIRST_SHIM_OWNER) >> 63; /* 1: no shim */
	coded = (code | -code) >> 63;		      /* 1: not NULL */
	keep = python & coded;
	s->fault |= python & ~coded;
	s->hash = h ^ ((h ^ py_mix(py_mix(h, code), where)) & -keep);
	s->cnt = (__u32)(n + keep);
	n &= PY_STACK_SLOT - 1;
	py_opaque(n);
	n &= PY_STACK_SLOT - 1;
	/* A frame that is not kept is overwritten by the next one. */
	s->frames[n].code = code;
	s->frames[n].where = where;
}

/* The innermost frame of a thread: 0 and s->frame (0: it runs no Python code), or why not. */
PY_INLINE int py_top_frame(const struct py_layout *l, __u64 tstate, struct py_stack *s)
{
	if (l->walk == PY_WALK_NONE)
		return PY_END_NO_LAYOUT;
	if (py_read(s, &s->frame, sizeof(s->frame), tstate + l->tstate_frame))
		return PY_END_TSTATE;
	if (l->walk == PY_WALK_CFRAME &&
	    py_read(s, &s->frame, sizeof(s->frame), s->frame + l->cframe_current))
		return PY_END_TSTATE;
	return 0;
}

/* Walk the stack of the thread with this PyThreadState into s. */
PY_INLINE void py_walk(const struct py_layout *l, __u64 tstate, struct py_stack *s)
{
	__u32 i;
	int err;

	s->cnt = 0;
	s->hash = 0;
	s->fault = 0;
	err = py_top_frame(l, tstate, s);
	s->end = (__u32)err;
	if (err)
		return;
	PY_NO_UNROLL
	for (i = 0; i < PY_WALK_STEPS; i++) {
		__u64 frame = s->frame;

		if (!frame || s->cnt > PY_STACK_MAX)
			break;
		py_step(l, s, frame);
	}
	if (s->frame || s->cnt > PY_STACK_MAX)
		s->end = PY_END_DEPTH;
	if (s->cnt > PY_STACK_MAX)
		s->cnt = PY_STACK_MAX;
	if (s->fault)
		s->end = PY_END_FRAME;
}

#endif
