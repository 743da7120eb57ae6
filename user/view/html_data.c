/* SPDX-License-Identifier: BSD-2-Clause */
/* html_data.c - what the page's scripts draw: rows of the timeline, the longest states, flame graphs, the use over time
 *
 * JSON in a script element that is no script. Numbers are ns from t0; texts are numbers of one table. What html/data.js reads:
 *	t0, t1, wall	the span (t1 from t0), and what the clock on the wall said at t0, in ms of the epoch (0: not known)
 *	bin, bins	length of a bin in ns, and how many there are
 *	rows		[text, pid, tid, wait, hold, yield]: shares of each bin, a letter each (base64: 0..63), "" if it never did
 *	longs		[row, kind, start after the one before, length, holder's row or -1, stack or -1, GIL], 1 wait 2 hold 3 yield
 *	left		states that are in shares alone
 *	stacks		[text ..], innermost first
 *	flames		by weight: [text, depth, ns, ns of its own], parents first
 *	moments		[start, end, held in 1/1000 or -1, waiting in 1/1000]
 *	texts
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/view/flame.h"
#include "user/view/html_impl.h"
#include "user/view/states.h"

/* Rows of the timeline: those that did most; all others are one more. */
#define ROWS_MAX 64
/* Frames of a flame graph; one below such a share of it is left out, its time is in the one below it. */
#define FLAMES_MAX  4000
#define FLAME_SHARE 2000
#define STACKS_MAX  2000
/* Frames of one, innermost first: more than a sentence says. */
#define STACK_DEPTH 8
/* Bytes of texts: names are as long as their owner likes. Stacks beyond that are empty, frames nameless. */
#define TEXT_BYTES_MAX (1u << 20)

struct data {
	struct html *h;
	FILE *out;
	struct strings texts;
	size_t text_bytes, texts_seen;
	bool has_others; /* a row after row_cnt */
	size_t thread_cnt;
	int32_t *row_of;      /* thread -> row, -1: among the others */
	size_t row_cnt;	      /* without the others' */
	uint32_t *row_thread; /* row -> thread */
	double *busy;	      /* of each thread: waited, held, yielded */
	struct hmap stacks;   /* id -> place plus 1 */
	size_t stack_cnt;
	uint32_t *stack_ids;
};

static uint64_t since_start(const struct data *d, uint64_t ns)
{
	uint64_t start = d->h->bins.start_ns;

	return ns > start ? ns - start : 0;
}

/* ---- which threads ---- */

static double busy_of(const struct bin_row *r)
{
	double sum = 0;

	for (size_t k = 0; r && k < BIN_KINDS; k++)
		for (size_t i = 0; i < BINS_MAX; i++)
			sum += (double)r->ns[k][i];
	return sum;
}

static int by_busy(const void *a, const void *b, void *ctx)
{
	const double *busy = ctx;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (busy[x] > busy[y] || busy[x] < busy[y])
		return busy[x] > busy[y] ? -1 : 1;
	return x < y ? -1 : x > y;
}

static int choose_rows(struct data *d)
{
	const struct state_bins *b = &d->h->bins;
	size_t cnt = b->row_cnt;

	d->thread_cnt = states__thread_cnt(d->h->states);
	cnt = cnt > d->thread_cnt ? d->thread_cnt : cnt;
	d->busy = calloc(cnt + 1, sizeof(*d->busy));
	d->row_thread = calloc(cnt + 1, sizeof(*d->row_thread));
	d->row_of = calloc(d->thread_cnt + 1, sizeof(*d->row_of));
	if (!d->busy || !d->row_thread || !d->row_of)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++) {
		d->busy[i] = busy_of(b->rows[i]);
		if (d->busy[i] > 0)
			d->row_thread[d->row_cnt++] = (uint32_t)i;
	}
	if (d->row_cnt)
		qsort_r(d->row_thread, d->row_cnt, sizeof(*d->row_thread), by_busy, d->busy);
	for (size_t i = 0; i < d->thread_cnt; i++)
		d->row_of[i] = -1;
	d->row_cnt = d->row_cnt > ROWS_MAX ? ROWS_MAX : d->row_cnt;
	for (size_t i = 0; i < d->row_cnt; i++)
		d->row_of[d->row_thread[i]] = (int32_t)i;
	return 0;
}

/* ---- shares ---- */

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void put_shares(struct data *d, const struct bin_row *row, size_t bins)
{
	const struct state_bins *b = &d->h->bins;

	for (unsigned int k = GT_WAIT; k < GT_WAIT + BIN_KINDS; k++) {
		bool any = false;

		for (size_t i = 0; i < bins; i++)
			any |= state_bins__share(b, row, k, i) > 0;
		fputs(",\"", d->out);
		for (size_t i = 0; i < bins && any; i++)
			putc(letters[state_bins__share(b, row, k, i)], d->out);
		putc('"', d->out);
	}
}

