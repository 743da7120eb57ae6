/* SPDX-License-Identifier: BSD-2-Clause */
/* gecko_thread.c - one thread for the Firefox Profiler: its states as markers, and as samples
 *
 * Markers ("Marker Chart", "Marker Table") are each wait, hold and yield, named as by CPython's own profiler, to the ns. What was too
 * short to be there one by one (--max-rate) is a marker of its own with its sum; what the user wanted to be told of (--on-hold) is one, too.
 *
 * Samples ("Call Tree", "Flame Graph", "Stack Chart", and the graph beside the thread's name) are the same states once more, each with
 * its stack below a root that says what it was, and with its length as weight: so the time of the root "Waiting for GIL" is
 * the thread's wait, to the ns, and a part of the time can be selected. They are the states, and not the totals by stack, since
 * those have no time. What others waited for this thread is no time of its own, so it is in a thread apart (gecko__put_blame).
 *
 * The graph takes a sample to last from halfway to the one before to halfway to the one after. So a state that is long
 * has a second sample at its end, of weight 0, and what is between states has samples that are idle.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "user/base/decimal.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/view/gecko_impl.h"

/* From here on it has a second sample: half of this is how far the graph may be off. */
#define LONG_NS 100000u

enum column {
	SAMPLE_STACK,
	SAMPLE_TIME,
	SAMPLE_WEIGHT,
	MARKER_DATA,
	MARKER_NAME,
	MARKER_START,
	MARKER_END
};

struct sample {
	uint32_t stack;
	uint64_t ns, weight_ns;
};

struct thread_out {
	struct gecko *g;
	const struct log_stream *s;
	struct gecko_tables tables;
	uint32_t roots[GT_STATE_CNT], idle;
	uint32_t names[2][GT_STATE_CNT]; /* of markers: of states, of segments */
	uint32_t told[TRIGGER_KINDS];	 /* .. of what the user wanted to be told of */
	/* Of a pass through the states. */
	enum column column;
	bool comma;
	uint64_t end_ns, sample_ns; /* of the last state; of the last sample */
	uint64_t sample_cnt;
};

/* ---- samples ---- */

/* By kind and stack; 0 for what has none. */
static uint32_t stack_of(const struct thread_out *t, const struct logged *l)
{
	uint64_t id = l->cnt ? (uint64_t)l->stack_id | 1ull << 32 : l->stack_id;

	return (uint32_t)((size_t)hmap__get(&t->tables.by_id, l->kind, id) - 1);
}

static void learn_stack(struct thread_out *t, const struct logged *l)
{
	uint64_t id = l->cnt ? (uint64_t)l->stack_id | 1ull << 32 : l->stack_id;
	uint32_t at = t->roots[l->kind];
	struct stored_stack stack;

	if (hmap__get(&t->tables.by_id, l->kind, id))
		return;
	stack = states__stack(state_log__states(t->g->log), l->stack_id);
	if (l->cnt)
		at = gecko_tables__root(&t->tables, at, "[too short for one by one]", GECKO_NONE);
	else
		at = gecko_tables__stack(&t->tables, at, &stack);
	if (t->tables.oom || hmap__put(&t->tables.by_id, l->kind, id, (void *)((size_t)at + 1)))
		t->tables.oom = true;
}

static void add_sample(struct thread_out *t, struct sample *ret, uint32_t stack, uint64_t ns,
		       uint64_t weight_ns)
{
	if (ns < t->sample_ns) /* of a segment, or after one that ended with its thread */
		ns = t->sample_ns;
	*ret = (struct sample){ stack, ns, weight_ns };
	t->sample_ns = ns;
}

/* How many: those that are idle up to the state, and its own. */
static size_t samples_of(struct thread_out *t, const struct logged *l, struct sample ret[4])
{
	uint32_t stack = stack_of(t, l);
	size_t n = 0;

	if (l->cnt) {
		add_sample(t, &ret[n++], stack, l->start_ns, l->sum_ns);
		return n;
	}
	if (t->end_ns && l->start_ns > t->end_ns) {
		add_sample(t, &ret[n++], t->idle, t->end_ns, 0);
		if (l->start_ns - t->end_ns >= LONG_NS)
			add_sample(t, &ret[n++], t->idle, l->start_ns - 1, 0);
	}
	add_sample(t, &ret[n++], stack, l->start_ns, l->end_ns - l->start_ns);
	if (l->end_ns - l->start_ns >= LONG_NS)
		add_sample(t, &ret[n++], stack, l->end_ns - 1, 0);
	t->end_ns = l->end_ns;
	return n;
}

