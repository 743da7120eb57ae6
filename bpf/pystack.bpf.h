/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pystack.bpf.h - walk the Python stack of a thread: one function for BPF and for user space
 *
 * The idea: a PyThreadState leads to the innermost frame, each frame to its caller. Of each frame two
 * numbers are kept: the address of its code object and the code unit it is at. Names and lines are
 * looked up later, once per code object, in user space. The offsets differ per version and come as
 * data (pylayout.h), so the program is the same for all.
 *
 * What makes it safe: the walk reads another program's memory through py_read() alone, which fails
 * softly; the loop is bounded; all indexes are masked. The stack of the current thread does not
 * change meanwhile. Walking another thread that runs can go astray: then the layout's code_type
 * should be set, so that every code object is checked to be one; the walk stops where that fails and
 * says why (end), and what it has collected up to there is real frames.
 *
 * What it costs is the reads, about 80 ns each on a 2026 VM: one a frame, two with code_type. So
 * whatever user space can decide later is not decided here; above all, whether a frame is still being
 * set up (3.11+: unit < _co_firsttraceable), which CPython itself does not show.
 *
 * What the verifier needs: the frame count and the next frame live in memory (struct py_stack in a
 * map), not in registers, so that each turn of the loop looks the same to it and is not explored
 * anew for every value; offsets from the layout are masked before they index the frame buffer.
 *
 * In user space define py_read(stack, dst, size, addr) before including this; it returns 0 or not.
 */
#ifndef GILTOP_PYSTACK_BPF_H
#define GILTOP_PYSTACK_BPF_H

#include "pylayout.h"
#include "pystack.h"

#ifdef __bpf__
#define py_read(stack, dst, size, addr) bpf_probe_read_user(dst, size, (const void *)(addr))
/* Keep the compiler from reasoning a mask away that the verifier wants to see. */
#define py_opaque(v) asm volatile("" : "+r"(v))
#define PY_NO_UNROLL _Pragma("clang loop unroll(disable)")
#else
#define py_opaque(v) ((void)(v))
#define PY_NO_UNROLL
#endif

#define PY_WALK_STEPS 256 /* frames looked at: shims (C called Python) come on top */

#define PY_STEP_ON (-1)

static inline __attribute__((always_inline)) __u64 py_mix(__u64 h, __u64 v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ (h >> 29);
}

/* 8 aligned bytes, 4 aligned bytes, one byte of the frame read into buf. */
static inline __attribute__((always_inline)) __u64 py_buf64(const struct py_stack *s, __u32 off)
{
	off &= 0x78;
	py_opaque(off);
	off &= 0x78;
	return *(const __u64 *)((const char *)s->buf + off);
}

static inline __attribute__((always_inline)) __s32 py_buf32(const struct py_stack *s, __u32 off)
{
	off &= 0x7c;
	py_opaque(off);
	off &= 0x7c;
	return *(const __s32 *)((const char *)s->buf + off);
}

static inline __attribute__((always_inline)) __u8 py_buf8(const struct py_stack *s, __u32 off)
{
	off &= 0x7f;
	py_opaque(off);
	off &= 0x7f;
	return *((const __u8 *)s->buf + off);
}

static inline __attribute__((always_inline)) void py_push(struct py_stack *s, __u64 code,
							  __s32 unit, __u32 owner)
{
	__u32 n = s->cnt;

	s->hash = py_mix(py_mix(s->hash, code), (__u32)unit);
	s->cnt = n + 1;
	n &= PY_STACK_SLOT - 1;
	py_opaque(n);
	n &= PY_STACK_SLOT - 1;
	s->frames[n].code = code;
	s->frames[n].unit = unit;
	s->frames[n].owner = owner;
}

/* Where the bytecode starts that the frame in buf runs; 0: not readable. */
static inline __attribute__((always_inline)) __u64 py_bytecode(const struct py_layout *l,
							       struct py_stack *s, __u64 code)
{
	__u64 tlbc, base;
	__s32 idx;

