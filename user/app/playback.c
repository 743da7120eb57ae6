/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/playback.h"

#include <errno.h>

#include "tui/past.h"
#include "user/base/util.h"
#include "user/books/trigger.h"
#include "user/model/model.h"
#include "user/picture/snapshot.h"
#include "user/source/recording.h"

/* Further ahead it is cheaper to begin anew, where blocks of events are passed over. */
#define NEAR 32
/* Keys are answered after so long. */
#define BUDGET_NS 80000000u

static void pass(struct playback *b)
{
	struct snapshot *snap;

	if (b->shown_next || !b->user->pass || (b->anew && recording__now_ns(b->r) < b->pass_ns))
		return;
	snap = model__snapshot_brief(b->model, MODEL_INTERVAL);
	if (!snap) /* a gap in a small chart */
		return;
	b->user->pass(b->user->ctx, snap);
	snapshot__free(snap);
}

static int take(struct sink *sink, const struct record *r)
{
	struct playback *b = (struct playback *)sink;

	if (r->kind == REC_MARK && !r->mark.first)
		pass(b);
	else if (r->kind == REC_SELF)
		b->level = r->self.level;
	if (!b->anew && b->user->see)
		b->user->see(b->user->ctx, r);
	return 0;
}

static size_t last_of(const struct playback *b)
{
	return recording__interval_cnt(b->r) - 1;
}

/* The first interval that begins and ends in it: the first mark is where it begins. */
static size_t first_of(const struct playback *b)
{
	return last_of(b) ? 1 : 0;
}

/* The last one that is not after this, or the first. */
static size_t interval_at(const struct playback *b, uint64_t ns)
{
	size_t lo = first_of(b), hi = last_of(b);

	while (lo < hi) {
		size_t mid = hi - (hi - lo) / 2;

		if (recording__interval_end_ns(b->r, mid) <= ns)
			lo = mid;
		else
			hi = mid - 1;
	}
	return lo;
}

/* The first one that is not before this, or the last. */
static size_t interval_with(const struct playback *b, uint64_t ns)
{
	size_t n = interval_at(b, ns);

	return n < last_of(b) && recording__interval_end_ns(b->r, n) < ns ? n + 1 : n;
}

static int renew_model(struct playback *b)
{
	struct model *m = model__new();

	if (!m)
		return -ENOMEM;
	if (b->model)
		sinks__remove(b->sinks, model__sink(b->model));
	model__free(b->model);
	b->model = m;
	return sinks__add(b->sinks, model__sink(m));
}

static int go_anew(struct playback *b, size_t n)
{
	uint64_t to = recording__interval_end_ns(b->r, n);
	int err = renew_model(b);

	if (err)
		return err;
	b->level = 0;
	b->at_end = false;
	b->pass_ns = recording__interval_end_ns(b->r, n > PAST_CNT ? n - PAST_CNT : 0);
	if (b->user->fresh)
		b->user->fresh(b->user->ctx, to > b->span_ns ? to - b->span_ns : 0);
	b->anew = true;
	b->shown_next = false;
	err = recording__seek(b->r, to, b->span_ns);
	b->anew = false;
	b->shown_next = true;
	b->lost = err < 0;
	b->at = err ? interval_at(b, recording__now_ns(b->r)) : n;
	b->at_end = b->at == last_of(b);
	return err;
}

/* The mark of where it is has been sent: that of each on the way is sent here. until_ns: by the clock it is enough then; 0: go
 * all the way.
 */
static int go_on(struct playback *b, size_t n, uint64_t until_ns)
{
	struct source *src = recording__source(b->r);
	const struct record mark = { .kind = REC_MARK };
	size_t from = b->at;
	int err = 0;

	b->shown_next = false;
	while (b->at < n && !(until_ns && b->at > from && now_ns() >= until_ns)) {
		if (b->at > from)
			sinks__send(b->sinks, &mark);
		err = src->ops->refresh(src);
		if (err)
			break;
		b->at++;
	}
	b->shown_next = true;
	if (err && b->at > from) /* the last one that is whole, whose mark has been sent */
		err = go_anew(b, b->at);
	else if (err == -ENODATA)
		err = 1;
	b->at_end = b->at == last_of(b) || err == 1;
	return err;
}

int playback__go(struct playback *b, const struct player_step *step)
{
	size_t last = last_of(b), n = b->at;

	switch (step->go) {
	case PLAYER_STAY: return 1;
	case PLAYER_FORWARD: n = step->cnt > last - b->at ? last : b->at + step->cnt; break;
	case PLAYER_AT: n = interval_at(b, step->to_ns); break;
	case PLAYER_COVER: n = interval_with(b, step->to_ns); break;
	}
	if (b->lost || n < b->at)
		return go_anew(b, n);
	if (n == b->at)
		return 1;
	if (step->go == PLAYER_FORWARD)
		return go_on(b, n, now_ns() + BUDGET_NS);
	return n - b->at > NEAR ? go_anew(b, n) : go_on(b, n, 0);
}

int playback__open(struct playback *b, struct recording *r, struct sinks *sinks,
		   const struct playback_user *user)
{
	int err;

	b->sink.take = take;
	b->r = r;
	b->sinks = sinks;
	b->user = user;
	if (!recording__interval_cnt(r))
		return -ENODATA;
	err = sinks__add(sinks, &b->sink);
	return err ? err : go_anew(b, first_of(b));
}

void playback__close(struct playback *b)
{
	if (b->model)
		sinks__remove(b->sinks, model__sink(b->model));
	if (b->sinks)
		sinks__remove(b->sinks, &b->sink);
	model__free(b->model);
	b->model = NULL;
}

void playback__describe(const struct playback *b, struct player_file *ret)
{
	ret->first_ns = recording__interval_end_ns(b->r, first_of(b));
	ret->start_ns = recording__start_ns(b->r);
	ret->end_ns = recording__end_ns(b->r);
	ret->interval_ns = recording__interval_ns(b->r);
	recording__clock(b->r, &ret->mono_ns, &ret->real_ns);
}

uint64_t playback__trigger_ns(const struct recording *r, size_t i)
{
	const struct trigger *t = recording__trigger(r, i);

	/* That of an interval is told of when it has ended. */
	if (t->kind == TRIGGER_DELAY && t->start_ns < t->at_ns)
		return t->start_ns + (t->at_ns - t->start_ns) / 2;
	return t->at_ns;
}
