/* SPDX-License-Identifier: BSD-2-Clause */
/* events - do events one by one and the books agree?
 *
 *	events PID SECONDS exact|light|auto [MIN_SPAN_NS [READ_EVERY_MS]]
 *
 * In the environment: EVENT_SCHED: as with --sched; NO_EVENTS: none, for what they cost; EVENT_BYTES: say on stderr what they
 * take as bytes; DBG: what libbpf says.
 *
 * Measures the process as giltop does, adds up what the events say up to the moment of each reading, and compares each
 * thread's waits, holds and yields with its record, to the nanosecond; and the spans that follow from the events with those
 * that the kernel's programs tell of. One line of JSON: 0 "wrong" is right.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "user/base/hmap.h"
#include "user/base/log.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/books/event.h"
#include "user/books/sink.h"
#include "user/books/totals.h"
#include "user/picture/event_spans.h"
#include "user/probe/probe.h"
#include "user/source/collector.h"
#include "user/source/source.h"
#include "tests/tools/event_bytes.h"

/* By events, of a thread at a GIL. */
struct sums {
	int64_t ns[GT_STATE_CNT], open_ns[GT_STATE_CNT];
	uint64_t waits, gets, releases, yields, ended;
	uint64_t first_ns, last_ns, first_cpu, last_cpu; /* of events whose CPU time is known */
};

struct one {
	uint64_t start, end, who, gil;
	uint32_t state;
};

struct ones {
	size_t cnt, cap;
	struct one *list;
};

struct check {
	struct sink sink;
	struct event_spans states;
	struct ones told, made;
	struct hmap sums; /* (pid, tid; gil) */
	size_t cnt, cap;
	struct event *list; /* not before the last cut */
	uint64_t events, compared, wrong, lost, late, stacks, links, span_drop, unknown_cpu,
		kinds[EVENT_KINDS];
	uint64_t cut_ns, min_ns;
	uint32_t stack_max;
	struct event_bytes bytes[3];
	bool open;
	struct collector *c;
};

static struct sums *sums_of(struct check *c, uint32_t pid, uint32_t tid, uint64_t gil)
{
	uint64_t who = (uint64_t)pid << 32 | tid;
	struct sums *s = hmap__get(&c->sums, who, gil);

	if (s)
		return s;
	s = calloc(1, sizeof(*s));
	if (!s || hmap__put(&c->sums, who, gil, s))
		errx(1, "no memory");
	return s;
}

static void span_add(struct ones *s, struct one span)
{
	if (array_grow(&s->list, s->cnt, &s->cap, sizeof(*s->list)))
		errx(1, "no memory");
	s->list[s->cnt++] = span;
}

static void on_state(void *ctx, const struct event_state *st)
{
	struct check *c = ctx;
	struct sums *s = sums_of(c, st->pid, st->tid, st->gil);

	if (c->open) {
		s->open_ns[st->state] = (int64_t)(st->end_ns - st->start_ns);
		return;
	}
	s->ns[st->state] += (int64_t)(st->end_ns - st->start_ns);
	if (st->is_span && c->min_ns && st->end_ns - st->start_ns >= c->min_ns)
		span_add(&c->made,
			 (struct one){ st->start_ns, st->end_ns, (uint64_t)st->pid << 32 | st->tid,
				       st->gil, st->state });
}

static void count(struct check *c, const struct event *e)
{
	struct sums *s = sums_of(c, e->pid, e->tid, e->gil);

	switch (e->kind) {
	case EVENT_START: *s = (struct sums){ 0 }; break;
	case EVENT_WAIT: s->waits++; break;
	case EVENT_GET: s->gets += !(e->flags & EVENT_F_LIGHT); break;
	case EVENT_RELEASE: s->releases++; break;
	case EVENT_YIELD: s->yields++; break;
	case EVENT_END: s->ended = e->ns; break;
	default: break;
	}
	if (e->cpu_ns != EVENT_NO_CPU) {
		s->first_cpu = s->first_ns ? s->first_cpu : e->cpu_ns;
		s->first_ns = s->first_ns ? s->first_ns : e->ns;
		s->last_cpu = e->cpu_ns;
		s->last_ns = e->ns;
	}
	c->kinds[e->kind < EVENT_KINDS ? e->kind : 0]++;
	c->unknown_cpu += e->cpu_ns == EVENT_NO_CPU;
	c->stacks += e->stack != 0;
	c->links += e->kind == EVENT_WAKE && e->other;
	if (e->stack > c->stack_max || (e->ns < c->cut_ns && e->kind != EVENT_START))
		c->late++;
}