	if (l->frame_tlbc == PY_NONE)
		return code + l->code_bytecode;
	idx = py_buf32(s, l->frame_tlbc);
	if (idx <= 0)
		return code + l->code_bytecode;
	/* struct _PyCodeArray { Py_ssize_t size; char *entries[]; } */
	if (py_read(s, &tlbc, sizeof(tlbc), code + l->code_tlbc) ||
	    py_read(s, &base, sizeof(base), tlbc + 8 + 8 * (__u64)idx))
		return 0;
	return base;
}

/* The code unit of a 3.11+ frame (in buf): 0 and *ret, or the reason to stop. */
static inline __attribute__((always_inline)) int py_unit(const struct py_layout *l,
							 struct py_stack *s, __u64 code, __s32 *ret)
{
	__u64 instr = py_buf64(s, l->frame_instr);
	__u64 base = py_bytecode(l, s, code);
	__s64 unit;

	if (!base)
		return PY_END_CODE;
	unit = ((__s64)(instr - base)) >> 1;
	if (unit < -1 || unit > 0x3fffffff)
		return PY_END_ODD;
	*ret = (__s32)unit;
	return 0;
}

/* Look at s->frame and go to its caller. PY_STEP_ON, or why the walk ends. */
static inline __attribute__((always_inline)) int py_step(const struct py_layout *l,
							 struct py_stack *s)
{
	__u64 frame = s->frame, code, type;
	__u32 size = l->frame_size & 0x7f, owner = 0;
	__s32 unit;
	int err;

	py_opaque(size);
	size &= 0x7f;
	if (py_read(s, s->buf, size, frame))
		return PY_END_FRAME;
	code = py_buf64(s, l->frame_code) & ~(__u64)l->code_tag;
	s->frame = py_buf64(s, l->frame_back);
	if (s->frame == frame)
		return PY_END_ODD;
	if (l->frame_owner != PY_NONE) {
		owner = py_buf8(s, l->frame_owner);
		if (owner > PY_LAST_OWNER)
			return PY_END_ODD;
		if (owner >= PY_FIRST_SHIM_OWNER)
			return PY_STEP_ON;
	}
	if (l->code_type) {
		if (py_read(s, &type, sizeof(type), code + l->ob_type))
			return PY_END_CODE;
		if (type != l->code_type)
			return PY_END_NOT_CODE;
	}
	if (l->walk == PY_WALK_FRAMEOBJ) {
		unit = py_buf32(s, l->frame_instr) >> (l->lasti_shift & 1);
	} else {
		err = py_unit(l, s, code, &unit);
		if (err)
			return err;
	}
	if (s->cnt >= PY_STACK_MAX)
		return PY_END_DEPTH;
	py_push(s, code, unit, owner);
	return PY_STEP_ON;
}

/* Walk the stack of the thread with this PyThreadState into s. */
static inline __attribute__((always_inline)) void py_walk(const struct py_layout *l, __u64 tstate,
							  struct py_stack *s)
{
	__u64 top = 0;
	__u32 i;
	int end = PY_END_DEPTH;

	s->cnt = 0;
	s->hash = 0;
	s->frame = 0;
	s->end = PY_END_NO_LAYOUT;
	if (l->walk == PY_WALK_NONE)
		return;
	s->end = PY_END_TSTATE;
	if (py_read(s, &top, sizeof(top), tstate + l->tstate_frame))
		return;
	if (l->walk == PY_WALK_CFRAME && py_read(s, &top, sizeof(top), top + l->cframe_current))
		return;
	s->frame = top;
	PY_NO_UNROLL
	for (i = 0; i < PY_WALK_STEPS; i++) {
		if (!s->frame) {
			end = PY_END_ROOT;
			break;
		}
		end = py_step(l, s);
		if (end != PY_STEP_ON)
			break;
		end = PY_END_DEPTH;
	}
	s->end = (__u32)end;
}

#endif
