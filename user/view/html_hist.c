/* SPDX-License-Identifier: BSD-2-Clause */
/* html_hist.c - how long waits and holds were: a bar an octave, and what half, nine of ten, 99 of a hundred are shorter than */
#include <inttypes.h>

#include "user/base/hist.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/view/html_impl.h"

#define OCTAVES	  (GT_HIST_OCTAVES + 2)
#define BAR_WIDTH 220

struct lengths {
	struct gt_hist all;
	uint64_t max_ns;
};

static void add(struct lengths *to, const struct gt_hist *from, uint64_t max_ns)
{
	for (size_t b = 0; from && b < GT_HIST_BUCKETS; b++)
		to->all.cnt[b] += from->cnt[b];
	if (max_ns != NS_UNKNOWN && max_ns > to->max_ns)
		to->max_ns = max_ns;
}

static size_t octave_of(size_t bucket)
{
	return bucket ? 1 + ((bucket - 1) >> GT_HIST_SUB_BITS) : 0;
}

static void put_caption(FILE *out, const char *title, const struct lengths *l)
{
	static const struct {
		const char *name;
		double q;
	} all[] = { { "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 } };
	char text[UNITS_SZ];

	fprintf(out, "<caption><b>%s</b>: ", title);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		fprintf(out, "%s&nbsp;%s, ", all[i].name,
			units__duration(hist__quantile_upto(&l->all, all[i].q, l->max_ns), text));
	fprintf(out, "longest&nbsp;%s</caption>", units__duration(l->max_ns, text));
}

static void put_rows(FILE *out, const char *class, const struct gt_hist *h)
{
	uint64_t cnt[OCTAVES] = { 0 }, most = 1;
	size_t first = OCTAVES, last = 0;
	char text[UNITS_SZ];

	for (size_t b = 0; b < GT_HIST_BUCKETS; b++)
		cnt[octave_of(b)] += h->cnt[b];
	for (size_t i = 0; i < OCTAVES; i++) {
		if (!cnt[i])
			continue;
		first = first == OCTAVES ? i : first;
		last = i;
		most = cnt[i] > most ? cnt[i] : most;
	}
	for (size_t i = first; i <= last && i < OCTAVES; i++)
		fprintf(out,
			"<tr><th scope=\"row\" class=\"num\">%s</th><td class=\"num\" "
			"data-v=\"%" PRIu64 "\">%" PRIu64
			"</td><td><svg width=\"%d\" height=\"10\" aria-hidden=\"true\"><rect "
			"class=\"%s\" width=\"%.1f\" height=\"10\"/></svg></td></tr>\n",
			i ? units__duration(1ull << (GT_HIST_MIN_SHIFT + i - 1), text) : "0",
			cnt[i], cnt[i], BAR_WIDTH, class,
			BAR_WIDTH * (double)cnt[i] / (double)most);
}

static void put_hist(FILE *out, const char *title, const char *class, const struct lengths *l)
{
	if (!hist__count(&l->all)) {
		fprintf(out, "<p>%s: none were seen.</p>\n", title);
		return;
	}
	fputs("<table class=\"hist\">", out);
	put_caption(out, title, l);
	fputs("<thead><tr><th scope=\"col\" class=\"num\">at least</th><th scope=\"col\" "
	      "class=\"num\">times</th><th scope=\"col\"><span class=\"sr\">as a "
	      "bar</span></th></tr></thead><tbody>\n",
	      out);
	put_rows(out, class, &l->all);
	fputs("</tbody></table>\n", out);
}

void html__put_hists(const struct html *h, const struct snap_proc *p)
{
	struct lengths waits = { 0 }, holds = { 0 };

	for (size_t i = 0; i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i];

		if (!view_opts__shows_tid(h->view.opts, t->tid))
			continue;
		add(&waits, t->wait_hist, t->wait_max_ns);
		add(&holds, t->hold_hist, t->hold_max_ns);
	}
	fputs("<h3>How long waits and holds were</h3><div class=\"hists\">\n", h->view.out);
	put_hist(h->view.out, "Waits", "wait", &waits);
	put_hist(h->view.out, "Holds", "hold", &holds);
	fputs("</div>\n", h->view.out);
}