/* ---- columns ---- */

static void comma(struct thread_out *t)
{
	if (t->comma)
		putc_unlocked(',', t->g->json.out);
	t->comma = true;
}

static void put_sample(struct thread_out *t, const struct sample *s)
{
	FILE *f = t->g->json.out;

	comma(t);
	if (t->column == SAMPLE_STACK)
		decimal__put_u64(f, s->stack);
	else
		decimal__put_ms(f, t->column == SAMPLE_TIME ? gecko__since(t->g, s->ns)
							    : s->weight_ns);
}

static void put_member(FILE *f, const char *key, uint64_t v)
{
	fputs_unlocked(key, f);
	decimal__put_u64(f, v);
}

static void put_short(FILE *f, const struct logged *l)
{
	fputs_unlocked("{\"type\":\"ShortGIL\",\"count\":", f);
	decimal__put_u64(f, l->cnt);
	fputs_unlocked(",\"sum\":", f);
	decimal__put_ms(f, l->sum_ns);
	fputs_unlocked(",\"longest\":", f);
	decimal__put_ms(f, l->max_ns);
	putc_unlocked('}', f);
}

static void put_told(struct thread_out *t, const struct logged *l)
{
	FILE *f = t->g->json.out;

	fputs_unlocked("{\"type\":\"GilTrigger\",\"limit\":", f);
	decimal__put_ms(f, l->limit_ns);
	if (l->other)
		put_member(f, ",\"other\":", gecko__label(t->g, l->other));
	if (l->waiter_cnt)
		put_member(f, ",\"waiters\":", l->waiter_cnt);
	fputs_unlocked(l->over ? ",\"over\":\"yes\"}" : "}", f);
}

static void put_data(struct thread_out *t, const struct logged *l)
{
	FILE *f = t->g->json.out;

	if (l->cnt) {
		put_short(f, l);
		return;
	}
	if (l->kind == GT_RELEASED) {
		put_told(t, l);
		return;
	}
	fputs_unlocked(l->kind == GT_WAIT   ? "{\"type\":\"WaitingforGIL\""
		       : l->kind == GT_HOLD ? "{\"type\":\"HasGIL\""
					    : "{\"type\":\"Yielding\"",
		       f);
	if (l->other)
		put_member(f, l->kind == GT_WAIT ? ",\"holder\":" : ",\"from\":",
			   gecko__label(t->g, l->other));
	if (l->retries)
		put_member(f, ",\"retries\":", l->retries);
	if (l->asked)
		fputs_unlocked(",\"asked\":\"yes\"", f);
	if (l->open)
		fputs_unlocked(",\"open\":\"yes\"", f);
	if (l->light)
		fputs_unlocked(",\"light\":\"yes\"", f);
	if (l->stack_id) {
		put_member(f, ",\"cause\":{\"stack\":", stack_of(t, l));
		putc_unlocked('}', f);
	}
	putc_unlocked('}', f);
}

static void put_marker(struct thread_out *t, const struct logged *l)
{
	struct gecko *g = t->g;
	FILE *f = g->json.out;

	comma(t);
	switch (t->column) {
	case MARKER_DATA: put_data(t, l); break;
	case MARKER_NAME:
		decimal__put_u64(f, l->kind == GT_RELEASED ? t->told[l->trigger]
							   : t->names[l->cnt > 0][l->kind]);
		break;
	case MARKER_START: decimal__put_ms(f, gecko__since(g, l->start_ns)); break;
	default: decimal__put_ms(f, gecko__since(g, l->end_ns)); break;
	}
}

static int put_value(void *ctx, const struct logged *l)
{
	struct thread_out *t = ctx;
	struct sample samples[4];
	size_t n;

	if (t->column >= MARKER_DATA) {
		put_marker(t, l);
		return 0;
	}
	if (l->kind == GT_RELEASED)
		return 0;
	n = samples_of(t, l, samples);
	for (size_t i = 0; i < n; i++)
		put_sample(t, &samples[i]);
	return 0;
}

static int put_column(struct thread_out *t, const char *key, enum column column)
{
	int err;

	t->column = column;
	t->comma = false;
	t->end_ns = t->sample_ns = 0;
	json__open(&t->g->json, key, '[');
	err = state_log__each(t->g->log, t->s, put_value, t);
	if (column < MARKER_DATA) {
		struct sample last;

		add_sample(t, &last, t->idle, t->end_ns, 0);
		put_sample(t, &last);
	}
	json__close(&t->g->json, ']');
	return err;
}

