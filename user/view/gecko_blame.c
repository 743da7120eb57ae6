/* SPDX-License-Identifier: BSD-2-Clause */
/* gecko_blame.c - a thread that is none: the stacks that made others wait, by the exact totals
 *
 * Its samples are all at the start of its process, for totals have no time: a part of the time that is selected has none of it.
 */
#include <errno.h>

#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/view/gecko_impl.h"

enum column { STACK, TIME, WEIGHT };

static bool is_blame(const struct gecko *g, const struct snap_stack *s)
{
	return s->kind == SNAP_STACK_BLAME && s->ns && view_opts__shows_tid(g->view.opts, s->tid);
}

static void put_name(struct sbuf *b, const struct snap_proc *p, uint32_t tid)
{
	const struct snap_thread *t = snap_proc__thread(p, tid);

	sbuf__reset(b);
	sbuf__puts(b, !tid ? "[other threads]" : t && *t->name ? t->name : "thread");
	if (tid & SNAP_FOLD_TID)
		sbuf__puts(b, " (ended)");
	else if (tid)
		sbuf__printf(b, " (%u)", tid);
}

static uint32_t stack_of(struct gecko_tables *t, uint32_t root, const struct snap_proc *p,
			 const struct snap_stack *s, struct sbuf *b)
{
	const struct stored_stack stack = { s->frames, s->frame_cnt, s->truncated };
	uint32_t at;

	put_name(b, p, s->tid);
	at = gecko_tables__root(t, root, sbuf__str(b), GECKO_NONE);
	if (!s->frame_cnt)
		return gecko_tables__root(t, at, "[other]", GECKO_NONE);
	return gecko_tables__stack(t, at, &stack);
}

static void put_column(struct gecko *g, struct gecko_tables *t, const struct snap_proc *p,
		       const char *key, enum column column, uint64_t at_ns)
{
	uint32_t root = gecko_tables__root(t, GECKO_NONE, "Makes others wait", CATEGORY_BLAME);
	__cleanup(sbuf__free) struct sbuf b = { 0 };

	json__open(&g->json, key, '[');
	for (size_t i = 0; i < p->stack_cnt; i++) {
		const struct snap_stack *s = &p->stacks[i];

		if (!is_blame(g, s))
			continue;
		if (column == STACK)
			json__u64(&g->json, NULL, stack_of(t, root, p, s, &b));
		else
			json__ms(&g->json, NULL, column == TIME ? gecko__since(g, at_ns) : s->ns);
	}
	json__close(&g->json, ']');
	t->oom |= b.oom;
}

static void put_markers(struct json_out *j)
{
	static const char *const keys[] = { "data",    "name",	"startTime",
					    "endTime", "phase", "category" };

	json__open(j, "markers", '{');
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		json__open(j, keys[i], '[');
		json__close(j, ']');
	}
	json__u64(j, "length", 0);
	json__close(j, '}');
}

static void put_samples(struct gecko *g, struct gecko_tables *t, const struct snap_proc *p,
			uint64_t at_ns)
{
	struct json_out *j = &g->json;
	size_t cnt = 0;

	for (size_t i = 0; i < p->stack_cnt; i++)
		cnt += is_blame(g, &p->stacks[i]);
	json__open(j, "samples", '{');
	put_column(g, t, p, "stack", STACK, at_ns);
	put_column(g, t, p, "time", TIME, at_ns);
	put_column(g, t, p, "weight", WEIGHT, at_ns);
	json__str(j, "weightType", "tracing-ms");
	json__open(j, "eventDelay", '[');
	for (size_t i = 0; i < cnt; i++)
		json__null(j, NULL);
	json__close(j, ']');
	json__u64(j, "length", cnt);
	json__close(j, '}');
}

static int put_made_up(struct gecko *g, const char *name, const struct snap_proc *p,
		       const struct state_proc *sp)
{
	struct gecko_tables t = { .strings = &g->strings };
	bool oom;

	gecko__open_thread(g, name, NULL, sp, "blame");
	put_samples(g, &t, p, sp->start_ns);
	gecko_tables__put(&t, &g->json);
	put_markers(&g->json);
	json__close(&g->json, '}');
	oom = t.oom;
	gecko_tables__free(&t);
	return oom ? -ENOMEM : 0;
}

int gecko__put_blame(struct gecko *g, const struct snap_proc *p, const struct state_proc *sp)
{
	for (size_t i = 0; i < p->stack_cnt; i++)
		if (is_blame(g, &p->stacks[i]))
			return put_made_up(g, "[who makes others wait]", p, sp);
	return 0;
}

int gecko__put_nothing(struct gecko *g)
{
	return put_made_up(g, "no thread had to do with a GIL", &(struct snap_proc){ 0 },
			   &(struct state_proc){ .comm = "giltop" });
}
