/* SPDX-License-Identifier: BSD-2-Clause */
/* who.c - who makes others wait, at the level that explains most with least: function, library, pool or thread */
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/judge/verdict_impl.h"

/* A function explains it with so much of all waiting; else a library or a pool may explain more. */
#define FUNCTION_MUCH 0.3
#define OTHERS_MUCH   0.5

/* Those of the pool alone. */
static void put_pool(const struct culprit *c, struct sbuf *out)
{
	const struct snap_pool *pool = c->pool && c->pool->cnt > 1 ? c->pool : NULL;

	if (!pool || c->pool_thread_cnt == 1) {
		verdict__put_name(c->who->name, out);
	} else {
		if (c->pool_thread_cnt == pool->cnt)
			sbuf__printf(out,
				     pool->cnt == 2 ? "both threads of " : "all %u threads of ",
				     pool->cnt);
		else
			sbuf__printf(out, "%zu of the %u threads of ", c->pool_thread_cnt,
				     pool->cnt);
		verdict__put_name(pool->name, out);
	}
}

void verdict__put_holders(const struct culprit *c, struct sbuf *out)
{
	bool most = verdict__share(c->who_ns, c->frame ? c->ns : c->all_ns) >= 0.9;

	put_pool(c, out);
	if (!most && c->thread_cnt > c->pool_thread_cnt)
		sbuf__puts(out, " and others");
}

/* The pool with most of all blame. */
static const struct snap_pool *main_pool(const struct snap_proc *p, const struct snap_gil *g)
{
	const struct snap_pool *ret = NULL;

	for (size_t i = 0; i < p->pool_cnt; i++) {
		const struct snap_pool *pool = &p->pools[i];

		if ((!g || verdict__uses(p, pool->all, g)) && pool->all->blame_ns &&
		    (!ret || pool->all->blame_ns > ret->all->blame_ns))
			ret = pool;
	}
	return ret;
}

/* "46% of all waiting" */
static void put_part(uint64_t ns, const struct culprit *c, bool tiny, struct sbuf *out)
{
	char pct[UNITS_SZ];

	sbuf__printf(out, tiny ? "%s of waiting" : "%s of all waiting",
		     units__percent_word(ns, c->all_ns, pct));
}

/* VERDICT_LEAST: "iterencode (encoder.py:257)", and no more than 60 characters of it */
static void put_short_place(const struct snap_frame *f, struct sbuf *out)
{
	verdict__put_short_name(f->name, out);
	if (!*f->file)
		return;
	sbuf__puts(out, " (");
	verdict__put_short_name(path_base(f->file), out);
	sbuf__printf(out, f->line ? ":%u)" : ")", f->line);
}

/* The library, or the pool, where no function explains much; false: neither does. Its most frequent place follows. */
static bool put_larger(const struct snap_proc *p, const struct snap_gil *g, const struct culprit *c,
		       enum verdict_detail detail, struct sbuf *out)
{
	bool tiny = detail >= VERDICT_TINY, least = detail == VERDICT_LEAST;
	const struct snap_pool *pool = main_pool(p, g);

	if (verdict__share(c->ns, c->all_ns) >= FUNCTION_MUCH)
		return false;
	if (verdict__share(c->all_library_ns, c->all_ns) >= OTHERS_MUCH) {
		sbuf__puts(out, tiny ? "" : "Native code in ");
		if (least)
			verdict__put_short_name(c->all_library, out);
		else
			verdict__put_name(c->all_library, out);
		sbuf__puts(out, tiny ? ": " : " makes others wait most: ");
		put_part(c->all_library_ns, c, tiny, out);
	} else if (pool && verdict__share(pool->all->blame_ns, c->all_ns) >= OTHERS_MUCH) {
		if (least)
			verdict__put_short_name(pool->name, out);
		else
			verdict__put_subject(p, pool->all, out);
		sbuf__puts(out, tiny		? ": "
				: pool->cnt < 2 ? " makes others wait most: "
						: " make others wait most: ");
		put_part(pool->all->blame_ns, c, tiny, out);
	} else {
		return false;
	}
	sbuf__puts(out, least ? "" : "; most in ");
	return true;
}

/* Who does, where no line is known. */
static void put_thread(const struct snap_proc *p, const struct culprit *c,
		       enum verdict_detail detail, struct sbuf *out)
{
	bool tiny = detail >= VERDICT_TINY;

