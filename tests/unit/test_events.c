/* SPDX-License-Identifier: BSD-2-Clause */
/* test_events.c - a block of events: the same events come out, and of other bytes none, or some, but in peace */
#include "user/codec/events.h"

#include "tests/unit/made_up_events.h"

#include <errno.h>

static void assert_same(const struct event *a, const struct event *b)
{
	assert_int_equal(a->ns, b->ns);
	assert_int_equal(a->cpu_ns, b->cpu_ns);
	assert_int_equal(a->gil, b->gil);
	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->tid, b->tid);
	assert_int_equal(a->other, b->other);
	assert_int_equal(a->stack, b->stack);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(!a->segment, !b->segment);
	if (a->segment)
		assert_memory_equal(a->segment, b->segment, sizeof(*a->segment));
}

/* They come out as they went in. Returns bytes, of which the caller frees those in out. */
static size_t both_ways(const struct event *list, size_t cnt, struct sbuf *out)
{
	struct event_block b = { 0 };

	assert_int_equal(events__encode(out, list, cnt), 0);
	assert_int_equal(events__decode(&b, out->s, out->len), 0);
	assert_int_equal(b.cnt, cnt);
	for (size_t i = 0; i < cnt; i++)
		assert_same(&list[i], &b.list[i]);
	event_block__free(&b);
	return out->len;
}

static void schedules_come_out_as_they_went_in(void **state)
{
	static const uint64_t lengths[] = { 3, 300, 30000, 300000000, 1ull << 50 };

	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct made_up m = made_up(seed, seed * 13 % 700, lengths[seed % 5]);
		struct sbuf out = { 0 };

		both_ways(m.list, m.cnt, &out);
		sbuf__free(&out);
		free(m.list);
	}
}

/* Values at both ends of their ranges, beside each other. */
static void extremes_come_out_as_they_went_in(void **state)
{
	static const uint64_t values[] = { 0,	      1,	  127,
					   128,	      UINT32_MAX, 1ull << 62,
					   INT64_MAX, 1ull << 63, UINT64_MAX - 1,
					   UINT64_MAX };
	struct event_segment segments[64];
	struct event list[2000];
	struct sbuf out = { 0 };
	struct made_up r = { .x = 4711 };

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		segments[i] = (struct event_segment){ values[made_rnd(&r, 10)],
						      values[made_rnd(&r, 10)],
						      values[made_rnd(&r, 10)],
						      values[made_rnd(&r, 10)],
						      { 0 } };
		for (size_t k = 0; k < 64; k++)
			segments[i].log2[k] = (uint32_t)(i % 3 ? values[made_rnd(&r, 10)] : 0);
	}
	memset(list, 0, sizeof(list));
	for (size_t i = 0; i < 2000; i++) {
		list[i].ns = values[made_rnd(&r, 10)];
		list[i].cpu_ns = values[made_rnd(&r, 10)];
		list[i].gil = values[made_rnd(&r, 10)];
		list[i].pid = (uint32_t)values[made_rnd(&r, 10)];
		list[i].tid = (uint32_t)values[made_rnd(&r, 10)];
		list[i].other = (uint32_t)values[made_rnd(&r, 10)];
		list[i].stack = (uint32_t)values[made_rnd(&r, 10)];
		list[i].kind = (uint8_t)(1 + made_rnd(&r, EVENT_KINDS - 1));
		list[i].flags = (uint8_t)made_rnd(&r, EVENT_F_ALL + 1);
		if (list[i].kind == EVENT_SEGMENT)
			list[i].segment = &segments[made_rnd(&r, 64)];
	}
	both_ways(list, 2000, &out);
	sbuf__free(&out);
}

