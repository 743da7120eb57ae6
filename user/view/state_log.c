/* SPDX-License-Identifier: BSD-2-Clause */
/* state_log.c - what is kept of a state, and read back
 *
 * A byte of bits, then varints (7 bits a byte, lowest first): the start as a zigzag difference from the end of what came before in the
 * stream, the length, the stack, the other thread's number plus 1, and what the bits say there is; of what the user was told, the kind of
 * trigger and its limit for the stack, and how many waited. Of waiters: the time
 * since the change before, how many.
 */
#include "user/view/state_log.h"

#include <errno.h>
#include <stdlib.h>

#include "user/base/hmap.h"
#include "user/base/log.h"
#include "user/base/spool.h"
#include "user/base/util.h"
#include "user/view/view.h"

#define SPOOL_MEMORY (16u << 20)

enum bits {
	KIND = 3,
	OPEN = 1 << 2,
	ASKED = 1 << 3,
	LIGHT = 1 << 4,
	RETRIES = 1 << 5,
	SHORT = 1 << 6,
	OVER = 1 << 7
};

struct log_gil {
	bool known;
	size_t spool;
	uint64_t last_ns;
};

struct state_log {
	const struct view_opts *opts;
	struct states *states;
	struct spool spool;
	size_t spool_cnt; /* streams in it */
	bool said;	  /* that there is no room */
	uint64_t first_ns;
	struct hmap by_key; /* (thread, GIL) -> place in streams, plus 1 */
	size_t cnt, cap, gil_cnt, gil_cap;
	struct log_stream **streams;
	struct log_gil *gils; /* by the GIL's number */
};

/* ---- bytes ---- */

static size_t put(unsigned char *to, uint64_t v)
{
	size_t n = 0;

	for (; v > 127; v >>= 7)
		to[n++] = (unsigned char)(v | 128);
	to[n++] = (unsigned char)v;
	return n;
}

/* What is read was written here, and is read in whole. */
static uint64_t get(const unsigned char **at)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; shift < 64; shift += 7) {
		unsigned char c = *(*at)++;

		v |= (uint64_t)(c & 127) << shift;
		if (c < 128)
			break;
	}
	return v;
}

static uint64_t zigzag(uint64_t diff)
{
	return diff << 1 ^ -(diff >> 63);
}

static uint64_t unzigzag(uint64_t v)
{
	return v >> 1 ^ -(v & 1);
}

/* ---- writing ---- */

/* -ECANCELED: why has been said. */
static int append(struct state_log *log, size_t stream, const unsigned char *buf, size_t len)
{
	int err = spool__append(&log->spool, stream, buf, len);

	if (!err || err == -ENOMEM)
		return err;
	if (!log->said)
		pr_warn("cannot keep what happened in a temporary file (TMPDIR): %s\n",
			errstr(err));
	log->said = true;
	return -ECANCELED;
}

static struct log_stream *stream_of(struct state_log *log, const struct state_thread *t,
				    const struct state_gil *g)
{
	size_t at = (size_t)hmap__get(&log->by_key, t->no, g->no);
	struct log_stream *s;

	if (at)
		return log->streams[at - 1];
	if (array_grow(&log->streams, log->cnt, &log->cap, sizeof(struct log_stream *)))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s || hmap__put(&log->by_key, t->no, g->no, (void *)(log->cnt + 1))) {
		free(s);
		return NULL;
	}
	*s = (struct log_stream){ .thread = t, .gil = g, .spool = log->spool_cnt++ };
	log->streams[log->cnt++] = s;
	return s;
}

/* What a state and a segment have in common; the length of what is in buf. */
static size_t pack(struct state_log *log, struct log_stream *s, unsigned char *buf,
		   unsigned int bits, uint64_t start_ns, uint64_t end_ns)
{
	size_t n = 0;

	if (start_ns < log->first_ns)
		log->first_ns = start_ns;
	buf[n++] = (unsigned char)bits;
	n += put(buf + n, zigzag(start_ns - s->last_ns));
	n += put(buf + n, end_ns - start_ns);
	s->last_ns = end_ns;
	return n;
}

