/* SPDX-License-Identifier: BSD-2-Clause */
/* strings.c - the GIL's failure messages and function names in read-only data */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/gil/finder.h"

#define STR_MAX 64 /* real files have 8 to 16 */

const struct gil_str *finder__str_at(const struct finder *f, uint64_t va)
{
	if (!f->str_cnt || va < f->strs[0].va || va > f->strs[f->str_cnt - 1].va)
		return NULL;
	return bsearch(&va, f->strs, f->str_cnt, sizeof(*f->strs), cmp_u64);
}

static int add_str(struct finder *f, uint64_t va, enum gil_op op, enum gil_fn fn)
{
	if (f->str_cnt == STR_MAX)
		return finder__refuse(f, -ENOTSUP, "more than %d GIL strings", STR_MAX);
	if (array_grow(&f->strs, f->str_cnt, &f->str_cap, sizeof(*f->strs)))
		return -ENOMEM;
	f->strs[f->str_cnt++] = (struct gil_str){ .va = va, .op = op, .fn = fn };
	return 0;
}

static bool ends_with(const char *s, size_t len, const char *tail)
{
	size_t n = strlen(tail);

	return len >= n && !memcmp(s + len - n, tail, n);
}

/* "PyCOND_SIGNAL(gil->switch_cond) failed" -> GIL_OP_ACQUIRE. What stands before the field's name changed
 * over time (3.6 gil_cond, 3.7 _PyRuntime.ceval.gil.cond, then gil->cond); the macro names did not. The
 * timed wait has no message of its own: it is the only "WAIT" on cond.
 */
static enum gil_op message_op(const char *s, size_t len)
{
	static const struct {
		const char *call, *field;
		enum gil_op op;
	} table[] = {
		/* switch_ first: "switch_cond" ends with "cond" */
		{ "PyCOND_SIGNAL(", "switch_cond", GIL_OP_ACQUIRE },
		{ "PyCOND_SIGNAL(", "cond", GIL_OP_RELEASE },
		{ "PyCOND_WAIT(", "switch_cond", GIL_OP_YIELD },
		{ "PyCOND_WAIT(", "cond", GIL_OP_WAIT },
		{ "PyMUTEX_LOCK(", "switch_mutex", GIL_OP_LOCK_SWITCH },
		{ "PyMUTEX_LOCK(", "mutex", GIL_OP_LOCK },
		{ "PyMUTEX_UNLOCK(", "switch_mutex", GIL_OP_UNLOCK_SWITCH },
		{ "PyMUTEX_UNLOCK(", "mutex", GIL_OP_UNLOCK },
	};
	const char *end = memchr(s, '\0', len < 80 ? len : 80);
	size_t arg_len;

	if (!end || !ends_with(s, (size_t)(end - s), ") failed"))
		return GIL_OP_NONE;
	len = (size_t)(end - s) - strlen(") failed");
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		size_t n = strlen(table[i].call);

		if (len < n || memcmp(s, table[i].call, n))
			continue;
		arg_len = len - n;
		if (ends_with(s + n, arg_len, table[i].field) &&
		    (memmem(s + n, arg_len, "gil", 3) || arg_len == strlen(table[i].field)))
			return table[i].op;
	}
	return GIL_OP_NONE;
}

/* A segment may hold messages and, if so, function names. The linker may keep a string as the tail of a
 * longer one, so what stands before it does not matter.
 */
static int scan(struct finder *f, const struct elf_seg *seg, const char *p)
{
	static const struct {
		const char *text;
		size_t len;
		enum gil_fn fn;
	} wanted[] = {
		/* the heads of messages first; a name ends with its NUL */
		{ "PyCOND_", 7, GIL_FN_NONE },	      { "PyMUTEX_", 8, GIL_FN_NONE },
		{ "take_gil", 9, GIL_FN_TAKE },	      { "drop_gil", 9, GIL_FN_DROP },
		{ "drop_gil_impl", 14, GIL_FN_DROP },
	};
	const char *end = p + seg->filesz, *s;
	size_t before = f->str_cnt;
	enum gil_op op;
	int err;

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		bool is_name = wanted[i].fn != GIL_FN_NONE;

		if (is_name && f->str_cnt == before)
			break;
		for (s = p; (s = memmem(s, (size_t)(end - s), wanted[i].text, wanted[i].len));
		     s++) {
			op = is_name ? GIL_OP_NONE : message_op(s, (size_t)(end - s));
			if (!is_name && op == GIL_OP_NONE)
				continue;
			err = add_str(f, seg->va + (uint64_t)(s - p), op, wanted[i].fn);
			if (err)
				return err;
		}
	}
	return 0;
}

int finder__find_strings(struct finder *f)
{
	unsigned int have = 0, need = 1U << GIL_OP_WAIT | 1U << GIL_OP_ACQUIRE |
				      1U << GIL_OP_RELEASE | 1U << GIL_OP_LOCK |
				      1U << GIL_OP_UNLOCK;
	struct elf_seg seg;
	const char *p;
	int err;

	for (size_t i = 0; !elf_file__seg(f->elf, i, &seg); i++) {
		if (seg.flags & PF_W || !seg.filesz)
			continue;
		p = elf_file__at(f->elf, seg.va, seg.filesz);
		if (!p)
			return finder__refuse(f, -EINVAL, "cannot read a segment");
		err = scan(f, &seg, p);
		if (err)
			return err;
	}
	for (size_t i = 0; i < f->str_cnt; i++)
		if (f->strs[i].op != GIL_OP_NONE)
			have |= 1U << f->strs[i].op;
	if (!have)
		return finder__refuse(f, -ENOENT,
				      "no CPython: the GIL's messages are not in the file");
	if ((have & need) != need)
		return finder__refuse(f, -ENOENT,
				      "no CPython this tool knows: of the GIL's messages "
				      "only some are in the file (mask %#x of %#x)",
				      have, need);
	qsort(f->strs, f->str_cnt, sizeof(*f->strs), cmp_u64);
	return 0;
}
