/* SPDX-License-Identifier: BSD-2-Clause */
/* triggers_first.c - holds that have gone on since before the books, at GILs that have shown no event since
 *
 * The kernel has no record of such a GIL, so no row. That somebody held it as the books began was seen in the target's
 * memory, and in an exact stretch every event would have made a record: so it is held by the same one still.
 */
#include "user/source/stacks.h"
#include "user/source/triggers_impl.h"

/* Where a thread that has no record yet stands. */
static uint32_t stack_of_tid(struct collector *c, uint32_t pid, uint32_t tid)
{
	struct total_thread th = { .key.tid = tid, .rec = { .tgid = pid, .state = GT_HOLD } };

	return c->stacks && tid ? pystacks__look(c->stacks, &th) : 0;
}

/* An event of its GIL: the hold is that of a row from now on, with the same start. */
static void first_is_known(struct collector *c, const struct first *f)
{
	const struct gt_alarm *rows = probe__alarms(c->probe);

	for (uint32_t i = 0; i < GT_GILS && f->o.open; i++)
		if (rows[i].tgid == f->pid && rows[i].cond == f->o.t.gil &&
		    rows[i].since_ns == f->o.t.start_ns)
			c->triggers->told[TRIGGER_HOLD][i] = f->o;
}

uint64_t triggers__look_at_firsts(struct collector *c, uint64_t now)
{
	struct triggers *tr = c->triggers;
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < tr->first_cnt;) {
		struct first *f = &tr->firsts[i];
		struct trigger *t = &f->o.t;

		if (!tracked__find(c, (pid_t)f->pid) ||
		    probe__knows_gil(c->probe, (pid_t)f->pid, t->gil)) {
			first_is_known(c, f);
			*f = tr->firsts[--tr->first_cnt];
			continue;
		}
		i++;
		if (f->o.open || tracked__find(c, (pid_t)f->pid)->modes.is_light)
			continue;
		if (now < t->start_ns + t->limit_ns) {
			next = t->start_ns + t->limit_ns < next ? t->start_ns + t->limit_ns : next;
			continue;
		}
		t->at_ns = now;
		t->ns = now - t->start_ns;
		t->holder_stack = stack_of_tid(c, f->pid, t->holder_tid);
		f->o.open = true;
		f->o.shown = triggers__may_tell(tr, now);
		if (!f->o.shown)
			continue;
		t->no = ++*c->opts.trigger_no;
		triggers__tell(c, f->pid, t);
	}
	return next;
}

void triggers__first_hold(struct collector *c, const struct tracked *t, uint64_t cond, uint32_t tid)
{
	struct triggers *tr = c->triggers;
	uint32_t pid = (uint32_t)t->target.pid;

	/* In a light stretch there might have been events that nobody has seen. */
	if (!tr || !tr->limit_ns[TRIGGER_HOLD] || t->modes.is_light || tr->first_cnt == FIRSTS ||
	    probe__knows_gil(c->probe, t->target.pid, cond))
		return;
	for (size_t i = 0; i < tr->first_cnt; i++)
		if (tr->firsts[i].pid == pid && tr->firsts[i].o.t.gil == cond)
			return;
	tr->firsts[tr->first_cnt++] =
		(struct first){ .pid = pid,
				.o.t = { .kind = TRIGGER_HOLD,
					 .start_ns = t->books_ns,
					 .limit_ns = tr->limit_ns[TRIGGER_HOLD],
					 .gil = cond,
					 .holder_tid = tid } };
}

/* It was told of before it had a row; that it is over may come before the timer. */
struct told *triggers__find_first(struct triggers *tr, uint32_t pid, const struct trigger *t)
{
	for (size_t i = 0; i < tr->first_cnt; i++) {
		struct told *o = &tr->firsts[i].o;

		if (tr->firsts[i].pid == pid && o->open && o->t.gil == t->gil &&
		    o->t.start_ns == t->start_ns)
			return o;
	}
	return NULL;
}

void triggers__end_firsts(struct collector *c, uint32_t pid, uint64_t end_ns)
{
	struct triggers *tr = c->triggers;

	for (size_t i = 0; i < tr->first_cnt; i++)
		if (tr->firsts[i].pid == pid && tr->firsts[i].o.open)
			triggers__end(c, &tr->firsts[i].o, pid, end_ns);
}
