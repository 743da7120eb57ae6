/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/codec/facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/books/totals.h"
#include "user/codec/records.h"

static uint64_t key_a(uint32_t pid, enum record_kind kind)
{
	return (uint64_t)pid << 8 | (uint64_t)kind;
}

static int index_all(struct facts *f)
{
	int err = 0;

	hmap__clear(&f->place);
	for (size_t i = 0; i < f->cnt && !err; i++)
		err = hmap__put(&f->place, key_a(f->list[i].pid, f->list[i].kind), f->list[i].key,
				(void *)(uintptr_t)(i + 1));
	return err;
}

static int keep(struct facts *f, const struct record *r, uint64_t key)
{
	size_t place = (size_t)(uintptr_t)hmap__get(&f->place, key_a(r->pid, r->kind), key);
	__cleanup(sbuf__free) struct sbuf bytes = { 0 };
	struct fact *fact;
	int err = coded__simple(r, &bytes);

	if (err)
		return err;
	if (!place) {
		if (array_grow(&f->list, f->cnt, &f->cap, sizeof(*f->list)) ||
		    hmap__put(&f->place, key_a(r->pid, r->kind), key,
			      (void *)(uintptr_t)(f->cnt + 1)))
			return -ENOMEM;
		f->list[f->cnt++] = (struct fact){ .pid = r->pid, .key = key, .kind = r->kind };
		place = f->cnt;
	}
	fact = &f->list[place - 1];
	free(fact->bytes);
	fact->bytes = bytes.s;
	fact->len = bytes.len;
	bytes = (struct sbuf){ 0 };
	return 0;
}

/* A name is of who had the tid then: whoever begins later has no totals before it. */
static int keep_name(struct facts *f, const struct record *r)
{
	struct record own = *r;

	/* A makeshift one does not replace another. */
	if (r->thread.makeshift && hmap__get(&f->place, key_a(r->pid, r->kind), r->thread.tid))
		return 0;
	if (!own.thread.at_ns)
		own.thread.at_ns = f->now_ns;
	return keep(f, &own, r->thread.tid);
}

static void drop_proc(struct facts *f, uint32_t pid)
{
	size_t n = 0;

	for (size_t i = 0; i < f->cnt; i++) {
		if (f->list[i].pid == pid)
			free(f->list[i].bytes);
		else
			f->list[n++] = f->list[i];
	}
	f->cnt = n;
	index_all(f); /* it has been larger: no memory is needed */
}

int facts__take(struct facts *f, const struct record *r)
{
	struct record mine = *r;

	switch (r->kind) {
	case REC_PROC_START: drop_proc(f, r->pid); return keep(f, r, 0);
	case REC_PROC_END: drop_proc(f, r->pid); return 0;
	case REC_TOTALS: f->now_ns = r->totals->now_ns; return 0;
	case REC_SOURCE:
	case REC_NOTE:
	case REC_MODE: return keep(f, r, 0);
	case REC_SELF: mine.self.late = false; return keep(f, &mine, 0);
	/* That it is known; what it took comes with the next ones. */
	case REC_THROTTLED: mine.throttled_ns = 0; return keep(f, &mine, 0);
	case REC_GIL: return keep(f, r, r->gil.cond);
	case REC_HOLDER: return keep(f, r, r->holder.cond);
	case REC_THREAD: return keep_name(f, r);
	default: return 0;
	}
}

static uint64_t who(uint32_t pid, uint32_t tid)
{
	return (uint64_t)pid << 32 | tid;
}

void facts__prune(struct facts *f, const struct totals *t)
{
	__cleanup(hmap__free) struct hmap alive = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < t->thread_cnt; i++)
		if (hmap__put(&alive, who(t->threads[i].rec.tgid, t->threads[i].key.tid), 0, f))
			return; /* later, then */
	for (size_t i = 0; i < f->cnt; i++) {
		const struct fact *a = &f->list[i];

		if (a->kind == REC_THREAD && !hmap__get(&alive, who(a->pid, (uint32_t)a->key), 0))
			free(a->bytes);
		else
			f->list[n++] = *a;
	}
	f->cnt = n;
	index_all(f);
}

void facts__put(const struct facts *f, struct sbuf *out)
{
	for (size_t i = 0; i < f->cnt; i++)
		sbuf__add(out, f->list[i].bytes, f->list[i].len);
}

void facts__free(struct facts *f)
{
	for (size_t i = 0; i < f->cnt; i++)
		free(f->list[i].bytes);
	free(f->list);
	hmap__free(&f->place);
	*f = (struct facts){ 0 };
}
