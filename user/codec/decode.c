/* SPDX-License-Identifier: BSD-2-Clause */
/* decode.c - bytes to records */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/codec/books.h"
#include "user/codec/simple.h"
#include "user/picture/stack_store.h"

/* Names of one file, between two restarts. */
#define NAMES_MAX   1000000
#define NAMES_BYTES (64u << 20)
#define FRAMES_MAX  4096 /* of one stack; walks end at some hundred */

struct rec_decoder {
	struct stack_store *store;
	struct cursor at;
	struct books_code books;
	struct totals totals;
	struct trigger trigger;
	struct arena text; /* of records, until the next bytes */
	struct arena name_text;
	size_t name_cnt, name_cap, name_bytes;
	const char **names;
	size_t id_cnt, id_cap;
	uint32_t *ids; /* by id - 1: itself, or 0: not told of, or without room */
	size_t frame_cap;
	struct snap_frame *frames; /* scratch */
};

struct rec_decoder *rec_decoder__new(struct stack_store *store)
{
	struct rec_decoder *d = calloc(1, sizeof(*d));

	if (d)
		d->store = store;
	return d;
}

void rec_decoder__free(struct rec_decoder *d)
{
	if (!d)
		return;
	books_code__free(&d->books);
	totals__free(&d->totals);
	arena__free(&d->text);
	arena__free(&d->name_text);
	free(d->names);
	free(d->ids);
	free(d->frames);
	free(d);
}

void rec_decoder__restart(struct rec_decoder *d)
{
	books_code__free(&d->books);
	arena__free(&d->name_text);
	d->name_cnt = d->name_bytes = 0;
}

void rec_decoder__feed(struct rec_decoder *d, const void *bytes, size_t len)
{
	arena__free(&d->text);
	d->at = (struct cursor){ bytes, (const uint8_t *)bytes + len, false };
}

uint32_t rec_decoder__stack(const struct rec_decoder *d, uint32_t id)
{
	return id && id <= d->id_cnt ? d->ids[id - 1] : 0;
}

static uint32_t stack_id(const void *ctx, uint32_t file_id)
{
	return rec_decoder__stack(ctx, file_id);
}

/* The last schema makes the books ready. */
static int get_schema(struct rec_decoder *d, struct cursor *c)
{
	uint64_t id = cursor__u64(c);
	int err;

	if (id >= SCHEMA_CNT) /* of lists that are not known here */
		return 0;
	err = schema__get(&d->books.schema[id], (enum schema_id)id, c);
	return err ? err : books_code__restart(&d->books);
}

static const char *get_name(struct rec_decoder *d, struct cursor *c)
{
	uint64_t no = cursor__u64(c);
	const char *name;

	if (no)
		return no <= d->name_cnt ? d->names[no - 1] : NULL;
	name = coded__text(c, &d->name_text);
	if (!name)
		return NULL;
	d->name_bytes += strlen(name);
	if (d->name_cnt >= NAMES_MAX || d->name_bytes > NAMES_BYTES ||
	    array_grow(&d->names, d->name_cnt, &d->name_cap, sizeof(*d->names)))
		return NULL;
	return d->names[d->name_cnt++] = name;
}

static int keep_id(struct rec_decoder *d, uint32_t file_id, uint32_t id)
{
	if (!file_id || file_id > LIST_ROWS)
		return -EBADMSG;
	while (d->id_cnt < file_id) {
		if (array_grow(&d->ids, d->id_cnt, &d->id_cap, sizeof(*d->ids)))
			return -ENOMEM;
		d->ids[d->id_cnt++] = 0;
	}
	d->ids[file_id - 1] = id;
	return 0;
}

/* 1, or 0: the store has no room for it, and it is nameless. */
static int get_stack(struct rec_decoder *d, struct cursor *c, struct record *ret)
{
	uint32_t file_id = cursor__u32(c), id;
	bool truncated = cursor__u64(c);
	size_t cnt = cursor__cnt(c);
	struct stored_stack s;

	if (cnt > FRAMES_MAX || c->bad)
		return -EBADMSG;
	for (size_t i = 0; i < cnt; i++) {
		if (array_grow(&d->frames, i, &d->frame_cap, sizeof(*d->frames)))
			return -ENOMEM;
		d->frames[i].name = get_name(d, c);
		d->frames[i].file = get_name(d, c);
		d->frames[i].line = cursor__u32(c);
		if (!d->frames[i].name || !d->frames[i].file || c->bad)
			return -EBADMSG;
	}
	id = stack_store__add(d->store, d->frames, cnt, truncated);
	/* The same id as in the run: what is ordered by it comes in the same order. The store has the text. */
	if (keep_id(d, file_id, id ? file_id : 0))
		return -EBADMSG;
	s = stack_store__get(d->store, id);
	*ret = (struct record){ .kind = REC_STACK,
				.stack = { file_id, s.truncated, s.cnt, s.frames } };
	return id != 0;
}

/* 1: *ret; 0: nothing to tell of; -errno. */
static int get_body(struct rec_decoder *d, uint64_t kind, struct cursor *c, struct record *ret)
{
	int err;

	switch (kind) {
	case CODED_SCHEMA: return get_schema(d, c);
	case CODED_STACK: return get_stack(d, c, ret);
	case CODED_TOTALS:
		err = books__get(&d->books, c, stack_id, d, &d->totals);
		*ret = (struct record){ .kind = REC_TOTALS, .totals = &d->totals };
		return err ? err : 1;
	default:
		err = simple__get((enum coded_kind)kind, c, &d->text, &d->trigger, ret);
		if (err == -EINVAL) /* of a later version */
			return 0;
		if (!err && ret->kind == REC_TRIGGER) {
			d->trigger.waiter_stack = rec_decoder__stack(d, d->trigger.waiter_stack);
			d->trigger.holder_stack = rec_decoder__stack(d, d->trigger.holder_stack);
		}
		return err ? err : 1;
	}
}

int rec_decoder__next(struct rec_decoder *d, struct record *ret)
{
	int n = 0;

	while (!n && cursor__left(&d->at)) {
		uint64_t kind = cursor__u64(&d->at), len = cursor__u64(&d->at);
		const uint8_t *bytes = cursor__bytes(&d->at, len);
		struct cursor body = { bytes, bytes, false };

		if (!bytes)
			return -EBADMSG;
		body.end += len;
		n = get_body(d, kind < CODED_CNT ? kind : CODED_NONE, &body, ret);
		if (n > 0 && body.bad)
			return -EBADMSG;
	}
	return n;
}
