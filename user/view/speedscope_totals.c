/* SPDX-License-Identifier: BSD-2-Clause */
/* speedscope_totals.c - profiles of the exact totals by stack: whom others waited for, who waited, who held */
#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>

#include "user/base/decimal.h"
#include "user/base/util.h"
#include "user/view/speedscope_impl.h"

void speedscope__open_profile(struct speedscope *v, const char *type, uint64_t end_ns)
{
	struct json_out j = { .out = v->out };

	fputs(v->profile_cnt++ ? ",\n" : "\n", v->out);
	json__open(&j, NULL, '{');
	json__str(&j, "type", type);
	json__str(&j, "name", sbuf__str(&v->text));
	json__str(&j, "unit", "nanoseconds");
	json__u64(&j, "startValue", 0);
	json__u64(&j, "endValue", end_ns);
}

void speedscope__put_who(struct sbuf *b, const char *name, uint32_t id)
{
	sbuf__puts(b, name);
	sbuf__printf(b, " (%u)", id);
}

static const struct {
	enum snap_stack_kind kind;
	const char *what;
} totals[] = {
	{ SNAP_STACK_BLAME, "makes others wait" },
	{ SNAP_STACK_WAIT, "waits for the GIL" },
	{ SNAP_STACK_HOLD, "has the GIL" },
};

/* Stacks of one thread beside each other, that with the largest stack first, and of those what begins alike: so that "Time
 * Order", which is what speedscope shows at first, has them together, too.
 */
struct row {
	const struct snap_stack *s;
	size_t rank; /* of the thread */
};

static int cmp_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	for (size_t i = 0; i < x->s->frame_cnt && i < y->s->frame_cnt; i++) {
		int cmp = snap_frame__cmp(&x->s->frames[i], &y->s->frames[i]);

		if (cmp)
			return cmp;
	}
	if (x->s->frame_cnt != y->s->frame_cnt)
		return x->s->frame_cnt < y->s->frame_cnt ? -1 : 1;
	return x->s < y->s ? -1 : 1;
}

/* The rows of a kind; ret has room for all stacks. How many, or -ENOMEM. */
static ssize_t rows_of(const struct speedscope *v, const struct snap_proc *p,
		       enum snap_stack_kind kind, struct row *ret)
{
	__cleanup(hmap__free) struct hmap ranks = { 0 };
	size_t cnt = 0;

	for (size_t i = 0; i < p->stack_cnt; i++) {
		const struct snap_stack *s = &p->stacks[i];
		size_t rank;

		if (s->kind != kind || !s->ns || !view_opts__shows_tid(v->view.opts, s->tid))
			continue;
		rank = (size_t)hmap__get(&ranks, s->tid, 0);
		if (!rank && hmap__put(&ranks, s->tid, 0, (void *)(rank = ranks.cnt + 1)))
			return -ENOMEM;
		ret[cnt++] = (struct row){ s, rank };
	}
	qsort(ret, cnt, sizeof(*ret), cmp_rows);
	return (ssize_t)cnt;
}

static uint32_t thread_frame(struct speedscope *v, const struct snap_proc *p, uint32_t tid)
{
	const struct snap_thread *t = snap_proc__thread(p, tid);
	const char *name = t && *t->name ? t->name : "thread";

	sbuf__reset(&v->text);
	if (!tid)
		sbuf__puts(&v->text, "[other threads]");
	else if (tid & SNAP_FOLD_TID)
		sbuf__printf(&v->text, "%s (ended)", name);
	else
		speedscope__put_who(&v->text, name, tid);
	return speedscope_frames__text(&v->frames, sbuf__str(&v->text));
}

static void put_no(struct speedscope *v, uint32_t no)
{
	putc_unlocked(',', v->out);
	decimal__put_u64(v->out, no);
}

static void put_stack(struct speedscope *v, const struct snap_proc *p, const struct snap_stack *s)
{
	putc_unlocked('[', v->out);
	decimal__put_u64(v->out, thread_frame(v, p, s->tid));
	if (s->truncated)
		put_no(v, speedscope_frames__text(&v->frames, "[truncated]"));
	for (size_t i = 0; i < s->frame_cnt; i++)
		put_no(v, speedscope_frames__of(&v->frames, &s->frames[i]));
	if (!s->frame_cnt)
		put_no(v, speedscope_frames__text(&v->frames, "[other]"));
	putc_unlocked(']', v->out);
}

static void put_columns(struct speedscope *v, const struct snap_proc *p, const struct row *rows,
			size_t cnt)
{
	for (int weights = 0; weights < 2; weights++) {
		fputs(weights ? ",\"weights\":[" : ",\"samples\":[", v->out);
		for (size_t i = 0; i < cnt; i++) {
			if (i)
				putc_unlocked(',', v->out);
			if (weights)
				decimal__put_u64(v->out, rows[i].s->ns);
			else
				put_stack(v, p, rows[i].s);
		}
		putc_unlocked(']', v->out);
	}
	putc_unlocked('}', v->out);
}

/* Of all processes that with the most blame is shown first; where nobody is to blame, that with the most of what there is. */
static void choose_active(struct speedscope *v, size_t no, uint64_t ns)
{
	uint64_t rank = (ns >> 2) + (no ? 0 : 1ull << 62);

	if (rank <= v->active_rank)
		return;
	v->active_rank = rank;
	v->active = v->profile_cnt;
}

static int put_profile(struct speedscope *v, const struct snap_proc *p, size_t no)
{
	__cleanup(freep) struct row *rows = malloc((p->stack_cnt + 1) * sizeof(*rows));
	ssize_t cnt = rows ? rows_of(v, p, totals[no].kind, rows) : -ENOMEM;
	uint64_t ns = 0;

	if (cnt <= 0)
		return (int)cnt;
	for (ssize_t i = 0; i < cnt; i++)
		ns += rows[i].s->ns;
	choose_active(v, no, ns);
	sbuf__reset(&v->text);
	speedscope__put_who(&v->text, p->comm, p->pid);
	sbuf__printf(&v->text, " %s", totals[no].what);
	speedscope__open_profile(v, "sampled", ns);
	put_columns(v, p, rows, (size_t)cnt);
	return 0;
}

int speedscope__put_totals(struct speedscope *v, const struct snapshot *total)
{
	int err = 0;

	for (size_t i = 0; i < total->proc_cnt; i++)
		for (size_t k = 0; k < ARRAY_SIZE(totals) && !err; k++)
			err = put_profile(v, &total->procs[i], k);
	return err;
}