static int keep_state(void *ctx, const struct state *st)
{
	const struct state_thread *other = st->kind == GT_WAIT ? st->holder : st->from;
	struct state_log *log = ctx;
	struct log_stream *s = stream_of(log, st->thread, st->gil);
	unsigned int bits = (unsigned int)st->kind & KIND;
	unsigned char buf[SPOOL_PIECE_MIN];
	size_t n;

	if (!s)
		return -ENOMEM;
	bits |= (st->open ? OPEN : 0u) | (st->asked ? ASKED : 0u) | (st->light ? LIGHT : 0u) |
		(st->retries ? RETRIES : 0u);
	n = pack(log, s, buf, bits, st->start_ns, st->end_ns);
	n += put(buf + n, st->stack_id);
	n += put(buf + n, other ? other->no + 1 : 0);
	if (st->retries)
		n += put(buf + n, st->retries);
	s->cnt++;
	s->ns[st->kind & KIND] += st->end_ns - st->start_ns;
	return append(log, s->spool, buf, n);
}

static int keep_segment(void *ctx, const struct state_segment *seg)
{
	struct state_log *log = ctx;
	struct log_stream *s = stream_of(log, seg->thread, seg->gil);
	unsigned char buf[SPOOL_PIECE_MIN];
	size_t n;

	if (!s)
		return -ENOMEM;
	n = pack(log, s, buf, ((unsigned int)seg->kind & KIND) | SHORT, seg->start_ns, seg->end_ns);
	n += put(buf + n, seg->cnt);
	n += put(buf + n, seg->sum_ns);
	n += put(buf + n, seg->max_ns);
	s->segment_cnt++;
	s->ns[seg->kind & KIND] += seg->sum_ns;
	s->short_cnt += seg->cnt;
	s->short_ns += seg->sum_ns;
	return append(log, s->spool, buf, n);
}

/* The stream of this thread at the GIL of this address; 0: at any. NULL: there is none, or no memory. */
static struct log_stream *stream_at(struct state_log *log, const struct state_thread *t,
				    uint64_t addr)
{
	for (size_t i = 0; i < states__gil_cnt(log->states); i++) {
		const struct state_gil *g = states__gil(log->states, i);

		if (g->proc == t->proc && (!addr || g->addr == addr))
			return stream_of(log, t, g);
	}
	return NULL;
}

/* What is of no thread (a key was pressed) is nowhere. */
static int keep_trigger(void *ctx, const struct trigger *t, const struct state_proc *proc,
			const struct state_thread *waiter, const struct state_thread *holder)
{
	const struct state_thread *who = t->kind == TRIGGER_HOLD && holder ? holder : waiter;
	const struct state_thread *other = who == holder ? waiter : holder;
	struct state_log *log = ctx;
	struct log_stream *s = who && view_opts__shows_tid(log->opts, who->tid)
				       ? stream_at(log, who, t->gil)
				       : NULL;
	unsigned char buf[SPOOL_PIECE_MIN];
	size_t n;

	(void)proc;
	if (!s)
		return 0;
	n = pack(log, s, buf, GT_RELEASED | (t->over ? OVER : 0u),
		 t->start_ns < t->at_ns ? t->start_ns : t->at_ns, t->at_ns);
	n += put(buf + n, t->kind);
	n += put(buf + n, t->limit_ns);
	n += put(buf + n, other ? other->no + 1 : 0);
	n += put(buf + n, t->waiter_cnt);
	s->told_cnt++;
	return append(log, s->spool, buf, n);
}

static int keep_waiters(void *ctx, const struct state_gil *g, uint64_t at_ns)
{
	struct state_log *log = ctx;
	unsigned char buf[SPOOL_PIECE_MIN];
	struct log_gil *lg;
	size_t n;

	while (log->gil_cnt <= g->no) {
		if (array_grow(&log->gils, log->gil_cnt, &log->gil_cap, sizeof(*log->gils)))
			return -ENOMEM;
		log->gils[log->gil_cnt++] = (struct log_gil){ 0 };
	}
	lg = &log->gils[g->no];
	if (!lg->known)
		*lg = (struct log_gil){ .known = true, .spool = log->spool_cnt++ };
	if (at_ns < lg->last_ns)
		at_ns = lg->last_ns;
	n = put(buf, at_ns - lg->last_ns);
	n += put(buf + n, g->waiters);
	lg->last_ns = at_ns;
	return append(log, lg->spool, buf, n);
}

/* ---- reading ---- */

