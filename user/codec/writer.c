/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/codec/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/arena.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/books/event.h"
#include "user/books/totals.h"
#include "user/books/trigger.h"
#include "user/codec/events.h"
#include "user/codec/facts.h"
#include "user/codec/limit.h"
#include "user/codec/records.h"

/* zlib's fastest: blocks of events are in columns already, others make them little smaller. */
#define LEVEL 1
/* A frame is begun anew beyond so many bytes of records. */
#define RECORDS_MAX (1u << 20)
/* .. and a block of events has so many: 0.9 MB in memory. */
#define BLOCK_EVENTS 16384

struct rec_writer {
	struct sink sink; /* first: a pointer to it is a pointer to the writer */
	struct rec_writer_opts o;
	struct rec_encoder *enc;
	struct facts facts;
	struct limit *limit;
	size_t event_cnt, event_cap;
	struct event *events;  /* that are in no block yet */
	struct arena segments; /* .. theirs */
	struct sbuf block;     /* scratch */
	struct sbuf frame;     /* scratch */
	uint64_t now_ns;       /* of the last totals, .. */
	uint64_t frame_ns;     /* .. as the frame of records began */
	uint64_t start_ns;     /* of the last restart */
	bool begun;
	int err;
	struct rec_stats stats;
};

static int put_frame(struct rec_writer *w, struct frame *f, const void *payload, size_t len)
{
	int err;

	sbuf__reset(&w->frame);
	err = frame__put(f, payload, len, LEVEL, &w->frame);
	return err ? err : w->o.frame(w->o.ctx, f, w->frame.s, w->frame.len);
}

/* What was encoded goes out. */
static int put_records(struct rec_writer *w, enum frame_type type)
{
	struct sbuf *bytes = rec_encoder__bytes(w->enc);
	struct frame f = { .type = (uint16_t)type, .first_ns = w->frame_ns, .last_ns = w->now_ns };
	int err = bytes->len ? put_frame(w, &f, bytes->s, bytes->len) : 0;

	sbuf__reset(bytes);
	w->frame_ns = w->now_ns;
	return err;
}

/* ---- events ---- */

/* The stacks that they name are told of before them. */
static int put_stacks(struct rec_writer *w)
{
	int err = 0;

	for (size_t i = 0; i < w->event_cnt && !err; i++)
		err = rec_encoder__stack(w->enc, w->events[i].stack);
	return err ? err : put_records(w, FRAME_RECORDS);
}

static int put_events(struct rec_writer *w)
{
	struct frame f = { .type = FRAME_EVENTS, .first_ns = UINT64_MAX };
	int err = w->event_cnt ? put_stacks(w) : 0;

	if (err || !w->event_cnt)
		return err;
	for (size_t i = 0; i < w->event_cnt; i++) {
		f.first_ns = w->events[i].ns < f.first_ns ? w->events[i].ns : f.first_ns;
		f.last_ns = w->events[i].ns > f.last_ns ? w->events[i].ns : f.last_ns;
	}
	sbuf__reset(&w->block);
	err = events__encode(&w->block, w->events, w->event_cnt);
	if (!err)
		err = put_frame(w, &f, w->block.s, w->block.len);
	w->stats.event_cnt += w->event_cnt;
	w->stats.event_bytes += w->block.len;
	w->stats.packed_bytes += w->frame.len;
	w->event_cnt = 0;
	arena__free(&w->segments);
	return err;
}

/* What the limit leaves. */
static int keep_events(void *ctx, const struct event *list, size_t cnt)
{
	struct rec_writer *w = ctx;
	int err = 0;

	for (size_t i = 0; i < cnt && !err; i++) {
		struct event *e;

		if (array_grow(&w->events, w->event_cnt, &w->event_cap, sizeof(*w->events)))
			return -ENOMEM;
		e = &w->events[w->event_cnt++];
		*e = list[i];
		if (e->segment) {
			struct event_segment *own = arena__alloc(&w->segments, 1, sizeof(*own));

			if (!own)
				return -ENOMEM;
			*own = *e->segment;
			e->segment = own;
		}
		if (w->event_cnt == BLOCK_EVENTS)
			err = put_events(w);
	}
	return err;
}

