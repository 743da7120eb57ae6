/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/codec/events.h"
#include "user/codec/events_impl.h"
#include "user/codec/varint.h"

struct block_thread {
	uint64_t gil, ns, cpu_ns;
	uint32_t pid, tid, stacks[2], other; /* the last ones */
};

struct block_symbol {
	uint8_t kind, flags, bits;
	bool known; /* a kind that is known here */
};

void event_block__free(struct event_block *b)
{
	free(b->list);
	free(b->segments);
	free(b->threads);
	free(b->symbols);
	*b = (struct event_block){ 0 };
}

/* Room for cnt of them. What was in it is not kept. */
static int room(void *list, size_t cnt, size_t *cap, size_t size)
{
	void **at = list;

	if (cnt <= *cap)
		return 0;
	free(*at);
	*cap = 0;
	*at = calloc(cnt, size);
	if (!*at)
		return -ENOMEM;
	*cap = cnt;
	return 0;
}

/* Nearly all numbers have one byte or two. */
static inline uint64_t get(struct cursor *c)
{
	if (cursor__left(c) >= 2) {
		if (c->at[0] < 0x80)
			return *c->at++;
		if (c->at[1] < 0x80) {
			c->at += 2;
			return (c->at[-2] & 0x7f) | (uint64_t)c->at[-1] << 7;
		}
	}
	return cursor__u64(c);
}

static int get_threads(struct event_block *b, struct cursor *c, size_t max, size_t *ret)
{
	struct block_thread was = { 0 };
	size_t cnt = cursor__cnt(c);

	if (c->bad || cnt > max)
		return -EBADMSG;
	if (room(&b->threads, cnt, &b->thread_cap, sizeof(*b->threads)))
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++) {
		was.pid += (uint32_t)cursor__i64(c);
		was.tid += (uint32_t)cursor__i64(c);
		was.gil += (uint64_t)cursor__i64(c);
		b->threads[i] = was;
	}
	*ret = cnt;
	return c->bad ? -EBADMSG : 0;
}

static int get_symbols(struct event_block *b, struct cursor *c, size_t max, size_t *ret)
{
	size_t cnt = cursor__cnt(c);

	if (c->bad || cnt > max)
		return -EBADMSG;
	if (room(&b->symbols, cnt, &b->symbol_cap, sizeof(*b->symbols)))
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++) {
		uint64_t bits = cursor__u64(c), kind = bits >> SYMBOL_KIND_SHIFT & UINT8_MAX;

		b->symbols[i] = (struct block_symbol){
			.kind = (uint8_t)kind,
			.flags = bits >> SYMBOL_FLAG_SHIFT & EVENT_F_ALL,
			.bits = (uint8_t)(bits & (SYMBOL_STACK | SYMBOL_OTHER)),
			.known = kind && kind < EVENT_KINDS,
		};
	}
	*ret = cnt;
	return c->bad ? -EBADMSG : 0;
}

/* The columns, which fill the rest. Each event has something in the first four. */
static int get_columns(struct cursor *c, size_t cnt, struct cursor ret[COLUMN_CNT])
{
	uint64_t len[COLUMN_CNT];

	for (int i = 0; i < COLUMN_CNT; i++)
		len[i] = cursor__u64(c);
	for (int i = 0; i < COLUMN_CNT; i++) {
		ret[i].bad = false;
		ret[i].at = cursor__bytes(c, len[i]);
		if (!ret[i].at || (i <= COLUMN_CPU && len[i] < cnt))
			return -EBADMSG;
		ret[i].end = ret[i].at + len[i];
	}
	return cursor__left(c) ? -EBADMSG : 0;
}

static inline uint64_t get_cpu(struct cursor *c, struct block_thread *t, uint64_t ns)
{
	uint64_t code = get(c);

	if (code == CPU_UNKNOWN)
		return EVENT_NO_CPU;
	if (code == CPU_RAN)
		t->cpu_ns += ns - t->ns;
	else if (code == CPU_NUMBER)
		t->cpu_ns = get(c);
	else
		t->cpu_ns += (uint64_t)unzigzag(code - CPU_DIFFERENCE);
	t->ns = ns;
	return t->cpu_ns;
}