/* Those without a row, as one: the mean of them would say nothing, so it is their sum, at most all of a bin. */
static int put_others(struct data *d, size_t bins)
{
	__cleanup(freep) struct bin_row *sum = calloc(1, sizeof(*sum));
	const struct state_bins *b = &d->h->bins;
	bool any = false;

	if (!sum)
		return -ENOMEM;
	for (size_t i = 0; i <= b->row_cnt; i++) {
		const struct bin_row *r = i < b->row_cnt ? b->rows[i] : b->others;

		if (!r || (i < d->thread_cnt && d->row_of[i] >= 0 && i < b->row_cnt))
			continue;
		any = true;
		for (size_t k = 0; k < BIN_KINDS; k++)
			for (size_t n = 0; n < BINS_MAX; n++)
				sum->ns[k][n] += r->ns[k][n];
	}
	if (!any)
		return 0;
	d->has_others = true;
	fprintf(d->out, "%s[%u,0,0", d->row_cnt ? "," : "",
		strings__no(&d->texts, "[other threads]"));
	put_shares(d, sum, bins);
	putc(']', d->out);
	return 0;
}

static int put_rows(struct data *d, size_t bins)
{
	int err;

	fputs(",\"rows\":[", d->out);
	for (size_t i = 0; i < d->row_cnt; i++) {
		const struct state_thread *t = states__thread(d->h->states, d->row_thread[i]);

		fprintf(d->out, "%s[%u,%u,%u", i ? "," : "",
			strings__no(&d->texts, *t->name ? t->name : "thread"), t->proc->pid,
			t->tid);
		put_shares(d, d->h->bins.rows[d->row_thread[i]], bins);
		putc(']', d->out);
	}
	err = put_others(d, bins);
	fputs("]", d->out);
	return err;
}

/* ---- the longest states ---- */

static int32_t stack_no(struct data *d, uint32_t id)
{
	uintptr_t at = (uintptr_t)hmap__get(&d->stacks, id, 0);

	if (at)
		return (int32_t)(at - 1);
	if (!id || d->stack_cnt == STACKS_MAX || !states__stack(d->h->states, id).cnt ||
	    hmap__put(&d->stacks, id, 0, (void *)(uintptr_t)(d->stack_cnt + 1)))
		return -1;
	d->stack_ids[d->stack_cnt] = id;
	return (int32_t)d->stack_cnt++;
}

static int32_t holder_row(const struct data *d, uint32_t holder)
{
	if (holder >= d->thread_cnt)
		return -1;
	return d->row_of[holder] >= 0 ? d->row_of[holder]
	       : d->has_others	      ? (int32_t)d->row_cnt
				      : -1;
}

static int put_longs(struct data *d)
{
	const struct state_bins *b = &d->h->bins;
	const char *comma = "";
	uint64_t before = 0;
	uint64_t left = b->left_cnt;

	d->stack_ids = calloc(STACKS_MAX, sizeof(*d->stack_ids));
	if (!d->stack_ids)
		return -ENOMEM;
	fputs(",\"longs\":[", d->out);
	for (size_t i = 0; i < b->long_cnt; i++) {
		const struct long_state *l = &b->longs[i];
		uint64_t at = since_start(d, l->start_ns);
		uint64_t end = since_start(d, l->start_ns + l->len_ns);

		if (l->thread >= d->thread_cnt || d->row_of[l->thread] < 0) {
			left++;
			continue;
		}
		fprintf(d->out, "%s%d,%u,%" PRIu64 ",%" PRIu64 ",%d,%d,%u", comma,
			d->row_of[l->thread], l->kind, at - before, end - at,
			holder_row(d, l->holder), stack_no(d, l->stack), l->gil);
		before = at;
		comma = ",";
	}
	fprintf(d->out, "],\"left\":%" PRIu64, left);
	return 0;
}

/* How long a text is in the page, where it is cut, and an escape is six bytes. */
static size_t bytes_of(const char *s)
{
	size_t bytes = 0;

	for (size_t i = 0; i < 4 * TEXT_COLUMNS && s[i]; i++)
		bytes += strchr("<>&'\"\\", s[i]) ? 6 : 1;
	return bytes;
}

/* Is there room for more texts? */
static bool has_room(struct data *d)
{
	for (; d->texts_seen < d->texts.cnt; d->texts_seen++)
		d->text_bytes += bytes_of(d->texts.list[d->texts_seen]);
	return d->text_bytes < TEXT_BYTES_MAX;
}

/* "parse_line (demo_service.py:35)"; a marker of ours is its name. */
static uint32_t frame_no(struct data *d, const struct snap_frame *f)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };

	sbuf__puts(&text, *f->name ? f->name : "?");
	if (*f->file)
		sbuf__printf(&text, " (%s:%u)", path_short(f->file), f->line);
	return strings__no(&d->texts, sbuf__str(&text));
}

