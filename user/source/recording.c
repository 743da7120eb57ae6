/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/source/recording.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/books/totals.h"
#include "user/books/trigger.h"
#include "user/picture/event_spans.h"
#include "user/codec/events.h"
#include "user/codec/records.h"
#include "user/picture/stack_store.h"
#include "user/source/recording_file.h"

/* More that was told of is not listed. */
#define TRIGGERS_MAX 100000

struct recording {
	struct source source; /* first: a pointer to it is a pointer to the recording */
	struct recording_file file;
	struct stack_store *store;
	struct rec_decoder *dec;
	bool want_events;
	bool silent;  /* what is being read says nothing new */
	bool started; /* the frame that everything begins with has been read */
	bool ended;   /* .. and the last one */
	bool begun;   /* a mark has come, .. */
	bool unseen;  /* .. the last one of an interval that was not shown */
	uint64_t now_ns, min_span_ns;
	uint64_t spans_from_ns; /* of events before this no spans are sent */
	struct event_block block;
	struct event_spans spans;
	uint64_t mono_ns, real_ns, interval_ns;
	uint64_t books_ns; /* of the first process; 0: none is before the first mark */
	char *why, *hint, *command, *host;
	size_t mark_cnt, mark_cap;
	uint64_t *marks;
	size_t trigger_cnt, trigger_cap;
	struct trigger *triggers;
};

static void send_span(void *ctx, const struct event_state *st)
{
	struct recording *r = ctx;
	struct record rec = { REC_SPAN, st->pid,
			      .span = { st->start_ns, st->end_ns, st->gil, st->tid, st->state } };

	if (st->is_span)
		sinks__send(r->source.sinks, &rec);
}

static int send_events(const struct recording *r)
{
	struct record rec = { REC_EVENTS, 0, .events = { r->block.cnt, r->block.list } };

	return sinks__send(r->source.sinks, &rec);
}

/* What happened one by one is read only for who wants it. 0 or -errno. */
static int take_events(struct recording *r, const struct frame *head)
{
	int err;

	if (!r->want_events && (!r->min_span_ns || head->last_ns < r->spans_from_ns))
		return recording_file__skip(&r->file, head);
	err = recording_file__read(&r->file, head);
	if (err)
		return err;
	err = events__decode(&r->block, r->file.payload.s, r->file.payload.len);
	if (err == -EPROTO) /* of a later layout: there are no spans, then */
		return 0;
	r->file.cut |= err == -EBADMSG;
	if (!err && r->min_span_ns)
		err = event_spans__take(&r->spans, r->block.list, r->block.cnt);
	return err || !r->want_events ? err : send_events(r);
}

/* A frame of this type is next in the decoder, or it is passed over. 0 or -errno. */
static int take_frame(struct recording *r, const struct frame *head)
{
	int err;

	if (head->type == FRAME_EVENTS)
		return take_events(r, head);
	if (head->type != FRAME_KEY && head->type != FRAME_RECORDS && head->type != FRAME_INTERVAL)
		return recording_file__skip(&r->file, head);
	err = recording_file__read(&r->file, head);
	if (err)
		return err;
	if (head->type == FRAME_KEY)
		rec_decoder__restart(r->dec);
	r->silent = head->type == FRAME_KEY && r->started;
	r->started |= head->type == FRAME_KEY;
	rec_decoder__feed(r->dec, r->file.payload.s, r->file.payload.len);
	return 0;
}

/* The next record that is to be sent: 1; 0: there is none any more; -errno. */
static int next_record(struct recording *r, struct record *ret)
{
	struct frame head;
	int n = 0;

	while (!r->ended) {
		n = rec_decoder__next(r->dec, ret);
		if (n < 0) { /* what its sum did not tell */
			r->file.cut = r->file.damaged = r->ended = true;
			return n == -ENOMEM ? n : 0;
		}
		if (n && !r->silent)
			return 1;
		if (n)
			continue;
		if (recording_file__next(&r->file, &head) <= 0) {
			r->ended = true;
			return 0;
		}
		n = take_frame(r, &head);
		if (n) {
			r->ended = true;
			return n == -ENOMEM ? n : 0;
		}
	}
	return 0;
}

static int keep_text(char **to, const char *text)
{
	free(*to);
	*to = strdup(text ? text : "");
	return *to ? 0 : -ENOMEM;
}

/* What the recording itself is asked for later. */
static int note(struct recording *r, const struct record *rec)
{
	switch (rec->kind) {
	case REC_SOURCE:
		r->mono_ns = rec->source.mono_ns;
		r->real_ns = rec->source.real_ns;
		r->interval_ns = rec->source.interval_ns;
		if (keep_text(&r->host, rec->source.host))
			return -ENOMEM;
		return rec->source.command ? keep_text(&r->command, rec->source.command) : 0;
	case REC_TOTALS: r->now_ns = rec->totals->now_ns; return 0;
	case REC_MODE:
		return rec->mode.light && r->min_span_ns
			       ? event_spans__lightened(&r->spans, rec->pid, rec->mode.at_ns)
			       : 0;
	case REC_END:
		if (keep_text(&r->why, rec->run_end.why))
			return -ENOMEM;
		return keep_text(&r->hint, rec->run_end.hint);
	default: return 0;
	}
}