/* Those from before the cut, in their order; the others stay. */
static void play(struct check *c, uint64_t cut)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->cnt; i++) {
		if (c->list[i].ns >= cut) {
			c->list[kept++] = c->list[i];
			continue;
		}
		count(c, &c->list[i]);
		if (event_spans__take(&c->states, &c->list[i], 1))
			errx(1, "no memory");
	}
	c->cnt = kept;
	for (size_t i = 0; i < c->sums.cap; i++)
		if (c->sums.slots[i].value)
			memset(((struct sums *)c->sums.slots[i].value)->open_ns, 0,
			       sizeof(((struct sums *)NULL)->open_ns));
	c->open = true;
	event_spans__open(&c->states, cut);
	c->open = false;
}

static uint64_t differ(const char *what, uint32_t tid, uint64_t books, uint64_t events)
{
	if (books == events)
		return 0;
	fprintf(stderr, "%s of %u: books %" PRIu64 ", events %" PRIu64 "\n", what, tid, books,
		events);
	return 1;
}

static void compare(struct check *c, const struct total_thread *t, uint64_t now)
{
	static const char *const names[] = { "", "waits", "holds", "yields" };
	const struct gt_sums *b = &t->rec.sums;
	struct sums *s = sums_of(c, t->rec.tgid, t->key.tid, t->key.cond);
	uint64_t end = t->rec.exit_ns ? t->rec.exit_ns : now, wrong = 0;

	if (!t->rec.first_ns)
		return;
	c->compared++;
	for (uint32_t st = GT_WAIT; st < GT_STATE_CNT; st++) {
		uint64_t ns = b->time_ns[st] + (t->rec.state == st ? end - t->rec.since_ns : 0);

		if (st == GT_HOLD && t->rec.exit_ns && t->rec.state == st)
			continue; /* ends with its process */
		wrong += differ(names[st], t->key.tid, ns, (uint64_t)(s->ns[st] + s->open_ns[st]));
	}
	wrong += differ("acquisitions", t->key.tid, b->acquisitions, s->gets);
	wrong += differ("releases", t->key.tid, b->releases, s->releases);
	wrong += differ("yields", t->key.tid, b->yields, s->yields);
	wrong += differ("wait count", t->key.tid, b->contended + (t->rec.state == GT_WAIT),
			s->waits);
	wrong += t->rec.exit_ns && !s->ended;
	c->wrong += wrong != 0;
}

static int take(struct sink *sink, const struct record *r)
{
	struct check *c = (struct check *)sink;

	if (r->kind == REC_EVENTS) {
		for (size_t i = 0; i < r->events.cnt; i++) {
			if (array_grow(&c->list, c->cnt, &c->cap, sizeof(*c->list)))
				return -ENOMEM;
			c->list[c->cnt++] = r->events.list[i];
			for (size_t k = 0; k < ARRAY_SIZE(c->bytes); k++)
				if (c->bytes[k].at_once)
					event_bytes__add(&c->bytes[k], &r->events.list[i]);
		}
		c->events += r->events.cnt;
	} else if (r->kind == REC_TOTALS) {
		play(c, r->totals->now_ns);
		for (size_t i = 0; i < r->totals->thread_cnt; i++)
			compare(c, &r->totals->threads[i], r->totals->now_ns);
		c->lost = r->totals->stats[GT_STAT_EVENT_DROP];
		c->span_drop = r->totals->stats[GT_STAT_SPAN_DROP];
		c->cut_ns = r->totals->now_ns;
	} else if (r->kind == REC_MODE && r->mode.light) {
		return event_spans__lightened(&c->states, r->pid, r->mode.at_ns);
	} else if (r->kind == REC_STACK) {
		c->stack_max = r->stack.id;
	} else if (r->kind == REC_SPAN) {
		span_add(&c->told, (struct one){ r->span.start_ns, r->span.end_ns,
						 (uint64_t)r->pid << 32 | r->span.tid, r->span.gil,
						 r->span.state });
	}
	return 0;
}

static int by_end(const void *a, const void *b)
{
	const struct one *x = a, *y = b;

	if (x->end != y->end)
		return x->end < y->end ? -1 : 1;
	return x->who != y->who ? (x->who < y->who ? -1 : 1) : (int)x->state - (int)y->state;
}

/* Spans that one has and the other has not. */
static size_t spans_wrong(struct check *c)
{
	size_t i = 0, j = 0, wrong = 0;

	qsort(c->told.list, c->told.cnt, sizeof(*c->told.list), by_end);
	qsort(c->made.list, c->made.cnt, sizeof(*c->made.list), by_end);
	while (i < c->told.cnt && j < c->made.cnt) {
		const struct one *a = &c->told.list[i], *b = &c->made.list[j];
		int d = by_end(a, b);

		if (d || a->start != b->start || a->gil != b->gil)
			wrong++;
		i += d <= 0;
		j += d >= 0;
	}
	return wrong + c->told.cnt - i + c->made.cnt - j;
}

