/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pystack.bpf.h - walk the Python stack of a thread: one function for BPF and for user space
 *
 * The idea: a PyThreadState leads to the innermost frame, each frame to its caller. Of each frame two
 * numbers are kept: the id of its code object, made of what that is and not of where it is (pycode.bpf.h),
 * and its place in it. What they mean (name, line, whether the frame is one that CPython would show) is
 * looked up later in user space, once per code object. The offsets differ per version and come as data
 * (pylayout.h), so the program is the same for all.
 *
 * What makes it safe: memory of the target is read through py_read() alone, which fails softly and
 * then leaves zeros; the loop is bounded; all indexes are masked. The current thread's own stack does
 * not change meanwhile. That of another thread that runs may be torn: the walk stays harmless, and
 * user space drops what turns out to be no code object.
 *
 * What it costs is the reads, four a frame where files are the same.
 *
 * What the verifier wants is a loop whose every turn looks alike, or it explores 2^branches paths. So
 * the body has no branches but the two exits (decisions are made by masks), and what is carried from
 * turn to turn lives in memory (struct py_walk in a map), where it does not follow values. What is
 * looked at more closely, with branches, and a few turns at once (py_frame_id, py_gather_some) are functions of their
 * own there, which are verified once.
 */
#ifndef GILTOP_PYSTACK_BPF_H
#define GILTOP_PYSTACK_BPF_H

#include "bpf/pycode.bpf.h"

/* Frames looked at: shims (C called Python) come on top of those kept. */
#define PY_WALK_TURNS 15
#define PY_TURN_STEPS 20
#define PY_WALK_STEPS (PY_WALK_TURNS * PY_TURN_STEPS)

/* Look at w->frame, keep it if it is one of Python code, and go to its caller. No branches, see above. */
PY_INLINE void py_step(const struct py_layout *l, struct py_walk *w, __u64 frame)
{
	__u64 size = l->frame_size, n = w->stack.cnt;
	__u64 code, owner, instr, python, coded;

	size &= 0x7f;
	py_opaque(size);
	size &= 0x7f;
	py_read(&w->x, w->x.buf, size, frame);
	w->frame = py_buf64(&w->x, l->frame_back);
	code = py_buf64(&w->x, l->frame_code) & ~(__u64)l->code_tag;
	owner = py_buf8(&w->x, l->frame_owner) & l->owner_mask;
	instr = py_buf64(&w->x, l->frame_instr) - (code & l->code_mask);

	python = (owner - PY_FIRST_SHIM_OWNER) >> 63; /* 1: no shim */
	coded = (code | -code) >> 63;		      /* 1: not NULL */
	w->torn |= python & ~coded;
	w->stack.cnt = (__u32)(n + (python & coded));
	n &= PY_STACK_SLOT - 1;
	py_opaque(n);
	n &= PY_STACK_SLOT - 1;
	/* A frame that is not kept is overwritten by the next one. */
	w->code[n] = code;
	w->stack.frames[n].where = (instr & l->instr_mask) | owner << PY_WHERE_OWNER_SHIFT;
}

/* The innermost frame of a thread: 0 and w->frame (0: it runs no Python code), or why not. */
PY_INLINE int py_top_frame(const struct py_layout *l, __u64 tstate, struct py_walk *w)
{
	if (l->walk == PY_WALK_NONE)
		return PY_END_NO_LAYOUT;
	if (py_read(&w->x, &w->frame, sizeof(w->frame), tstate + l->tstate_frame))
		return PY_END_TSTATE;
	if (l->walk == PY_WALK_CFRAME &&
	    py_read(&w->x, &w->frame, sizeof(w->frame), w->frame + l->cframe_current))
		return PY_END_TSTATE;
	return 0;
}

/* Which code object is it? For each frame gathered, in order. */
PY_INLINE void py_frame_id(struct py_walk *w, __u32 i)
{
	struct py_frame_ref *f = &w->stack.frames[i];

	f->id = py_code_id(&w->layout, &w->x, w->code[i]);
	w->stack.hash = py_mix(py_mix(w->stack.hash, f->id), f->where);
}

/* Gather the frames of the thread with this PyThreadState in w: this first, then py_gather_some() until that returns 0,
 * PY_WALK_TURNS times at most, and py_gather_end(). py_frame_id() comes next.
 */
PY_INLINE void py_gather_begin(const struct py_layout *l, __u64 tstate, struct py_walk *w)
{
	int err;

	w->stack.cnt = 0;
	w->stack.hash = 0;
	w->stack.native = 0;
	w->frame = 0;
	w->torn = 0;
	py_scratch_init(&w->x);
	w->x.blind = 0;
	w->layout = *l;
	err = py_top_frame(l, tstate, w);
	w->stack.end = (__u32)err;
	if (err)
		w->frame = 0;
}

/* 1: there are more. */
PY_INLINE int py_gather_some(struct py_walk *w)
{
	PY_NO_UNROLL
	for (__u32 i = 0; i < PY_TURN_STEPS; i++) {
		__u64 frame = w->frame;

		if (!frame || w->stack.cnt > PY_STACK_MAX)
			return 0;
		py_step(&w->layout, w, frame);
	}
	return 1;
}

PY_INLINE void py_gather_end(struct py_walk *w)
{
	if (w->frame || w->stack.cnt > PY_STACK_MAX)
		w->stack.end = PY_END_DEPTH;
	if (w->stack.cnt > PY_STACK_MAX)
		w->stack.cnt = PY_STACK_MAX;
	if (w->torn)
		w->stack.end = PY_END_FRAME;
}

#ifndef __bpf__
/* All of that, where nobody verifies. */
PY_INLINE void py_walk_stack(const struct py_layout *l, __u64 tstate, struct py_walk *w)
{
	py_gather_begin(l, tstate, w);
	for (int i = 0; i < PY_WALK_TURNS && py_gather_some(w); i++)
		;
	py_gather_end(w);
	for (__u32 i = 0; i < w->stack.cnt; i++)
		py_frame_id(w, i);
}
#endif

#endif
