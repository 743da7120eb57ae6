/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "user/base/hmap.h"
#include "user/base/util.h"
#include "user/codec/events.h"
#include "user/codec/events_impl.h"
#include "user/codec/varint.h"

struct put_thread {
	const struct event *first; /* names it */
	uint64_t ns, cpu_ns;	   /* of the last event of which it is known */
	bool known;
	uint32_t stacks[2], other; /* the last ones */
};

struct put_block {
	struct hmap thread_nos, symbol_nos; /* plus 1 */
	size_t thread_cnt, thread_cap, symbol_cnt, symbol_cap;
	struct put_thread *threads;
	uint32_t *symbols, last_thread;
	struct sbuf columns[COLUMN_CNT];
};

static void put_block__free(struct put_block *b)
{
	hmap__free(&b->thread_nos);
	hmap__free(&b->symbol_nos);
	free(b->threads);
	free(b->symbols);
	for (int i = 0; i < COLUMN_CNT; i++)
		sbuf__free(&b->columns[i]);
}

/* 0 or -ENOMEM. */
static int thread_no(struct put_block *b, const struct event *e, uint32_t *ret)
{
	uint64_t who = (uint64_t)e->pid << 32 | e->tid;
	uintptr_t no = (uintptr_t)hmap__get(&b->thread_nos, who, e->gil);

	if (!no) {
		if (array_grow(&b->threads, b->thread_cnt, &b->thread_cap, sizeof(*b->threads)))
			return -ENOMEM;
		b->threads[b->thread_cnt++] = (struct put_thread){ .first = e };
		no = b->thread_cnt;
		if (hmap__put(&b->thread_nos, who, e->gil, (void *)no))
			return -ENOMEM;
	}
	*ret = (uint32_t)(no - 1);
	return 0;
}

static int symbol_no(struct put_block *b, uint32_t bits, uint32_t *ret)
{
	uintptr_t no = (uintptr_t)hmap__get(&b->symbol_nos, bits, 0);

	if (!no) {
		if (array_grow(&b->symbols, b->symbol_cnt, &b->symbol_cap, sizeof(*b->symbols)))
			return -ENOMEM;
		b->symbols[b->symbol_cnt++] = bits;
		no = b->symbol_cnt;
		if (hmap__put(&b->symbol_nos, bits, 0, (void *)no))
			return -ENOMEM;
	}
	*ret = (uint32_t)(no - 1);
	return 0;
}

static void put_cpu(struct sbuf *out, struct put_thread *t, const struct event *e)
{
	uint64_t diff = zigzag((int64_t)(e->cpu_ns - t->cpu_ns));

	if (e->cpu_ns == EVENT_NO_CPU) {
		varint__put(out, CPU_UNKNOWN);
		return;
	}
	if (t->known && e->cpu_ns - t->cpu_ns == e->ns - t->ns) {
		varint__put(out, CPU_RAN);
	} else if (diff > UINT64_MAX - CPU_DIFFERENCE) {
		varint__put(out, CPU_NUMBER);
		varint__put(out, e->cpu_ns);
	} else {
		varint__put(out, diff + CPU_DIFFERENCE);
	}
	t->ns = e->ns;
	t->cpu_ns = e->cpu_ns;
	t->known = true;
}

static void put_segment(struct sbuf *out, const struct event *e)
{
	static const struct event_segment none;
	const struct event_segment *s = e->segment ? e->segment : &none;
	uint64_t used = 0;

	varint__put(out, e->ns - s->from_ns);
	varint__put(out, s->cnt);
	varint__put(out, s->sum_ns);
	varint__put(out, s->max_ns);
	for (size_t i = 0; i < ARRAY_SIZE(s->log2); i++)
		used |= (uint64_t)(s->log2[i] != 0) << i;
	varint__put(out, used);
	for (size_t i = 0; i < ARRAY_SIZE(s->log2); i++)
		if (s->log2[i])
			varint__put(out, s->log2[i]);
}

static int put_event(struct put_block *b, const struct event *e, uint64_t before_ns)
{
	uint32_t bits = (e->stack ? SYMBOL_STACK : 0) | (e->other ? SYMBOL_OTHER : 0) |
			(uint32_t)e->kind << SYMBOL_KIND_SHIFT |
			(uint32_t)e->flags << SYMBOL_FLAG_SHIFT;
	uint32_t no, sym, *stack;
	struct put_thread *t;

	if (thread_no(b, e, &no) || symbol_no(b, bits, &sym))
		return -ENOMEM;
	t = &b->threads[no];
	stack = &t->stacks[e->kind == EVENT_GET];
	varint__put_signed(&b->columns[COLUMN_THREADS], (int64_t)no - b->last_thread);
	b->last_thread = no;
	varint__put(&b->columns[COLUMN_SYMBOLS], sym);
	varint__put_signed(&b->columns[COLUMN_TIMES], (int64_t)(e->ns - before_ns));
	put_cpu(&b->columns[COLUMN_CPU], t, e);
	if (e->stack)
		varint__put_signed(&b->columns[COLUMN_STACKS], (int64_t)e->stack - *stack);
	if (e->other)
		varint__put_signed(&b->columns[COLUMN_OTHERS], (int64_t)e->other - t->other);
	if (e->kind == EVENT_SEGMENT)
		put_segment(&b->columns[COLUMN_SEGMENTS], e);
	*stack = e->stack ? e->stack : *stack;
	t->other = e->other ? e->other : t->other;
	return 0;
}

static void put_tables(const struct put_block *b, struct sbuf *out)
{
	static const struct event none;
	const struct event *was = &none;

	varint__put(out, b->thread_cnt);
	for (size_t i = 0; i < b->thread_cnt; i++) {
		const struct event *e = b->threads[i].first;

		varint__put_signed(out, (int64_t)e->pid - was->pid);
		varint__put_signed(out, (int64_t)e->tid - was->tid);
		varint__put_signed(out, (int64_t)(e->gil - was->gil));
		was = e;
	}
	varint__put(out, b->symbol_cnt);
	for (size_t i = 0; i < b->symbol_cnt; i++)
		varint__put(out, b->symbols[i]);
}

int events__encode(struct sbuf *out, const struct event *list, size_t cnt)
{
	__cleanup(put_block__free) struct put_block b = { 0 };
	size_t len = out->len;
	bool oom = false;

	if (cnt > EVENTS_MAX)
		return -E2BIG;
	for (size_t i = 0; i < cnt; i++)
		if (put_event(&b, &list[i], list[i ? i - 1 : 0].ns))
			return -ENOMEM;
	varint__put(out, EVENTS_LAYOUT);
	varint__put(out, cnt);
	varint__put(out, cnt ? list[0].ns : 0);
	put_tables(&b, out);
	for (int i = 0; i < COLUMN_CNT; i++) {
		varint__put(out, b.columns[i].len);
		oom |= b.columns[i].oom;
	}
	for (int i = 0; i < COLUMN_CNT; i++)
		sbuf__add(out, b.columns[i].s, b.columns[i].len);
	if (!oom && !out->oom)
		return 0;
	out->len = len;
	return -ENOMEM;
}