	if (detail == VERDICT_LEAST)
		verdict__put_short_name(c->who->name, out);
	else
		put_pool(c, out); /* the share is theirs */
	sbuf__puts(out, tiny			 ? ": "
			: c->pool_thread_cnt > 1 ? " make others wait most: "
						 : " makes others wait most: ");
	put_part(c->who_ns, c, tiny, out);
	sbuf__puts(out, p->stacks_known || tiny ? "" : " (in which line: not measured)");
}

/* What explains most: "iterencode (encoder.py:257) makes others wait most: 46% of all waiting" */
static void put_culprit(const struct snap_proc *p, const struct snap_gil *g,
			const struct culprit *c, enum verdict_detail detail, struct sbuf *out)
{
	bool tiny = detail >= VERDICT_TINY, larger;
	char pct[UNITS_SZ];

	if (!c->frame) {
		put_thread(p, c, detail, out);
		return;
	}
	larger = put_larger(p, g, c, detail, out);
	if (larger && detail == VERDICT_LEAST)
		return;
	if (tiny) /* no room for how few looks it rests on */
		sbuf__puts(out, snap_looks__mark(SNAP_STACK_BLAME, c->looks));
	if (detail == VERDICT_LEAST)
		put_short_place(c->frame, out);
	else
		verdict__put_place(c->frame, tiny ? 0 : c->looks, out);
	if (c->caller && detail <= VERDICT_SHORT) {
		sbuf__puts(out, " from ");
		verdict__put_place(c->caller, 0, out);
	}
	if (larger) {
		sbuf__printf(out, ", %s", units__percent_word(c->ns, c->all_ns, pct));
		return;
	}
	sbuf__puts(out, tiny ? ": " : " makes others wait most: ");
	put_part(c->ns, c, tiny, out);
}

/* "worker-* waited 41% of the last 10 s": the thread or pool that lost most. */
static void put_victim(const struct snapshot *s, const struct snap_proc *p,
		       const struct snap_thread *t, struct sbuf *out)
{
	const struct snap_pool *pool = snap_proc__pool(p, t);
	char pct[UNITS_SZ];

	t = pool && pool->cnt > 1 ? pool->all : t;
	verdict__put_subject(p, t, out);
	if (t->wait_ns)
		sbuf__printf(out, " waited %s", units__percent_word(t->wait_ns, t->span_ns, pct));
	else
		sbuf__printf(out, " lost %s giving the GIL away",
			     units__percent_word(t->yield_ns, t->span_ns, pct));
	verdict__put_of_span(s, t, out);
}

static void say_who(const struct snapshot *s, const struct snap_proc *p, const struct snap_gil *g,
		    enum verdict_detail detail, struct sbuf *out)
{
	const struct snap_thread *t = verdict__sufferer(p, g);
	struct culprit c;

	if (p->halted) {
		sbuf__puts(out, "Who waits now waits for the process to go on, not for the GIL");
		return;
	}
	if (!t) {
		sbuf__puts(out, "No thread waited for the GIL");
		if (detail == VERDICT_FULL && s->now_ns > s->start_ns) {
			sbuf__puts(out, " in ");
			verdict__span(s, out);
		}
		return;
	}
	/* Little waiting, or none that anybody is to blame for: who waited most, whatever for. */
	if (verdict__level(p, g ? g : snap_proc__busiest_gil(p)) <= VERDICT_BUSY ||
	    !culprit__find(p, g, &c) || !c.all_ns || !c.who) {
		if (t->wait_ns && detail < VERDICT_TINY)
			sbuf__puts(out, "Most: ");
		verdict__thread(s, p, t, detail, out);
		return;
	}
	put_culprit(p, g, &c, detail, out);
	if (detail <= VERDICT_BRIEF && c.frame && culprit__hold_ns(c.who) != NS_UNKNOWN) {
		sbuf__puts(out, ", in ");
		verdict__put_about(culprit__hold_ns(c.who), out);
		sbuf__puts(out, " holds");
	}
	if (detail <= VERDICT_SHORT && c.frame) {
		sbuf__puts(out, ", by ");
		verdict__put_holders(&c, out);
	}
	if (detail == VERDICT_FULL) {
		sbuf__puts(out, "; ");
		put_victim(s, p, t, out);
	}
}

void verdict__who(const struct snapshot *s, const struct snap_proc *p, const struct snap_gil *g,
		  enum verdict_detail detail, struct sbuf *out)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };

	say_who(s, p, g, detail, &text);
	if (detail == VERDICT_TINY && verdict__is_longer(&text, VERDICT_TINY_CHARS)) {
		sbuf__reset(&text);
		say_who(s, p, g, VERDICT_LEAST, &text);
	}
	sbuf__puts(out, sbuf__str(&text));
	out->oom |= text.oom;
}