static void run(struct source *src, double seconds, double every_s)
{
	uint64_t end = now_ns() + (uint64_t)(seconds * 1e9), next = 0;

	while (now_ns() < end) {
		struct pollfd p = { .fd = src->fd, .events = POLLIN };

		if (poll(&p, 1, 10) > 0)
			src->ops->dispatch(src);
		if (now_ns() < next)
			continue;
		next = now_ns() + (uint64_t)(every_s * 1e9);
		src->ops->refresh(src);
	}
	src->ops->close(src);
}

/* From their first events to their last: for how long, and how much CPU time. */
static void say_threads(const struct check *c)
{
	const char *comma = "";

	printf("],\"threads\":[");
	for (size_t i = 0; i < c->sums.cap; i++) {
		const struct hmap_slot *at = &c->sums.slots[i];
		const struct sums *s = at->value;

		if (!s || !s->gets)
			continue;
		printf("%s{\"tid\":%" PRIu32 ",\"from_ns\":%" PRIu64 ",\"to_ns\":%" PRIu64
		       ",\"cpu_ns\":%" PRId64 "}",
		       comma, (uint32_t)at->a, s->first_ns, s->last_ns,
		       (int64_t)(s->last_cpu - s->first_cpu));
		comma = ",";
	}
}

int main(int argc, char **argv)
{
	struct check c = { .sink = { take } };
	struct sinks sinks = { 0 };
	struct collector_opts o = { .stacks = true,
				    .thread_cnt = 1024,
				    .max_overhead_pct = 1,
				    .events = !getenv("NO_EVENTS"),
				    .sched = getenv("EVENT_SCHED"),
				    .min_hold_ns = 1000000 };
	__cleanup(sbuf__free) struct sbuf why = { 0 };
	enum failure f;

	if (argc < 4)
		errx(2, "usage: events PID SECONDS exact|light|auto [MIN_SPAN_NS [READ_EVERY_MS]]");
	o.mode = !strcmp(argv[3], "exact")   ? COLLECT_EXACT
		 : !strcmp(argv[3], "light") ? COLLECT_LIGHT
					     : COLLECT_AUTO;
	c.min_ns = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
	c.states = (struct event_spans){ .fn = on_state, .ctx = &c };
	sinks__add(&sinks, &c.sink);
	if (getenv("DBG"))
		log__set_level(LOG_DEBUG);
	c.c = collector__new(&o, &sinks);
	f = c.c ? collector__load(c.c, &why) : FAIL_NO_MEMORY;
	if (!f)
		collector__source(c.c)->ops->want_spans(collector__source(c.c), c.min_ns);
	if (!f)
		f = collector__add(c.c, (pid_t)atoi(argv[1]), false, &why);
	if (f)
		errx(1, "cannot measure: %d %s", (int)f, sbuf__str(&why));
	for (size_t i = 0; i < ARRAY_SIZE(c.bytes) && getenv("EVENT_BYTES"); i++)
		c.bytes[i].at_once = (size_t[]){ 2048, 16384, 65536 }[i];
	run(collector__source(c.c), atof(argv[2]), argc > 5 ? atof(argv[5]) / 1e3 : 0.25);
	printf("{\"events\":%" PRIu64 ",\"compared\":%" PRIu64 ",\"wrong\":%" PRIu64
	       ",\"lost\":%" PRIu64 ",\"late\":%" PRIu64 ",\"stacks\":%" PRIu64
	       ",\"links\":%" PRIu64 ",\"span_drop\":%" PRIu64 ",\"no_cpu\":%" PRIu64
	       ",\"spans\":%zu,\"spans_wrong\":%zu,\"kinds\":[",
	       c.events, c.compared, c.wrong, c.lost, c.late, c.stacks, c.links, c.span_drop,
	       c.unknown_cpu, c.told.cnt, spans_wrong(&c));
	for (int k = 1; k < EVENT_KINDS; k++)
		printf("%s%" PRIu64, k > 1 ? "," : "", c.kinds[k]);
	say_threads(&c);
	printf("]}\n");
	for (size_t i = 0; i < ARRAY_SIZE(c.bytes); i++)
		event_bytes__say(&c.bytes[i]);
	collector__source(c.c)->ops->free(collector__source(c.c));
	return 0;
}
