/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/picture/offcpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"

static int cmp_place(const void *a, const void *b)
{
	const struct offcpu_line *x = a, *y = b;
	int c = snap_frame__cmp(x->frame, y->frame);

	return c ? c : (x->call_no > y->call_no) - (x->call_no < y->call_no);
}

static int cmp_ns(const void *a, const void *b)
{
	const struct offcpu_line *x = a, *y = b;

	return x->ns != y->ns ? (x->ns > y->ns ? -1 : 1) : cmp_place(x, y);
}

/* Those of one place, side by side, into one. Returns how many are left. */
static size_t join(struct offcpu_line *v, size_t cnt)
{
	size_t n = 0;

	for (size_t i = 0; i < cnt; i++) {
		if (n && !cmp_place(&v[n - 1], &v[i])) {
			v[n - 1].ns += v[i].ns;
			v[n - 1].cnt += v[i].cnt;
		} else {
			v[n++] = v[i];
		}
	}
	return n;
}

size_t offcpu__lines(const struct snap_proc *p, offcpu_tid_fn fn, const void *ctx,
		     struct offcpu_line *ret, size_t max, size_t *all)
{
	__cleanup(freep) struct offcpu_line *v = calloc(p->offcpu_cnt + 1, sizeof(*v));
	size_t cnt = 0;

	for (size_t i = 0; i < p->offcpu_cnt && v; i++) {
		const struct snap_offcpu *o = &p->offcpu[i];

		if (fn && !fn(ctx, o->tid))
			continue;
		v[cnt] = (struct offcpu_line){
			.frame = snap_frames__python_leaf(o->frames, o->frame_cnt),
			.call = o->call,
			.call_no = o->call_no,
			.ns = o->ns,
			.cnt = o->cnt,
		};
		cnt++;
	}
	if (cnt) {
		qsort(v, cnt, sizeof(*v), cmp_place);
		cnt = join(v, cnt);
		qsort(v, cnt, sizeof(*v), cmp_ns);
	}
	if (all)
		*all = cnt;
	cnt = cnt < max ? cnt : max;
	if (cnt)
		memcpy(ret, v, cnt * sizeof(*v));
	return cnt;
}

char *offcpu__call_words(const struct offcpu_line *l, char out[OFFCPU_WORDS_SZ])
{
	if (l->call)
		snprintf(out, OFFCPU_WORDS_SZ, "%s()", l->call);
	else if (l->call_no == GT_UNKNOWN_CALL)
		snprintf(out, OFFCPU_WORDS_SZ, "an unknown call");
	else if (l->call_no == GT_NO_CALL)
		snprintf(out, OFFCPU_WORDS_SZ, "no system call");
	else
		snprintf(out, OFFCPU_WORDS_SZ, "system call %d", l->call_no);
	return out;
}
