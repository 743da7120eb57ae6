/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pycode.bpf.h - which code object is it? One function for BPF and for user space
 *
 * The idea: its address says nothing. Code objects are freed (exec() of a made-up string, a module's body), and
 * the next one gets the same place, down to the strings that it points to. So its id is made of what is shown:
 * first line, name, file, and of what tells apart those that have these in common (the bytecode's size, how the line
 * table begins). A str is known by its hash
 * where CPython has computed it (names are interned, so nearly all have one), else by its length and both
 * ends. The same code made again somewhere else has the same id.
 *
 * In user space define py_read(scratch, dst, size, addr) before including this; it must zero dst when
 * it fails, as bpf_probe_read_user() does.
 */
#ifndef GILTOP_PYCODE_BPF_H
#define GILTOP_PYCODE_BPF_H

#include "bpf/pylayout.h"
#include "bpf/pystack.h"

#ifdef __bpf__
#define py_read(scratch, dst, size, addr) bpf_probe_read_user(dst, size, (const void *)(addr))
/* Keep the compiler from reasoning a mask away that the verifier wants to see. */
#define py_opaque(v) asm volatile("" : "+r"(v))
#define PY_NO_UNROLL _Pragma("clang loop unroll(disable)")
#else
#define py_opaque(v) ((void)(v))
#define PY_NO_UNROLL
#endif

#define PY_INLINE static inline __attribute__((always_inline))

PY_INLINE __u64 py_mix(__u64 h, __u64 v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ (h >> 29);
}

/* The 8 bytes at an 8 byte aligned offset of what was read. */
PY_INLINE __u64 py_buf64(const struct py_scratch *x, __u64 off)
{
	off &= 0x78;
	py_opaque(off);
	off &= 0x78;
	return *(const __u64 *)((const char *)x->buf + off);
}

PY_INLINE __u32 py_buf32(const struct py_scratch *x, __u64 off)
{
	off &= 0x7c;
	py_opaque(off);
	off &= 0x7c;
	return *(const __u32 *)((const char *)x->buf + off);
}

PY_INLINE __u64 py_buf8(const struct py_scratch *x, __u64 off)
{
	off &= 0x7f;
	py_opaque(off);
	off &= 0x7f;
	return *((const __u8 *)x->buf + off);
}

PY_INLINE void py_scratch_init(struct py_scratch *x)
{
	x->fault = 0;
	x->file = 0;
	x->file_id = 0;
}

/* min(n, max), for max below 2^63, without a branch. What is negative (no length) is 0. */
PY_INLINE __u64 py_at_most(__u64 n, __u64 max)
{
	__u64 more = (max - n) >> 63;

	n &= ~(__u64)((__s64)n >> 63);
	return n ^ ((n ^ max) & -more);
}

/* The characters of the str whose head was read last: where, how many bytes. */
PY_INLINE __u64 py_str_data(const struct py_layout *l, const struct py_scratch *x, __u64 str,
			    __u64 *bytes, __u32 *kind)
{
	__u64 state = (__u32)x->head[2] >> (l->str_kind_shift & 31);

	*kind = state & 7;
	*bytes = x->head[0] * *kind;
	return str + l->str_data + (~state >> 4 & 1) * l->str_more;
}

#define PY_TAIL_WORDS  8
#define PY_FRONT_WORDS 4

/* Its hash is not there: what it ends in says what it is; of a long one also what it begins with. */
PY_INLINE void py_text_by_ends(const struct py_layout *l, struct py_scratch *x, __u64 str)
{
	__u64 bytes, n, h, at;
	__u32 kind;

	at = py_str_data(l, x, str, &bytes, &kind);
	n = py_at_most(bytes, PY_TAIL_WORDS * 8);
	n &= 0x7f;
	py_opaque(n);
	n &= 0x7f;
	for (int i = 0; i < PY_TAIL_WORDS; i++)
		x->tail[i] = 0;
	h = py_mix(bytes, kind);
	if (py_read(x, x->tail, n, at + bytes - n)) {
		x->fault = 1;
		h = py_mix(h, str);
	}
	for (int i = 0; i < PY_TAIL_WORDS; i++)
		h = py_mix(h, x->tail[i]);
	if (bytes > PY_TAIL_WORDS * 8) {
		x->fault |= !!py_read(x, x->tail, PY_FRONT_WORDS * 8, at);
		for (int i = 0; i < PY_FRONT_WORDS; i++)
			h = py_mix(h, x->tail[i]);
	}
	x->text_id = h;
}

PY_INLINE void py_text_id(const struct py_layout *l, struct py_scratch *x, __u64 str)
{
	if (py_read(x, x->head, sizeof(x->head), str + l->object_head)) {
		x->fault = 1;
		x->text_id = py_mix(0, str);
		return;
	}
	x->text_id = py_mix(x->head[0], x->head[1]);
	if (x->head[1] == ~0ull)
		py_text_by_ends(l, x, str);
}

#define PY_LINES_WORDS	4
#define PY_LINES_UNREAD 1

/* The size, the hash and the first words of a bytes object into x->tail; of those behind its end anything. */
PY_INLINE int py_lines_read(const struct py_layout *l, struct py_scratch *x, __u64 lines)
{
	__u64 n;

	if (!py_read(x, x->tail, (2 + PY_LINES_WORDS) * 8, lines + l->object_head))
		return 0;
	/* It may be the last of what is readable. */
	if (py_read(x, x->tail, 16, lines + l->object_head))
		return -1;
	n = py_at_most(x->tail[0], PY_LINES_WORDS * 8) & 0x3f;
	py_opaque(n);
	n &= 0x3f;
	return py_read(x, x->tail + 2, n, lines + l->object_head + 16) ? -1 : 0;
}

/* How a line table begins: two lambdas of one line differ in that alone. Of a frozen module it may be in a page of the
 * file that nobody has touched yet, which cannot be read here.
 */
PY_INLINE __u64 py_lines_id(const struct py_layout *l, struct py_scratch *x, __u64 lines)
{
	__u64 h;

	if (x->blind || py_lines_read(l, x, lines))
		return PY_LINES_UNREAD;
	h = py_mix(0, x->tail[0]);
	for (int i = 0; i < PY_LINES_WORDS; i++) {
		__u64 bits = 4 * py_at_most(x->tail[0] - 8 * (__u64)i, 8);

		h = py_mix(h, x->tail[2 + i] & ((1ull << bits << bits) - 1));
	}
	return h;
}

/* Never 0. A str that cannot be read counts by its address. */
PY_INLINE __u64 py_code_id(const struct py_layout *l, struct py_scratch *x, __u64 code)
{
	__u64 h, file;

	x->fault |= !!py_read(x, x->buf, PY_CODE_BYTES, code + l->object_head);
	h = py_mix(py_buf32(x, l->code_first_line), py_buf64(x, l->code_extra));
	h = py_mix(h, py_lines_id(l, x, py_buf64(x, l->code_lines)));
	file = py_buf64(x, l->code_file);
	py_text_id(l, x, py_buf64(x, l->code_name));
	h = py_mix(h, x->text_id);
	if (file != x->file) {
		py_text_id(l, x, file);
		x->file = file;
		x->file_id = x->text_id;
	}
	return py_mix(h, x->file_id) | 1;
}

/* The head of the str into ret; returns where its characters are. */
PY_INLINE __u64 py_text_head(const struct py_layout *l, struct py_scratch *x, __u64 str,
			     struct py_text *ret, __u32 max)
{
	__u64 at, bytes;
	__u32 kind;

	x->fault |= !!py_read(x, x->head, sizeof(x->head), str + l->object_head);
	at = py_str_data(l, x, str, &bytes, &kind);
	ret->str = str;
	ret->bytes = bytes;
	ret->kind = kind;
	ret->kept = (__u32)py_at_most(bytes, max - 4); /* whole characters */
	return at;
}

#define PY_COPY(x, dst, n, at)                                                                     \
	do {                                                                                       \
		__u64 size_ = (n) & (sizeof(dst) - 1);                                             \
		py_opaque(size_);                                                                  \
		size_ &= sizeof(dst) - 1;                                                          \
		(x)->fault |= !!py_read(x, dst, size_, at);                                        \
	} while (0)

/* All there is to know of a code object, into ret but for its id. 0, or -1: it is none, or not (any more) the one of
 * this id.
 */
PY_INLINE int py_code_read(const struct py_layout *l, struct py_scratch *x, __u64 code, __u64 id,
			   struct py_code *ret)
{
	__u64 name, file, lines, at;

	py_scratch_init(x);
	py_read(x, x->head, 8, code + l->object_head - 8);
	if (l->code_type && x->head[0] != l->code_type)
		return -1;
	x->fault |= !!py_read(x, x->buf, PY_CODE_BYTES, code + l->object_head);
	name = py_buf64(x, l->code_name);
	file = py_buf64(x, l->code_file);
	lines = py_buf64(x, l->code_lines);
	ret->addr = code;
	ret->first_line = py_buf32(x, l->code_first_line);
	ret->extra = py_buf64(x, l->code_extra);
	ret->lines = lines;
	ret->first_unit = 0;
	if (l->code_first_unit != PY_NONE)
		x->fault |= !!py_read(x, &ret->first_unit, 4, code + l->code_first_unit);
	at = py_text_head(l, x, name, &ret->name, PY_NAME_BYTES);
	PY_COPY(x, ret->name_text, ret->name.kept, at);
	at = py_text_head(l, x, file, &ret->file, PY_FILE_BYTES);
	PY_COPY(x, ret->file_text, ret->file.kept, at + ret->file.bytes - ret->file.kept);
	x->fault |= !!py_read(x, x->head, 8, lines + l->object_head);
	ret->lines_len = x->head[0];
	/* A bytes object: its size, a hash, its bytes. */
	PY_COPY(x, ret->lines_data, py_at_most(ret->lines_len, PY_LINES_BYTES - 1),
		lines + l->object_head + 16);
	ret->unread = x->fault;
	x->file = 0;
	if (py_code_id(l, x, code) != id || py_buf64(x, l->code_name) != name ||
	    py_buf64(x, l->code_file) != file || py_buf64(x, l->code_lines) != lines)
		return -1;
	return 0;
}

#endif
