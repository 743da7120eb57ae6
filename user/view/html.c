/* SPDX-License-Identifier: BSD-2-Clause */
/* html.c - one page to mail: verdict and advice, threads, a timeline, flame graphs, who blocks whom, what looking cost
 *
 * It needs nothing else: no network, no other file. Its sources are html/page.html, page.css and scripts; here they are put
 * together with what was measured. A policy in it allows this one script and this one style, by their sums; nothing of the target is
 * ever anything but text. Sentences and tables are HTML, there without scripts, too; what scripts draw is JSON beside them, brought
 * to a size that does not depend on how much happened (state_bins.h).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/books/sink.h"
#include "user/view/html_impl.h"
#include "user/view/states.h"
#include "user/view/trigger_lines.h"

/* page_html, page_css, page_js, and the sums of the last two. */
#include "page_css.inc"
#include "page_html.inc"
#include "page_js.inc"

/* ---- what happens meanwhile ---- */

static int on_state(void *ctx, const struct state *s)
{
	struct html *h = ctx;
	struct long_state l = { .start_ns = s->start_ns,
				.len_ns = s->end_ns - s->start_ns,
				.thread = (uint32_t)s->thread->no,
				.holder = s->holder ? (uint32_t)s->holder->no : UINT32_MAX,
				.stack = s->stack_id,
				.gil = (uint16_t)s->gil->id,
				.kind = (uint8_t)s->kind };

	return state_bins__add(&h->bins, &l);
}

static int on_segment(void *ctx, const struct state_segment *s)
{
	struct html *h = ctx;

	h->bins.left_cnt += s->cnt;
	return state_bins__spread(&h->bins, (uint32_t)s->thread->no, (uint8_t)s->kind, s->start_ns,
				  s->end_ns, s->sum_ns);
}

static char *keep(const char *s)
{
	return strdup(s ? s : "?");
}

/* A recording says once what it is of; whatever it says, nothing is lost. */
static void set(char **to, const char *s)
{
	free(*to);
	*to = keep(s);
}

static int take(struct view *v, const struct record *r)
{
	struct html *h = (struct html *)v;

	if (r->kind == REC_SOURCE) {
		h->mono_ns = r->source.mono_ns;
		h->real_ns = r->source.real_ns;
		set(&h->host, r->source.host);
		set(&h->kernel, r->source.kernel);
		set(&h->version, r->source.version);
	} else if (r->kind == REC_PROC_START) {
		state_bins__begin(&h->bins, r->proc.books_ns);
	}
	return states__take(h->states, r);
}

static void merge_moments(struct html *h)
{
	for (size_t i = 0; i < MOMENTS_MAX / 2; i++) {
		struct moment *a = &h->moments[2 * i], *b = &h->moments[2 * i + 1];
		double la = (double)(a->end_ns - a->start_ns),
		       lb = (double)(b->end_ns - b->start_ns);
		double all = la + lb > 0 ? la + lb : 1;

		h->moments[i] = (struct moment){ a->start_ns, b->end_ns,
						 a->held < 0 || b->held < 0
							 ? fmax(a->held, b->held)
							 : (a->held * la + b->held * lb) / all,
						 (a->waiting * la + b->waiting * lb) / all };
	}
	h->moment_cnt = MOMENTS_MAX / 2;
}

static int interval(struct view *v, const struct snapshot *s)
{
	struct html *h = (struct html *)v;
	struct moment m = { s->start_ns, s->now_ns, -1, 0 };

	if (s->now_ns <= s->start_ns)
		return 0;
	for (size_t i = 0; i < s->proc_cnt; i++)
		for (size_t k = 0; k < s->procs[i].gil_cnt; k++) {
			const struct snap_gil *g = &s->procs[i].gils[k];
			double held = snap_gil__held(g, s->procs[i].span_ns).share;

			m.waiting += (double)g->wait_ns / (double)(s->now_ns - s->start_ns);
			if (!isnan(held) && held > m.held)
				m.held = held;
		}
	if (h->moment_cnt == MOMENTS_MAX)
		merge_moments(h);
	h->moments[h->moment_cnt++] = m;
	return 0;
}

static int event(struct view *v, const struct trigger_event *e)
{
	__cleanup(sbuf__free) struct sbuf line = { 0 };
	struct html *h = (struct html *)v;

	if (h->told_cnt == TOLD_MAX) {
		h->untold_cnt++;
		return 0;
	}
	trigger_lines__line(e, &line);
	h->told[h->told_cnt] = keep(sbuf__str(&line));
	h->told_cnt += h->told[h->told_cnt] != NULL;
	return 0;
}

/* ---- the page ---- */

/* The part of the page that is called so. */
static int put_part(struct html *h, const char *name, size_t len, const struct snapshot *total,
		    const char *why)
{
	FILE *out = h->view.out;
	int err = 0;

	if (!strncmp(name, "CSS", len))
		fwrite(page_css, 1, sizeof(page_css), out);
	else if (!strncmp(name, "JS", len))
		fwrite(page_js, 1, sizeof(page_js), out);
	else if (!strncmp(name, "CSS_SHA256", len))
		fputs(PAGE_CSS_SHA256, out);
	else if (!strncmp(name, "JS_SHA256", len))
		fputs(PAGE_JS_SHA256, out);
	else if (!strncmp(name, "TITLE", len) && total->proc_cnt)
		html__text(out, *total->procs[0].cmdline ? total->procs[0].cmdline
							 : total->procs[0].comm);
	else if (!strncmp(name, "FACTS", len))
		err = html__put_facts(h, total, why);
	else if (!strncmp(name, "DATA", len))
		err = html__put_data(h, total);
	return err;
}

/* page.html has the parts as @NAME@; the longer name of two that begin alike is told by its length. */
static int put_page(struct html *h, const struct snapshot *total, const char *why)
{
	const char *p = page_html, *end = page_html + sizeof(page_html);
	int err = 0;

	while (p < end && !err) {
		const char *at = memchr(p, '@', (size_t)(end - p));
		const char *stop = at ? memchr(at + 1, '@', (size_t)(end - at - 1)) : NULL;

		fwrite(p, 1, (size_t)((stop ? at : end) - p), h->view.out);
		if (!stop)
			break;
		err = put_part(h, at + 1, (size_t)(stop - at - 1), total, why);
		p = stop + 1;
	}
	return err;
}

static int end(struct view *v, const struct snapshot *total, const char *why)
{
	struct html *h = (struct html *)v;
	int err = states__finish(h->states, total);

	state_bins__sort(&h->bins);
	if (!h->moment_cnt)
		interval(v, total);
	if (!err)
		err = put_page(h, total, why);
	if (!err && ferror(v->out))
		err = -EIO;
	return err ? err : fflush(v->out) ? -errno : 0;
}

static void html_free(struct view *v)
{
	struct html *h = (struct html *)v;

	for (size_t i = 0; i < h->told_cnt; i++)
		free(h->told[i]);
	free(h->host);
	free(h->kernel);
	free(h->version);
	state_bins__free(&h->bins);
	states__free(h->states);
	free(h);
}

static const struct view_ops html_ops = {
	.take = take,
	.interval = interval,
	.event = event,
	.end = end,
	.free = html_free,
};

struct view *view_html__new(FILE *out, const struct view_opts *o)
{
	static const struct states_ops ops = { .state = on_state, .segment = on_segment };
	struct html *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->view = (struct view){ .ops = &html_ops, .out = out, .opts = o };
	h->states = states__new(&ops, h, o);
	if (h->states)
		return &h->view;
	free(h);
	return NULL;
}
