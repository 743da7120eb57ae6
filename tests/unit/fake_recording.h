/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_recording.h - recording.h over readings that were made up: a file without a file
 *
 * Included by one test program, which links no other.
 */
#ifndef GILTOP_TEST_FAKE_RECORDING_H
#define GILTOP_TEST_FAKE_RECORDING_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/model_feed.h"
#include "user/books/trigger.h"
#include "user/source/recording.h"

#define FAKE_MARKS    256
#define FAKE_TRIGGERS 8

struct recording {
	struct source source; /* first */
	size_t cnt, next;     /* marks; the one that is read next */
	struct totals totals[FAKE_MARKS];
	uint64_t end_ns[FAKE_MARKS];
	size_t broken_from; /* more than that cannot be read; 0: all can */
	size_t trigger_cnt;
	struct trigger triggers[FAKE_TRIGGERS];
	size_t seek_cnt, refresh_cnt; /* what was asked for */
	uint64_t span_ns;	      /* of the last seek */
};

static inline void *copy_of(const void *p, size_t cnt, size_t sz)
{
	void *c = calloc(cnt + 1, sz);

	assert_non_null(c);
	if (cnt)
		memcpy(c, p, cnt * sz);
	return c;
}

/* One more interval, which ends with these totals. */
static inline void fake_recording__add(struct recording *r, const struct totals *t)
{
	struct totals *to = &r->totals[r->cnt];

	assert_true(r->cnt < FAKE_MARKS);
	*to = *t;
	to->gils = copy_of(t->gils, t->gil_cnt, sizeof(*t->gils));
	to->threads = copy_of(t->threads, t->thread_cnt, sizeof(*t->threads));
	to->ended = copy_of(t->ended, t->ended_cnt, sizeof(*t->ended));
	to->pairs = copy_of(t->pairs, t->pair_cnt, sizeof(*t->pairs));
	to->stacks = copy_of(t->stacks, t->stack_cnt, sizeof(*t->stacks));
	to->chains = copy_of(t->chains, t->chain_cnt, sizeof(*t->chains));
	to->sleeps = copy_of(t->sleeps, t->sleep_cnt, sizeof(*t->sleeps));
	r->end_ns[r->cnt++] = t->now_ns;
}

static inline void fake_recording__deinit(struct recording *r)
{
	for (size_t i = 0; i < r->cnt; i++)
		totals__free(&r->totals[i]);
}

static int fake_refresh(struct source *s)
{
	struct recording *r = (struct recording *)s;
	struct record rec = { .kind = REC_PROC_START,
			      .pid = PID,
			      .proc = { .books_ns = T0,
					.comm = "app",
					.cmdline = "app -x",
					.python = "3.11.2",
					.runtime = "/x",
					.sites = "call-sites" } };

	r->refresh_cnt++;
	if (r->next == r->cnt)
		return -ENODATA;
	if (r->broken_from && r->next >= r->broken_from)
		return -EIO;
	if (!r->next)
		sinks__send(s->sinks, &rec);
	rec = (struct record){ .kind = REC_TOTALS, .totals = &r->totals[r->next++] };
	return sinks__send(s->sinks, &rec);
}

static void fake_want_spans(struct source *s, uint64_t min_ns)
{
	(void)s;
	(void)min_ns;
}

static const struct source_ops fake_ops = { .refresh = fake_refresh,
					    .want_spans = fake_want_spans };

static inline void fake_recording__open(struct recording *r, const struct sinks *sinks)
{
	r->source = (struct source){ &fake_ops, sinks, -1 };
}

struct source *recording__source(struct recording *r)
{
	return &r->source;
}

uint64_t recording__start_ns(const struct recording *r)
{
	return r->end_ns[0];
}

uint64_t recording__end_ns(const struct recording *r)
{
	return r->end_ns[r->cnt - 1];
}

uint64_t recording__now_ns(const struct recording *r)
{
	return r->next ? r->end_ns[r->next - 1] : 0;
}

bool recording__at_end(const struct recording *r)
{
	return r->next == r->cnt;
}

uint64_t recording__interval_ns(const struct recording *r)
{
	return r->cnt > 1 ? r->end_ns[1] - r->end_ns[0] : 0;
}

void recording__clock(const struct recording *r, uint64_t *mono_ns, uint64_t *real_ns)
{
	(void)r;
	*mono_ns = *real_ns = 0;
}

int recording__seek(struct recording *r, uint64_t t_ns, uint64_t span_ns)
{
	struct record mark = { .kind = REC_MARK };
	size_t last = 0;
	int err = 0;

	while (last + 1 < r->cnt && r->end_ns[last + 1] <= t_ns)
		last++;
	r->next = 0;
	r->seek_cnt++;
	r->span_ns = span_ns;
	for (size_t i = 0; i <= last && !err; i++) {
		mark.mark.first = i == 1;
		if (i)
			sinks__send(r->source.sinks, &mark);
		err = fake_refresh(&r->source);
	}
	return err;
}

size_t recording__interval_cnt(const struct recording *r)
{
	return r->cnt;
}

uint64_t recording__interval_end_ns(const struct recording *r, size_t n)
{
	return n < r->cnt ? r->end_ns[n] : 0;
}

bool recording__has_events(const struct recording *r)
{
	(void)r;
	return true;
}

size_t recording__trigger_cnt(const struct recording *r)
{
	return r->trigger_cnt;
}

const struct trigger *recording__trigger(const struct recording *r, size_t i)
{
	return i < r->trigger_cnt ? &r->triggers[i] : NULL;
}

#endif
