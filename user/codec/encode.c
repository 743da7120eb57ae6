/* SPDX-License-Identifier: BSD-2-Clause */
/* encode.c - records to bytes */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/codec/books.h"
#include "user/codec/simple.h"
#include "user/picture/snapshot.h"

/* A stack that was told of: as the source has it, and since which restart it is in the bytes. */
struct told_stack {
	const struct snap_frame *frames;
	size_t cnt;
	bool truncated;
	uint32_t since; /* 0: never */
};

struct rec_encoder {
	struct sbuf out, body;
	uint32_t restarts;
	struct books_code books;
	struct hmap names; /* (address, 0) of the source's string -> number + 1 since the restart */
	size_t name_cnt;
	size_t stack_cnt, stack_cap;
	struct told_stack *stacks; /* id - 1 */
};

struct rec_encoder *rec_encoder__new(void)
{
	struct rec_encoder *e = calloc(1, sizeof(*e));

	if (e && !books_code__own(&e->books) && !rec_encoder__restart(e))
		return e;
	rec_encoder__free(e);
	errno = ENOMEM;
	return NULL;
}

void rec_encoder__free(struct rec_encoder *e)
{
	if (!e)
		return;
	sbuf__free(&e->out);
	sbuf__free(&e->body);
	books_code__free(&e->books);
	hmap__free(&e->names);
	free(e->stacks);
	free(e);
}

struct sbuf *rec_encoder__bytes(struct rec_encoder *e)
{
	return &e->out;
}

int rec_encoder__restart(struct rec_encoder *e)
{
	int err = books_code__restart(&e->books);

	e->restarts++;
	e->name_cnt = 0;
	hmap__clear(&e->names);
	for (int i = 0; i < SCHEMA_CNT; i++) {
		sbuf__reset(&e->body);
		varint__put(&e->body, (uint64_t)i);
		schema__put(&e->books.schema[i], &e->body);
		coded__put(&e->out, CODED_SCHEMA, &e->body);
	}
	return e->out.oom ? -ENOMEM : err;
}

static int keep_stack(struct rec_encoder *e, const struct record *r)
{
	if (!r->stack.id || r->stack.id > LIST_ROWS)
		return 0;
	while (e->stack_cnt < r->stack.id) {
		if (array_grow(&e->stacks, e->stack_cnt, &e->stack_cap, sizeof(*e->stacks)))
			return -ENOMEM;
		e->stacks[e->stack_cnt++] = (struct told_stack){ 0 };
	}
	e->stacks[r->stack.id - 1] =
		(struct told_stack){ r->stack.frames, r->stack.cnt, r->stack.truncated, 0 };
	return 0;
}

/* A name: its number, or 0 and the text where it is new. The source keeps each once, so its address tells it. */
static int put_name(struct rec_encoder *e, const char *name, struct sbuf *out)
{
	uint64_t at = (uint64_t)(uintptr_t)name;
	size_t no = (size_t)(uintptr_t)hmap__get(&e->names, at, 0);

	varint__put(out, no);
	if (no)
		return 0;
	varint__put(out, strlen(name));
	sbuf__puts(out, name);
	return hmap__put(&e->names, at, 0, (void *)(uintptr_t)++e->name_cnt);
}

int rec_encoder__stack(struct rec_encoder *e, uint32_t id)
{
	struct told_stack *s = id && id <= e->stack_cnt ? &e->stacks[id - 1] : NULL;
	int err = 0;

	if (!s || s->since == e->restarts)
		return 0;
	s->since = e->restarts;
	sbuf__reset(&e->body);
	varint__put(&e->body, id);
	varint__put(&e->body, s->truncated);
	varint__put(&e->body, s->cnt);
	for (size_t i = 0; i < s->cnt && !err; i++) {
		err = put_name(e, s->frames[i].name, &e->body);
		if (!err)
			err = put_name(e, s->frames[i].file, &e->body);
		varint__put(&e->body, s->frames[i].line);
	}
	coded__put(&e->out, CODED_STACK, &e->body);
	return e->out.oom ? -ENOMEM : err;
}

static int stacks_of(struct rec_encoder *e, const struct total_stack *rows, size_t cnt)
{
	int err = 0;

	for (size_t i = 0; i < cnt && !err; i++) {
		err = rec_encoder__stack(e, rows[i].stack);
		if (!err)
			err = rec_encoder__stack(e, rows[i].other_stack);
	}
	return err;
}

static int put_totals(struct rec_encoder *e, const struct totals *t)
{
	int err = stacks_of(e, t->stacks, t->stack_cnt);

	if (!err)
		err = stacks_of(e, t->chains, t->chain_cnt);
	for (size_t i = 0; i < t->sleep_cnt && !err; i++)
		err = rec_encoder__stack(e, t->sleeps[i].stack);
	for (size_t i = 0; i < t->thread_cnt && !err; i++)
		err = rec_encoder__stack(e, t->threads[i].open_stack);
	if (err)
		return err;
	sbuf__reset(&e->body);
	err = books__put(&e->books, t, &e->body);
	if (!err)
		coded__put(&e->out, CODED_TOTALS, &e->body);
	return err;
}

int rec_encoder__put(struct rec_encoder *e, const struct record *r)
{
	int err = 0;

	switch (r->kind) {
	case REC_SPAN:
	case REC_EVENTS: return 0;
	case REC_STACK: return keep_stack(e, r);
	case REC_TOTALS: err = put_totals(e, r->totals); break;
	case REC_TRIGGER:
		err = rec_encoder__stack(e, r->trigger->waiter_stack);
		if (!err)
			err = rec_encoder__stack(e, r->trigger->holder_stack);
		if (!err)
			err = coded__simple(r, &e->out);
		break;
	default: err = coded__simple(r, &e->out); break;
	}
	return e->out.oom ? -ENOMEM : err;
}

void rec_encoder__raw(struct rec_encoder *e, const void *bytes, size_t len)
{
	sbuf__add(&e->out, bytes, len);
}