/* All that happened before a reading is before its books; the source sends what happened later behind them. */
static int end_events(struct rec_writer *w)
{
	int err = limit__flush(w->limit);

	return err ? err : put_events(w);
}

/* ---- records ---- */

/* What comes can be read from here on. */
static int restart(struct rec_writer *w)
{
	int err = 0;

	if (w->begun) { /* a new encoder has done that */
		err = put_records(w, FRAME_RECORDS);
		if (!err)
			err = rec_encoder__restart(w->enc);
	}
	w->begun = true;
	facts__put(&w->facts, rec_encoder__bytes(w->enc));
	w->start_ns = w->now_ns;
	return err ? err : put_records(w, FRAME_KEY);
}

static int put_trigger(struct rec_writer *w, const struct record *r)
{
	__cleanup(sbuf__free) struct sbuf bytes = { 0 };
	uint64_t at = r->trigger->at_ns;
	struct frame f = { .type = FRAME_TRIGGER, .first_ns = at, .last_ns = at };
	int err = coded__simple(r, &bytes);

	if (!err)
		err = put_records(w, FRAME_RECORDS);
	return err ? err : put_frame(w, &f, bytes.s, bytes.len);
}

static int write_record(struct rec_writer *w, const struct record *r)
{
	int err = 0;

	if (!w->begun)
		err = restart(w);
	if (r->kind == REC_EVENTS)
		return err ? err : limit__take(w->limit, r->events.list, r->events.cnt);
	if (r->kind == REC_TOTALS) {
		if (!err)
			err = end_events(w);
		w->now_ns = r->totals->now_ns;
		if (!err && w->o.restart_ns && w->now_ns - w->start_ns >= w->o.restart_ns) {
			facts__prune(&w->facts, r->totals);
			err = restart(w);
		}
	}
	if (!err)
		err = rec_encoder__put(w->enc, r);
	if (!err && r->kind == REC_TRIGGER)
		err = put_trigger(w, r);
	if (!err && r->kind == REC_MARK && !r->mark.reset)
		err = put_records(w, FRAME_INTERVAL);
	if (!err && (r->kind == REC_END || rec_encoder__bytes(w->enc)->len > RECORDS_MAX))
		err = put_records(w, FRAME_RECORDS);
	return err;
}

static int take(struct sink *s, const struct record *r)
{
	struct rec_writer *w = (struct rec_writer *)s;

	if (w->err)
		return 0; /* the run goes on without */
	w->err = write_record(w, r);
	if (!w->err && w->o.restart_ns) /* who never begins anew does not need them */
		w->err = facts__take(&w->facts, r);
	return 0;
}

struct rec_writer *rec_writer__new(const struct rec_writer_opts *o)
{
	struct rec_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->o = *o;
	w->sink.take = take;
	w->enc = rec_encoder__new();
	w->limit = limit__new(&(struct limit_opts){ o->max_rate, keep_events, w });
	if (w->enc && w->limit)
		return w;
	rec_writer__free(w);
	errno = ENOMEM;
	return NULL;
}

void rec_writer__free(struct rec_writer *w)
{
	if (!w)
		return;
	rec_encoder__free(w->enc);
	facts__free(&w->facts);
	limit__free(w->limit);
	free(w->events);
	arena__free(&w->segments);
	sbuf__free(&w->block);
	sbuf__free(&w->frame);
	free(w);
}

struct sink *rec_writer__sink(struct rec_writer *w)
{
	return &w->sink;
}

int rec_writer__flush(struct rec_writer *w)
{
	if (!w->err)
		w->err = end_events(w);
	if (!w->err)
		w->err = put_records(w, FRAME_RECORDS);
	return w->err;
}

int rec_writer__err(const struct rec_writer *w)
{
	return w->err;
}

struct rec_stats rec_writer__stats(const struct rec_writer *w)
{
	struct rec_stats st = w->stats;

	st.folded_cnt = limit__stats(w->limit).folded_cnt;
	return st;
}
