/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/codec/fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/books/counters.h"
#include "user/books/totals.h"

#define MEMBER(type, m) ((type *)0)->m
#define ONE(type, m)                                                                               \
	{                                                                                          \
#m, offsetof(type, m), sizeof(MEMBER(type, m)), 1                                  \
	}
#define WORDS(type, m)                                                                             \
	{                                                                                          \
#m, offsetof(type, m), 8, sizeof(MEMBER(type, m)) / 8                              \
	}
#define BYTES(type, m)                                                                             \
	{                                                                                          \
#m, offsetof(type, m), 1, sizeof(MEMBER(type, m)) / 8                              \
	}
#define G(m) ONE(struct total_gil, m)
#define T(m) ONE(struct total_thread, m)
#define E(m) ONE(struct total_ended, m)
#define SUMS(type)                                                                                 \
	WORDS(type, rec.sums.time_ns), ONE(type, rec.sums.blame_ns),                               \
		ONE(type, rec.sums.acquisitions), ONE(type, rec.sums.contended),                   \
		ONE(type, rec.sums.releases), ONE(type, rec.sums.yields),                          \
		ONE(type, rec.sums.asked), ONE(type, rec.sums.react_ns),                           \
		ONE(type, rec.sums.react_queued_ns), ONE(type, rec.sums.late),                     \
		ONE(type, rec.sums.runnable_ns), ONE(type, rec.sums.light_runnable_ns),            \
		ONE(type, rec.sums.hold_split_ns), ONE(type, rec.sums.hold_offcpu_ns),             \
		ONE(type, rec.sums.hold_runnable_ns), ONE(type, rec.sums.odd),                     \
		WORDS(type, rec.sums.wait_hist), WORDS(type, rec.sums.hold_hist)

static const struct schema_field gil_fields[] = {
	G(key.cond),	     G(key.tgid),	   G(slot),
	G(exact_since_ns),   G(rec.first_ns),	   G(rec.last_ns),
	G(rec.event_ns),     G(rec.held_ns),	   G(rec.gap_ns),
	G(rec.gap_wall_ns),  G(rec.light_ns),	   G(rec.mode_ns),
	G(rec.wait_ns),	     G(rec.hold_blame_ns), G(rec.hold_since_ns),
	G(rec.acquisitions), G(rec.releases),	   G(rec.switches),
	G(rec.reaped),	     G(rec.dead),	   G(rec.reap_ns),
	G(rec.hold_cnt),     G(rec.asked_ns),	   G(rec.holder_tid),
	G(rec.prev_tid),     G(rec.waiters),	   G(rec.held),
	G(rec.seeded),	     G(rec.over),	   G(rec.light),
};

static const struct schema_field thread_fields[] = {
	T(key.cond),
	T(key.tid),
	T(hold_since_ns),
	T(open_stack),
	T(rec.first_ns),
	T(rec.since_ns),
	T(rec.wait_ticks),
	T(rec.wait_max_ns),
	T(rec.hold_max_ns),
	T(rec.exit_ns),
	T(rec.wait_booked_ns),
	T(rec.wait_held_ns),
	T(rec.wait_light_ns),
	T(rec.pair_upto_ns),
	T(rec.pair_light_ns),
	T(rec.wait_hold_cnt),
	T(rec.tid),
	T(rec.tgid),
	T(rec.state),
	T(rec.flags),
	T(rec.gil_slot),
	BYTES(struct total_thread, rec.comm),
	SUMS(struct total_thread),
};

static const struct schema_field ended_fields[] = {
	E(key.cond),	    E(key.tgid),	E(rec.threads),
	E(rec.wait_max_ns), E(rec.hold_max_ns), SUMS(struct total_ended),
};

/* .. and the counters, each by its name. */
static const struct schema_field totals_fields[] = {
	ONE(struct totals, now_ns),
	ONE(struct totals, self_cpu_ns),
	ONE(struct totals, torn_cnt),
	ONE(struct totals, late_cnt),
};

static const struct {
	const struct schema_field *fields;
	size_t cnt;
} own[SCHEMA_CNT] = {
	[SCHEMA_GIL] = { gil_fields, ARRAY_SIZE(gil_fields) },
	[SCHEMA_THREAD] = { thread_fields, ARRAY_SIZE(thread_fields) },
	[SCHEMA_ENDED] = { ended_fields, ARRAY_SIZE(ended_fields) },
	[SCHEMA_TOTALS] = { totals_fields, ARRAY_SIZE(totals_fields) },
};

