/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_events.c - whatever a block of events is made of: it is read in peace, and what was read can be written and read again */
#include "user/picture/event_spans.h"
#include "user/codec/events.h"
#include "user/codec/limit.h"

#include "tests/fuzz/fuzz.h"

static int add_up(void *ctx, const struct event *list, size_t cnt)
{
	uint64_t *sum = ctx;

	for (size_t i = 0; i < cnt; i++)
		*sum += list[i].segment ? list[i].segment->cnt : 1;
	return 0;
}

static void on_state(void *ctx, const struct event_state *st)
{
	*(uint64_t *)ctx += st->end_ns - st->start_ns;
}

/* Who takes events that were read has to live with what they say. */
static void use(const struct event_block *b)
{
	uint64_t sum = 0;
	struct event_spans spans = { .fn = on_state, .ctx = &sum };
	struct limit_opts o = { 1000, add_up, &sum };
	struct limit *l = limit__new(&o);

	promise(l);
	promise(!event_spans__take(&spans, b->list, b->cnt));
	event_spans__open(&spans, UINT64_MAX);
	event_spans__free(&spans);
	promise(!limit__take(l, b->list, b->cnt));
	promise(!limit__flush(l));
	limit__free(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event_block b = { 0 }, again = { 0 };
	struct sbuf out = { 0 };

	if (!events__decode(&b, data, size)) {
		promise(b.cnt <= EVENTS_MAX);
		use(&b);
		promise(!events__encode(&out, b.list, b.cnt));
		promise(!events__decode(&again, out.s, out.len));
		promise(again.cnt == b.cnt);
		for (size_t i = 0; i < b.cnt; i++)
			promise(!memcmp(&b.list[i], &again.list[i],
					offsetof(struct event, segment)));
	} else {
		promise(!b.cnt);
	}
	event_block__free(&b);
	event_block__free(&again);
	sbuf__free(&out);
	return 0;
}