static void none_and_too_many(void **state)
{
	struct event *list = calloc(EVENTS_MAX + 1, sizeof(*list));
	struct sbuf out = { 0 };

	(void)state;
	assert_non_null(list);
	both_ways(NULL, 0, &out);
	sbuf__reset(&out);
	for (size_t i = 0; i <= EVENTS_MAX; i++)
		list[i].kind = EVENT_RETRY;
	both_ways(list, EVENTS_MAX, &out);
	sbuf__reset(&out);
	assert_int_equal(events__encode(&out, list, EVENTS_MAX + 1), -E2BIG);
	assert_int_equal(out.len, 0);
	sbuf__free(&out);
	free(list);
}

/* A thread that runs all along takes a byte for that; of few threads an event takes few. */
static void an_event_takes_few_bytes(void **state)
{
	struct made_up m = made_up(7, 20000, 20000);
	struct sbuf out = { 0 };

	(void)state;
	assert_true(both_ways(m.list, m.cnt, &out) < 8 * m.cnt);
	sbuf__free(&out);
	free(m.list);
}

static void of_a_later_kind_an_event_is_left_out(void **state)
{
	struct event list[3] = { { .ns = 5, .pid = 1, .kind = EVENT_WAIT },
				 { .ns = 6, .pid = 1, .kind = EVENT_KINDS, .other = 9 },
				 { .ns = 7, .pid = 1, .kind = EVENT_GET, .stack = 3 } };
	struct event_block b = { 0 };
	struct sbuf out = { 0 };

	(void)state;
	assert_int_equal(events__encode(&out, list, 3), 0);
	assert_int_equal(events__decode(&b, out.s, out.len), 0);
	assert_int_equal(b.cnt, 2);
	assert_same(&b.list[0], &list[0]);
	assert_same(&b.list[1], &list[2]);
	out.s[0] = 2; /* the layout */
	assert_int_equal(events__decode(&b, out.s, out.len), -EPROTO);
	assert_int_equal(b.cnt, 0);
	event_block__free(&b);
	sbuf__free(&out);
}

/* Of exactly its size, so that the sanitizer sees what is read beyond. */
static int decode_copy(struct event_block *b, const char *data, size_t len)
{
	char *copy = malloc(len ? len : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, data, len);
	err = events__decode(b, copy, len);
	assert_true(err == 0 || err == -EBADMSG || err == -EPROTO);
	assert_true(!err || !b->cnt);
	for (size_t i = 0; i < b->cnt; i++)
		assert_true(b->list[i].kind && b->list[i].kind < EVENT_KINDS &&
			    b->list[i].flags <= EVENT_F_ALL &&
			    !b->list[i].segment == (b->list[i].kind != EVENT_SEGMENT));
	free(copy);
	return err;
}

static void what_is_cut_or_changed_is_read_in_peace(void **state)
{
	struct event_segment segment = { 1, 2, 3, 4, { 5, 6 } };
	struct made_up m = made_up(3, 300, 20000);
	struct event_block b = { 0 };
	struct sbuf out = { 0 };

	(void)state;
	m.list[17].kind = EVENT_SEGMENT;
	m.list[17].segment = &segment;
	both_ways(m.list, m.cnt, &out);
	for (size_t len = 0; len < out.len; len++)
		assert_int_equal(decode_copy(&b, out.s, len), -EBADMSG);
	for (size_t i = 0; i < 20000; i++) {
		size_t at = made_rnd(&m, made_rnd(&m, 2) ? out.len : 80);
		char was = out.s[at];

		out.s[at] = (char)made_rnd(&m, 256);
		decode_copy(&b, out.s, out.len);
		out.s[at] = was;
	}
	event_block__free(&b);
	sbuf__free(&out);
	free(m.list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schedules_come_out_as_they_went_in),
		cmocka_unit_test(extremes_come_out_as_they_went_in),
		cmocka_unit_test(none_and_too_many),
		cmocka_unit_test(an_event_takes_few_bytes),
		cmocka_unit_test(of_a_later_kind_an_event_is_left_out),
		cmocka_unit_test(what_is_cut_or_changed_is_read_in_peace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