static void put_same(struct thread_out *t, const char *key, uint64_t cnt, const char *value)
{
	FILE *f = t->g->json.out;

	json__open(&t->g->json, key, '[');
	for (uint64_t i = 0; i < cnt; i++) {
		if (i)
			putc_unlocked(',', f);
		fputs_unlocked(value, f);
	}
	json__close(&t->g->json, ']');
}

/* ---- the thread ---- */

/* The first pass: which stacks there are, and how many samples. */
static int look(void *ctx, const struct logged *l)
{
	struct thread_out *t = ctx;
	struct sample samples[4];

	if (l->kind == GT_RELEASED)
		return 0;
	learn_stack(t, l);
	if (t->tables.oom)
		return -ENOMEM;
	t->sample_cnt += samples_of(t, l, samples);
	return 0;
}

static void make_roots(struct thread_out *t)
{
	static const enum gecko_category categories[] = {
		[GT_WAIT] = CATEGORY_WAIT, [GT_HOLD] = CATEGORY_GIL, [GT_YIELD] = CATEGORY_YIELD
	};

	t->idle = gecko_tables__root(&t->tables, GECKO_NONE, "[without the GIL]", CATEGORY_IDLE);
	for (size_t i = GT_WAIT; i < GT_STATE_CNT; i++) {
		t->roots[i] =
			gecko_tables__root(&t->tables, GECKO_NONE, state_names[i], categories[i]);
		t->names[0][i] = strings__no(&t->g->strings, state_names[i]);
		t->names[1][i] = strings__no(&t->g->strings, state_segment_names[i]);
	}
	for (size_t i = 0; i < TRIGGER_KINDS && t->s->told_cnt; i++)
		t->told[i] = strings__no(&t->g->strings, state_trigger_names[i]);
}

static int put_samples(struct thread_out *t)
{
	struct json_out *j = &t->g->json;
	int err;

	json__open(j, "samples", '{');
	err = put_column(t, "stack", SAMPLE_STACK);
	if (!err)
		err = put_column(t, "time", SAMPLE_TIME);
	if (!err)
		err = put_column(t, "weight", SAMPLE_WEIGHT);
	json__str(j, "weightType", "tracing-ms");
	put_same(t, "eventDelay", t->sample_cnt, "null");
	json__u64(j, "length", t->sample_cnt);
	json__close(j, '}');
	return err;
}

static int put_markers(struct thread_out *t)
{
	static const struct {
		const char *key;
		enum column column;
	} columns[] = { { "data", MARKER_DATA },
			{ "name", MARKER_NAME },
			{ "startTime", MARKER_START },
			{ "endTime", MARKER_END } };
	uint64_t cnt = t->s->cnt + t->s->segment_cnt + t->s->told_cnt;
	struct json_out *j = &t->g->json;
	int err = 0;

	json__open(j, "markers", '{');
	for (size_t i = 0; i < ARRAY_SIZE(columns) && !err; i++)
		err = put_column(t, columns[i].key, columns[i].column);
	put_same(t, "phase", cnt, "1"); /* an interval */
	put_same(t, "category", cnt, "2");
	_Static_assert(CATEGORY_GIL == 2, "the category of all markers");
	json__u64(j, "length", cnt);
	json__close(j, '}');
	return err;
}

int gecko__put_thread(struct gecko *g, const struct log_stream *s)
{
	struct thread_out t = { .g = g, .s = s, .tables = { .strings = &g->strings } };
	__cleanup(sbuf__free) struct sbuf name = { 0 };
	const struct state_thread *th = s->thread;
	int err;

	make_roots(&t);
	err = state_log__each(g->log, s, look, &t);
	t.sample_cnt++; /* the last one, idle */
	if (!err) {
		sbuf__puts(&name, *th->name ? th->name : "thread");
		if (s->gil->id)
			sbuf__printf(&name, " (GIL %u)", s->gil->id);
		gecko__open_thread(g, sbuf__str(&name), th, th->proc, NULL);
		err = put_samples(&t);
	}
	if (!err) {
		gecko_tables__put(&t.tables, &g->json);
		err = put_markers(&t);
		json__close(&g->json, '}');
	}
	gecko_tables__free(&t.tables);
	return err ? err : name.oom ? -ENOMEM : 0;
}