/* A mark that ends an interval which was shown: the session is to show it. What a flight recorder kept begins with its first
 * one, for what was before is not in it. A mark of a reset ends nothing.
 */
static bool is_stop(struct recording *r, struct record *rec)
{
	bool first = !r->begun;

	if (rec->kind != REC_MARK)
		return false;
	if (first && r->file.flags & FILE_F_RING) {
		rec->mark.first = rec->mark.reset = true;
		sinks__send(r->source.sinks, rec);
	}
	r->begun = true;
	r->unseen = rec->mark.unseen;
	return first || !rec->mark.reset;
}

static int play(struct recording *r, bool to_end)
{
	struct record rec;
	int n, err = 0;

	while (!err && (n = next_record(r, &rec)) > 0) {
		err = note(r, &rec);
		if (is_stop(r, &rec) && !to_end)
			return err;
		if (!err)
			err = sinks__send(r->source.sinks, &rec);
	}
	return err ? err : n < 0 ? n : -ENODATA;
}

static int refresh(struct source *s)
{
	return play((struct recording *)s, false);
}

static int close_books(struct source *s)
{
	int err = play((struct recording *)s, true);

	return err == -ENODATA ? 0 : err;
}

static int dispatch(struct source *s)
{
	(void)s;
	return 0;
}

static void want_spans(struct source *s, uint64_t min_ns)
{
	struct recording *r = (struct recording *)s;

	r->min_span_ns = r->spans.min_ns = min_ns;
}

void recording__want_events(struct recording *r, bool want)
{
	r->want_events = want;
}

static bool expects(const struct source *s)
{
	return !recording__at_end((const struct recording *)s);
}

static void recording_free(struct source *s)
{
	struct recording *r = (struct recording *)s;

	recording_file__close(&r->file);
	event_block__free(&r->block);
	event_spans__free(&r->spans);
	rec_decoder__free(r->dec);
	stack_store__free(r->store);
	free(r->why);
	free(r->hint);
	free(r->command);
	free(r->host);
	free(r->marks);
	free(r->triggers);
	free(r);
}

static const struct source_ops recording_ops = {
	.dispatch = dispatch,
	.refresh = refresh,
	.close = close_books,
	.want_spans = want_spans,
	.expects = expects,
	.free = recording_free,
};

/* ---- what is known from the heads alone ---- */

static int add_trigger(struct recording *r, const struct index_entry *e)
{
	struct record rec;
	struct frame head;

	r->file.off = e->off;
	if (r->trigger_cnt == TRIGGERS_MAX || recording_file__next(&r->file, &head) <= 0 ||
	    head.type != FRAME_TRIGGER || recording_file__read(&r->file, &head))
		return 0;
	rec_decoder__feed(r->dec, r->file.payload.s, r->file.payload.len);
	if (rec_decoder__next(r->dec, &rec) != 1 || rec.kind != REC_TRIGGER)
		return 0;
	if (array_grow(&r->triggers, r->trigger_cnt, &r->trigger_cap, sizeof(*r->triggers)))
		return -ENOMEM;
	r->triggers[r->trigger_cnt] = *rec.trigger;
	r->triggers[r->trigger_cnt++].file = NULL; /* its text is gone with the frame */
	return 0;
}

/* What comes before the first mark: the clocks, the command, since when the first process is measured. */
static int read_start(struct recording *r)
{
	struct record rec;
	int n, err = 0;

	recording_file__rewind(&r->file);
	while (!err && (n = next_record(r, &rec)) > 0 && rec.kind != REC_MARK) {
		if (rec.kind == REC_SOURCE)
			err = note(r, &rec);
		if (rec.kind == REC_PROC_START && (!r->books_ns || rec.proc.books_ns < r->books_ns))
			r->books_ns = rec.proc.books_ns;
	}
	return err ? err : n == -ENOMEM ? n : 0;
}

static int read_heads(struct recording *r)
{
	bool cut = r->file.cut;
	int err = 0;

	for (size_t i = 0; i < r->file.cnt && !err; i++) {
		const struct index_entry *e = &r->file.index[i];

		if (e->type == FRAME_TRIGGER)
			err = add_trigger(r, e);
		if (e->type != FRAME_INTERVAL || err)
			continue;
		if (array_grow(&r->marks, r->mark_cnt, &r->mark_cap, sizeof(*r->marks)))
			return -ENOMEM;
		r->marks[r->mark_cnt++] = e->last_ns;
	}
	if (!err && r->file.seekable)
		err = read_start(r);
	recording_file__rewind(&r->file);
	rec_decoder__restart(r->dec);
	rec_decoder__feed(r->dec, "", 0);
	r->started = r->ended = r->silent = false;
	r->file.cut = cut;
	return err;
}