int schema__own(struct schema *s, enum schema_id id)
{
	size_t stats = id == SCHEMA_TOTALS ? COUNTER_CNT : 0;

	s->fields = calloc(own[id].cnt + stats, sizeof(*s->fields));
	if (!s->fields)
		return -ENOMEM;
	memcpy(s->fields, own[id].fields, own[id].cnt * sizeof(*s->fields));
	s->field_cnt = own[id].cnt + stats;
	for (size_t i = 0; i < stats; i++)
		s->fields[own[id].cnt + i] = (struct schema_field){
			counter_table[i].name,
			(uint32_t)(offsetof(struct totals, stats) + i * sizeof(uint64_t)), 8, 1
		};
	for (size_t i = 0; i < s->field_cnt; i++)
		s->word_cnt += s->fields[i].cnt;
	return 0;
}

void schema__put(const struct schema *s, struct sbuf *out)
{
	varint__put(out, s->field_cnt);
	for (size_t i = 0; i < s->field_cnt; i++) {
		varint__put(out, strlen(s->fields[i].name));
		sbuf__puts(out, s->fields[i].name);
		varint__put(out, s->fields[i].cnt);
	}
}

/* What is called so here; an array of another length: as much as both have. */
static struct schema_field known_as(const struct schema *ours, const uint8_t *name, size_t len,
				    uint32_t cnt)
{
	struct schema_field f = { .cnt = cnt };

	for (size_t i = 0; i < ours->field_cnt; i++)
		if (strlen(ours->fields[i].name) == len &&
		    !memcmp(ours->fields[i].name, name, len)) {
			f = ours->fields[i];
			if (f.cnt != cnt)
				f.sz = 0;
			f.cnt = cnt;
		}
	return f;
}

int schema__get(struct schema *s, enum schema_id id, struct cursor *c)
{
	struct schema ours = { 0 };
	size_t cnt = cursor__cnt(c);

	schema__free(s);
	if (cnt > FIELDS_MAX || c->bad)
		return -EBADMSG;
	s->fields = calloc(cnt + 1, sizeof(*s->fields));
	if (!s->fields || schema__own(&ours, id)) {
		schema__free(s);
		return -ENOMEM;
	}
	for (; s->field_cnt < cnt && !c->bad; s->field_cnt++) {
		size_t len = cursor__cnt(c);
		const uint8_t *name = cursor__bytes(c, len);
		uint32_t words = cursor__u32(c);

		c->bad |= words > WORDS_MAX || s->word_cnt + words > WORDS_MAX;
		if (c->bad)
			break;
		s->fields[s->field_cnt] = known_as(&ours, name, len, words);
		s->word_cnt += words;
	}
	schema__free(&ours);
	return c->bad ? -EBADMSG : 0;
}

void schema__free(struct schema *s)
{
	free(s->fields);
	*s = (struct schema){ 0 };
}

void schema__words(const struct schema *s, const void *obj, uint64_t *words)
{
	for (size_t i = 0; i < s->field_cnt; i++) {
		const struct schema_field *f = &s->fields[i];
		const char *at = (const char *)obj + f->off;

		if (f->sz == 4)
			*words = load_u32(at);
		else
			memcpy(words, at, f->cnt * sizeof(*words));
		words += f->cnt;
	}
}

void schema__object(const struct schema *s, const uint64_t *words, void *obj)
{
	for (size_t i = 0; i < s->field_cnt; i++) {
		const struct schema_field *f = &s->fields[i];
		char *at = (char *)obj + f->off;
		uint32_t v;

		if (f->sz == 4) {
			v = (uint32_t)*words;
			memcpy(at, &v, sizeof(v));
		} else if (f->sz) {
			memcpy(at, words, f->cnt * sizeof(*words));
		}
		words += f->cnt;
	}
}

/* (how many did not change, by how much the next did) .., ends with how many are left and no difference. */
void words__put(uint64_t *was, const uint64_t *now, size_t cnt, struct sbuf *out)
{
	size_t same = 0;

	for (size_t i = 0; i < cnt; i++) {
		if (was[i] == now[i]) {
			same++;
			continue;
		}
		varint__put(out, same);
		varint__put_signed(out, (int64_t)(now[i] - was[i]));
		was[i] = now[i];
		same = 0;
	}
	varint__put(out, same);
	varint__put_signed(out, 0);
}

void words__get(uint64_t *was, size_t cnt, struct cursor *c)
{
	size_t i = 0;

	for (;;) {
		uint64_t same = cursor__u64(c);
		int64_t by = cursor__i64(c);

		if (c->bad || (!by && same == cnt - i))
			return;
		if (!by || same >= cnt - i) {
			c->bad = true;
			return;
		}
		i += same;
		was[i++] += (uint64_t)by;
	}
}