static void get_segment(struct cursor *c, uint64_t ns, struct event_segment *ret)
{
	uint64_t used;

	memset(ret, 0, sizeof(*ret));
	ret->from_ns = ns - get(c);
	ret->cnt = get(c);
	ret->sum_ns = get(c);
	ret->max_ns = get(c);
	used = get(c);
	for (size_t i = 0; i < ARRAY_SIZE(ret->log2); i++)
		if (used >> i & 1)
			ret->log2[i] = cursor__u32(c);
}

static int get_events(struct event_block *b, size_t cnt, uint64_t ns, size_t thread_cnt,
		      size_t symbol_cnt, struct cursor col[COLUMN_CNT])
{
	/* Such an event has five bytes at least in its column. */
	uint64_t thread = 0;
	size_t segments = 0, segment_max = cursor__left(&col[COLUMN_SEGMENTS]) / 5;

	if (room(&b->list, cnt, &b->cap, sizeof(*b->list)) ||
	    room(&b->segments, segment_max < cnt ? segment_max : cnt, &b->segment_cap,
		 sizeof(*b->segments)))
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++) {
		uint64_t no = get(&col[COLUMN_SYMBOLS]);
		struct event *e = &b->list[b->cnt];
		const struct block_symbol *s;
		struct block_thread *t;

		thread += (uint64_t)unzigzag(get(&col[COLUMN_THREADS]));
		if (no >= symbol_cnt || thread >= thread_cnt)
			return -EBADMSG;
		s = &b->symbols[no];
		t = &b->threads[thread];
		ns += (uint64_t)unzigzag(get(&col[COLUMN_TIMES]));
		*e = (struct event){ .ns = ns,
				     .cpu_ns = get_cpu(&col[COLUMN_CPU], t, ns),
				     .gil = t->gil,
				     .pid = t->pid,
				     .tid = t->tid,
				     .kind = s->kind,
				     .flags = s->flags };
		if (s->bits & SYMBOL_STACK)
			e->stack = t->stacks[s->kind == EVENT_GET] +=
				(uint32_t)unzigzag(get(&col[COLUMN_STACKS]));
		if (s->bits & SYMBOL_OTHER)
			e->other = t->other += (uint32_t)unzigzag(get(&col[COLUMN_OTHERS]));
		if (s->kind == EVENT_SEGMENT) {
			if (segments == segment_max)
				return -EBADMSG;
			get_segment(&col[COLUMN_SEGMENTS], ns, &b->segments[segments]);
			e->segment = &b->segments[segments++];
		}
		b->cnt += s->known;
	}
	return 0;
}

int events__decode(struct event_block *b, const void *data, size_t len)
{
	struct cursor c = { data, (const uint8_t *)data + len, false }, col[COLUMN_CNT];
	size_t threads, symbols;
	uint64_t layout = cursor__u64(&c), cnt = cursor__u64(&c), ns = cursor__u64(&c);
	int err;

	b->cnt = 0;
	if (c.bad || layout < EVENTS_LAYOUT || cnt > EVENTS_MAX)
		return -EBADMSG;
	if (layout > EVENTS_LAYOUT)
		return -EPROTO;
	err = get_threads(b, &c, cnt, &threads);
	if (!err)
		err = get_symbols(b, &c, cnt, &symbols);
	if (!err)
		err = get_columns(&c, cnt, col);
	if (!err)
		err = get_events(b, cnt, ns, threads, symbols, col);
	for (int i = 0; i < COLUMN_CNT && !err; i++)
		err = col[i].bad || cursor__left(&col[i]) ? -EBADMSG : 0;
	if (err)
		b->cnt = 0;
	return err;
}