static void put_stacks(struct data *d)
{
	fputs(",\"stacks\":[", d->out);
	for (size_t i = 0; i < d->stack_cnt; i++) {
		struct stored_stack s = states__stack(d->h->states, d->stack_ids[i]);
		size_t last = s.cnt > STACK_DEPTH ? s.cnt - STACK_DEPTH : 0;

		fputs(i ? ",[" : "[", d->out);
		for (size_t k = s.cnt; k-- > last && has_room(d);)
			fprintf(d->out, "%s%u", k + 1 < s.cnt ? "," : "",
				frame_no(d, &s.frames[k]));
		putc(']', d->out);
	}
	putc(']', d->out);
}

/* ---- flame graphs ---- */

static int put_flame(struct data *d, const struct snapshot *total, int weight)
{
	struct view_opts o = *d->h->view.opts;
	__cleanup(flame__free) struct flame f = { 0 };
	size_t cnt = 0;
	int err;

	o.weight = weight;
	err = flame__build(&f, total, &o);
	if (err)
		return err;
	putc('[', d->out);
	for (uint32_t i = 0; i != FLAME_NONE && cnt < FLAMES_MAX;) {
		const struct flame_node *n = &f.nodes[i];

		if (n->total_ns * FLAME_SHARE < f.nodes[0].total_ns || !n->total_ns) {
			i = flame__next_beside(&f, i);
			continue;
		}
		fprintf(d->out, "%s%u,%u,%" PRIu64 ",%" PRIu64, cnt++ ? "," : "",
			strings__no(&d->texts, !i	     ? "all"
					       : has_room(d) ? n->text
							     : ".."),
			n->depth, n->total_ns, n->self_ns);
		i = flame__next(&f, i);
	}
	putc(']', d->out);
	return 0;
}

static int put_flames(struct data *d, const struct snapshot *total)
{
	static const struct {
		const char *name;
		int weight;
	} all[] = { { "blame", WEIGHT_BLAME }, { "wait", WEIGHT_WAIT }, { "hold", WEIGHT_HOLD } };
	int err = 0;

	fputs(",\"flames\":{", d->out);
	for (size_t i = 0; i < ARRAY_SIZE(all) && !err; i++) {
		fprintf(d->out, "%s\"%s\":", i ? "," : "", all[i].name);
		err = put_flame(d, total, all[i].weight);
	}
	putc('}', d->out);
	return err;
}

/* ---- the rest ---- */

static void put_moments(struct data *d)
{
	const struct html *h = d->h;

	fputs(",\"moments\":[", d->out);
	for (size_t i = 0; i < h->moment_cnt; i++) {
		const struct moment *m = &h->moments[i];

		fprintf(d->out, "%s%" PRIu64 ",%" PRIu64 ",%d,%.0f", i ? "," : "",
			since_start(d, m->start_ns), since_start(d, m->end_ns),
			m->held < 0 ? -1 : (int)(m->held * 1000 + 0.5), m->waiting * 1000);
	}
	putc(']', d->out);
}

static void put_texts(struct data *d)
{
	fputs(",\"texts\":[", d->out);
	for (size_t i = 0; i < d->texts.cnt; i++) {
		if (i)
			putc(',', d->out);
		html__json(d->out, d->texts.list[i]);
	}
	putc(']', d->out);
}

int html__put_data(struct html *h, const struct snapshot *total)
{
	struct data d = { .h = h, .out = h->view.out };
	uint64_t wall = 0;
	size_t bins;
	int err;

	state_bins__begin(&h->bins, total->start_ns);
	bins = state_bins__cnt(&h->bins, total->now_ns);
	if (h->real_ns)
		wall = (h->real_ns + (h->bins.start_ns - h->mono_ns)) / 1000000;
	fprintf(d.out,
		"{\"v\":1,\"t0\":%" PRIu64 ",\"t1\":%" PRIu64 ",\"wall\":%" PRIu64
		",\"bin\":%" PRIu64 ",\"bins\":%zu",
		h->bins.start_ns, since_start(&d, total->now_ns), wall,
		state_bins__len_ns(&h->bins), bins);
	err = choose_rows(&d);
	if (!err)
		err = put_rows(&d, bins);
	if (!err)
		err = put_longs(&d);
	if (!err) {
		put_stacks(&d);
		err = put_flames(&d, total);
	}
	put_moments(&d);
	put_texts(&d);
	fputs("}", d.out);
	if (d.texts.err)
		err = -ENOMEM;
	strings__free(&d.texts);
	hmap__free(&d.stacks);
	free(d.stack_ids);
	free(d.busy);
	free(d.row_of);
	free(d.row_thread);
	return err;
}
