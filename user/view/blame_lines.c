/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/blame_lines.h"

#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/view/view.h"

/* What the holder's CPU was in below a line of Python: "[kernel]", "[memcpy]". */
static bool is_below_python(const struct snap_frame *f)
{
	size_t len = strlen(f->name);

	return !f->line && len > 1 && f->name[0] == '[' && f->name[len - 1] == ']' &&
	       strcmp(f->name, "[freed code]");
}

/* How many frames there are down to the innermost line of Python; without one, all. */
static size_t python_cnt(const struct snap_stack *s)
{
	for (size_t n = s->frame_cnt; n > 0; n--)
		if (!is_below_python(&s->frames[n - 1]))
			return n;
	return s->frame_cnt;
}

static const struct snap_frame *leaf(const struct snap_stack *s)
{
	size_t n = python_cnt(s);

	return n ? &s->frames[n - 1] : NULL;
}

static const struct snap_frame *caller(const struct snap_stack *s)
{
	size_t n = python_cnt(s);

	return n > 1 ? &s->frames[n - 2] : NULL;
}

/* Stacks of the same line side by side, and in it those of the same caller. */
static int cmp_stack(const void *a, const void *b)
{
	const struct snap_stack *x = *(const struct snap_stack *const *)a;
	const struct snap_stack *y = *(const struct snap_stack *const *)b;
	int c = snap_frame__cmp(leaf(x), leaf(y));

	return c ? c : snap_frame__cmp(caller(x), caller(y));
}

static int cmp_line(const void *a, const void *b)
{
	const struct blame_line *x = a, *y = b;

	return x->ns != y->ns ? (x->ns > y->ns ? -1 : 1) : snap_frame__cmp(x->frame, y->frame);
}

/* The line of the first stacks of these, sorted: how many they are. */
static size_t take_line(const struct snap_stack *const *s, size_t cnt, struct blame_line *ret)
{
	uint64_t by_caller = 0;
	size_t i;

	*ret = (struct blame_line){ .frame = leaf(s[0]) };
	for (i = 0; i < cnt && !snap_frame__cmp(leaf(s[i]), ret->frame); i++) {
		bool other = !i || snap_frame__cmp(caller(s[i]), caller(s[i - 1]));

		by_caller = other ? s[i]->ns : by_caller + s[i]->ns;
		ret->caller_cnt += other;
		ret->ns += s[i]->ns;
		ret->cnt += s[i]->cnt;
		if (by_caller > ret->caller_ns) {
			ret->caller = caller(s[i]);
			ret->caller_ns = by_caller;
		}
	}
	return i;
}

size_t blame_lines__top(const struct snap_proc *p, const struct view_opts *o,
			struct blame_line *ret, size_t max, size_t *ret_cnt)
{
	__cleanup(freep) const struct snap_stack **s = calloc(p->stack_cnt + 1, sizeof(*s));
	__cleanup(freep) struct blame_line *lines = calloc(p->stack_cnt + 1, sizeof(*lines));
	size_t cnt = 0, line_cnt = 0;

	if (ret_cnt)
		*ret_cnt = 0;
	if (!s || !lines)
		return 0;
	for (size_t i = 0; i < p->stack_cnt; i++)
		if (p->stacks[i].kind == SNAP_STACK_BLAME && p->stacks[i].ns &&
		    view_opts__shows_tid(o, p->stacks[i].tid))
			s[cnt++] = &p->stacks[i];
	qsort(s, cnt, sizeof(*s), cmp_stack);
	for (size_t i = 0; i < cnt;)
		i += take_line(&s[i], cnt - i, &lines[line_cnt++]);
	qsort(lines, line_cnt, sizeof(*lines), cmp_line);
	if (ret_cnt)
		*ret_cnt = line_cnt;
	if (line_cnt > max)
		line_cnt = max;
	memcpy(ret, lines, line_cnt * sizeof(*ret));
	return line_cnt;
}

uint64_t blame_lines__all_ns(const struct snap_proc *p)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < p->gil_cnt; i++)
		sum += p->gils[i].wait_ns;
	return sum;
}