static void say_why(int err, const char *path, struct sbuf *why)
{
	if (err == -EINVAL)
		sbuf__printf(why, "%s is no recording of giltop", path);
	else if (err == -EPROTO)
		sbuf__printf(why, "%s was written by a later giltop: this one cannot read it",
			     path);
	else
		sbuf__printf(why, "cannot read %s: %s", path, errstr(err));
}

struct recording *recording__open(int fd, const char *path, const struct sinks *sinks,
				  struct sbuf *why)
{
	struct recording *r = calloc(1, sizeof(*r));
	int err = -ENOMEM;

	if (!r) {
		closep(&fd);
	} else {
		r->source = (struct source){ &recording_ops, sinks, -1 };
		r->spans.fn = send_span;
		r->spans.ctx = r;
		err = recording_file__open(&r->file, fd);
		r->store = stack_store__new();
		r->dec = r->store ? rec_decoder__new(r->store) : NULL;
		if (!err)
			err = r->dec ? read_heads(r) : -ENOMEM;
	}
	if (!err)
		return r;
	say_why(err, path, why);
	if (r)
		recording_free(&r->source);
	return NULL;
}

struct source *recording__source(struct recording *r)
{
	return &r->source;
}

uint64_t recording__start_ns(const struct recording *r)
{
	uint64_t first = r->mark_cnt ? r->marks[0] : 0;

	return r->books_ns && r->books_ns < first ? r->books_ns : first;
}

bool recording__is_ring(const struct recording *r)
{
	return r->file.flags & FILE_F_RING;
}

uint64_t recording__first_ns(const struct recording *r)
{
	return r->mark_cnt && r->file.flags & FILE_F_RING ? r->marks[0] : recording__start_ns(r);
}

uint64_t recording__end_ns(const struct recording *r)
{
	return r->mark_cnt ? r->marks[r->mark_cnt - 1] : 0;
}

uint64_t recording__now_ns(const struct recording *r)
{
	return r->now_ns;
}

bool recording__at_end(const struct recording *r)
{
	return r->ended;
}

bool recording__is_unseen(const struct recording *r)
{
	return r->unseen;
}

uint64_t recording__interval_ns(const struct recording *r)
{
	return r->interval_ns;
}

void recording__clock(const struct recording *r, uint64_t *mono_ns, uint64_t *real_ns)
{
	*mono_ns = r->mono_ns;
	*real_ns = r->real_ns;
}

const char *recording__host(const struct recording *r)
{
	return r->host && *r->host ? r->host : "?";
}

const char *recording__command(const struct recording *r)
{
	return r->command;
}

const char *recording__why(const struct recording *r)
{
	return r->why;
}

const char *recording__hint(const struct recording *r)
{
	return r->hint;
}

bool recording__is_cut(const struct recording *r)
{
	return r->file.cut;
}

bool recording__is_damaged(const struct recording *r)
{
	return r->file.damaged;
}

size_t recording__interval_cnt(const struct recording *r)
{
	return r->mark_cnt;
}

uint64_t recording__interval_end_ns(const struct recording *r, size_t n)
{
	return n < r->mark_cnt ? r->marks[n] : 0;
}

bool recording__has_events(const struct recording *r)
{
	for (size_t i = 0; i < r->file.cnt; i++)
		if (r->file.index[i].type == FRAME_EVENTS)
			return true;
	return false;
}

size_t recording__trigger_cnt(const struct recording *r)
{
	return r->trigger_cnt;
}

const struct trigger *recording__trigger(const struct recording *r, size_t i)
{
	return i < r->trigger_cnt ? &r->triggers[i] : NULL;
}

/* ---- to another moment ---- */

int recording__seek(struct recording *r, uint64_t t_ns, uint64_t span_ns)
{
	struct record mark = { .kind = REC_MARK };
	size_t last = 0;
	int err = 0;

	if (!r->file.seekable)
		return -ESPIPE;
	for (size_t i = 1; i < r->mark_cnt && r->marks[i] <= t_ns; i++)
		last = i;
	recording_file__rewind(&r->file);
	rec_decoder__restart(r->dec); /* names are numbered from the start again */
	rec_decoder__feed(r->dec, "", 0);
	event_spans__clear(&r->spans);
	r->started = r->ended = r->begun = r->silent = false;
	r->now_ns = 0;
	r->spans_from_ns = r->mark_cnt && r->marks[last] > span_ns ? r->marks[last] - span_ns : 0;
	for (size_t i = 0; i <= last && !err; i++) {
		/* The first one may be of any kind: see is_stop(). */
		mark.mark.first = i == 1;
		if (i)
			err = sinks__send(r->source.sinks, &mark);
		if (!err)
			err = refresh(&r->source);
	}
	r->spans_from_ns = 0;
	return err;
}