static void unpack(const struct state_log *log, const unsigned char **at, uint64_t *last_ns,
		   struct logged *ret)
{
	unsigned int bits = *(*at)++;
	uint64_t other;

	*ret = (struct logged){ .kind = bits & KIND,
				.open = bits & OPEN,
				.asked = bits & ASKED,
				.light = bits & LIGHT };
	ret->start_ns = *last_ns + unzigzag(get(at));
	ret->end_ns = ret->start_ns + get(at);
	*last_ns = ret->end_ns;
	if (bits & SHORT) {
		ret->cnt = get(at);
		ret->sum_ns = get(at);
		ret->max_ns = get(at);
		return;
	}
	if (ret->kind == GT_RELEASED) {
		ret->trigger = (enum trigger_kind)get(at);
		ret->over = bits & OVER;
		ret->limit_ns = get(at);
	} else {
		ret->stack_id = (uint32_t)get(at);
	}
	other = get(at);
	ret->other = other ? states__thread(log->states, other - 1) : NULL;
	ret->retries = bits & RETRIES ? (uint32_t)get(at) : 0;
	ret->waiter_cnt = ret->kind == GT_RELEASED ? (uint32_t)get(at) : 0;
}

int state_log__each(const struct state_log *log, const struct log_stream *s, logged_fn fn,
		    void *ctx)
{
	__cleanup(spool_reader__free) struct spool_reader r = { 0 };
	const unsigned char *at;
	uint64_t last_ns = 0;
	int err = 0;
	ssize_t n;

	while ((n = spool__read(&log->spool, s->spool, &r, &at)) > 0) {
		const unsigned char *end = at + n;

		while (at < end && !err) {
			struct logged l;

			unpack(log, &at, &last_ns, &l);
			err = fn(ctx, &l);
		}
		if (err)
			return err;
	}
	return (int)n;
}

bool state_log__has_waiters(const struct state_log *log, const struct state_gil *g)
{
	return g->no < log->gil_cnt && log->gils[g->no].known;
}

int state_log__each_waiters(const struct state_log *log, const struct state_gil *g, waiters_fn fn,
			    void *ctx)
{
	__cleanup(spool_reader__free) struct spool_reader r = { 0 };
	const unsigned char *at;
	uint64_t at_ns = 0;
	int err = 0;
	ssize_t n;

	if (!state_log__has_waiters(log, g))
		return 0;
	while ((n = spool__read(&log->spool, log->gils[g->no].spool, &r, &at)) > 0) {
		const unsigned char *end = at + n;

		while (at < end && !err) {
			at_ns += get(&at);
			err = fn(ctx, at_ns, (uint32_t)get(&at));
		}
		if (err)
			return err;
	}
	return (int)n;
}

/* ---- the rest ---- */

struct state_log *state_log__new(const struct view_opts *o, bool all)
{
	static const struct states_ops ops[] = {
		{ .state = keep_state, .segment = keep_segment },
		{ .state = keep_state,
		  .segment = keep_segment,
		  .waiters = keep_waiters,
		  .trigger = keep_trigger },
	};
	struct state_log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	spool__init(&log->spool, SPOOL_MEMORY);
	log->first_ns = UINT64_MAX;
	log->opts = o;
	log->states = states__new(&ops[all], log, o);
	if (!log->states) {
		state_log__free(log);
		errno = ENOMEM;
		return NULL;
	}
	return log;
}

void state_log__free(struct state_log *log)
{
	if (!log)
		return;
	states__free(log->states);
	spool__free(&log->spool);
	hmap__free(&log->by_key);
	for (size_t i = 0; i < log->cnt; i++)
		free(log->streams[i]);
	free(log->streams);
	free(log->gils);
	free(log);
}

int state_log__take(struct state_log *log, const struct record *r)
{
	return states__take(log->states, r);
}

int state_log__finish(struct state_log *log, const struct snapshot *total)
{
	return states__finish(log->states, total);
}

const struct states *state_log__states(const struct state_log *log)
{
	return log->states;
}

uint64_t state_log__first_ns(const struct state_log *log)
{
	return log->first_ns;
}

size_t state_log__cnt(const struct state_log *log)
{
	return log->cnt;
}

const struct log_stream *state_log__stream(const struct state_log *log, size_t no)
{
	return log->streams[no];
}
