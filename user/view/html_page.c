/* SPDX-License-Identifier: BSD-2-Clause */
/* html_page.c - the page's words: what was measured, what it means, what was lost, what it cost */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/base/where.h"
#include "user/judge/verdict.h"
#include "user/picture/self_limit.h"
#include "user/view/html_impl.h"

static double load_of(const struct snap_proc *p)
{
	const struct snap_gil *g = snap_proc__busiest_gil(p);

	return g ? snap_gil__least_load(g, p->span_ns) * (double)p->span_ns : 0;
}

static int by_load(const void *a, const void *b)
{
	const struct snap_proc *x = *(const struct snap_proc *const *)a;
	const struct snap_proc *y = *(const struct snap_proc *const *)b;

	if (load_of(x) > load_of(y) || load_of(x) < load_of(y))
		return load_of(x) > load_of(y) ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* "<dt>name</dt><dd>text</dd>" */
static void put_fact(FILE *out, const char *name, const char *text)
{
	fprintf(out, "<div><dt>%s</dt><dd>", name);
	html__text(out, text);
	fputs("</dd></div>\n", out);
}

static void put_when(const struct html *h, const struct snapshot *total)
{
	uint64_t ns = h->real_ns + (total->start_ns - h->mono_ns);
	time_t s = (time_t)(ns / 1000000000);
	char text[64];
	struct tm tm;

	if (!h->real_ns || !gmtime_r(&s, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm))
		return;
	put_fact(h->view.out, "Measured from", text);
}

static void put_run_facts(struct html *h, const struct snapshot *total, const char *why)
{
	FILE *out = h->view.out;
	char span[UNITS_SZ];

	fputs("<section aria-labelledby=\"run\"><h2 id=\"run\">The run</h2><dl class=\"facts\">\n",
	      out);
	put_when(h, total);
	put_fact(out, "For", units__duration(total->now_ns - total->start_ns, span));
	put_fact(out, "Ended by", why);
	put_fact(out, "On", h->host ? h->host : "?");
	put_fact(out, "Linux", h->kernel ? h->kernel : "?");
	put_fact(out, "giltop", h->version ? h->version : "?");
	put_fact(out, "Probes", total->attach);
	if (h->view.opts->command && *h->view.opts->command)
		put_fact(out, "Made by", h->view.opts->command);
	fputs("</dl></section>\n", out);
}

/* What is not in the figures, and what it took to have them. */
static void put_losses(struct html *h, const struct snapshot *total)
{
	FILE *out = h->view.out;
	char own[UNITS_SZ], pct[UNITS_SZ], load[UNITS_SZ];

	fputs("<section aria-labelledby=\"losses\"><h2 id=\"losses\">Losses and cost</h2><dl "
	      "class=\"facts\">\n",
	      out);
	fprintf(out,
		"<div><dt>Lost events</dt><dd data-key=\"lost_events\">%" PRIu64 "%s</dd></div>\n",
		total->lost_events, total->lost_events ? ": times are too small" : "");
	fprintf(out,
		"<div><dt>Lost detail</dt><dd data-key=\"lost_detail\">%" PRIu64 "%s</dd></div>\n",
		total->lost_detail,
		total->lost_detail ? ": times are whole, some stacks or pairs are not" : "");
	fprintf(out,
		"<div><dt>Self-checks</dt><dd>%" PRIu64 " against the target's memory, %" PRIu64
		" disagreements</dd></div>\n",
		total->stats[GT_STAT_CHECKS], total->violations);
	for (size_t i = 0; i < COUNTER_CNT; i++)
		if (total->stats[i] && counter_table[i].words)
			fprintf(out, "<div><dt>%s</dt><dd>%" PRIu64 "</dd></div>\n",
				counter_table[i].words, total->stats[i]);
	fprintf(out,
		"<div><dt>giltop's own CPU time</dt><dd>%s (%s%%), and %s to load and "
		"attach</dd></div>\n",
		units__duration(total->self_cpu_ns, own),
		units__percent(total->self_cpu_ns, total->now_ns - total->start_ns, pct),
		units__duration(total->load_cpu_ns, load));
	fputs("</dl>\n", out);
	for (unsigned int i = 1; i <= total->self_level; i++)
		fprintf(out, "<p>To cost less, giltop left out: %s.</p>\n",
			self_level__words((enum self_level)i));
	if (h->view.opts->hint && *h->view.opts->hint) {
		fputs("<p>", out);
		html__text(out, h->view.opts->hint);
		fputs("</p>\n", out);
	}
	if (total->dropped_cnt)
		fprintf(out,
			"<p>%" PRIu64
			" processes that ended long ago are not in it any more.</p>\n",
			total->dropped_cnt);
	fputs("</section>\n", out);
}

/* Those that have no tables of their own. */
static void put_other_procs(FILE *out, const struct snap_proc *const *procs, size_t cnt)
{
	if (!cnt)
		return;
	fputs("<section aria-labelledby=\"others\"><h2 id=\"others\">Other processes</h2><div "
	      "class=\"scroll\"><table><thead><tr>"
	      "<th scope=\"col\" class=\"num\">PID</th><th scope=\"col\">Process</th><th "
	      "scope=\"col\">GIL</th>"
	      "<th scope=\"col\" class=\"num\">Held</th></tr></thead><tbody>\n",
	      out);
	for (size_t i = 0; i < cnt; i++) {
		const struct snap_gil *g = snap_proc__busiest_gil(procs[i]);
		char held[UNITS_SZ] = "-";

		if (g)
			snap_gil__held_word(g, procs[i]->span_ns, held);
		fprintf(out, "<tr><td class=\"num\">%u</td><td>", procs[i]->pid);
		html__text(out,
			   *procs[i]->cmdline ? command_short(procs[i]->cmdline) : procs[i]->comm);
		fprintf(out, "</td><td>%s</td><td class=\"num\">%s</td></tr>\n",
			verdict__level_word(verdict__level(procs[i], g)), held);
	}
	fputs("</tbody></table></div></section>\n", out);
}

static void put_told(const struct html *h)
{
	FILE *out = h->view.out;

	if (!h->told_cnt)
		return;
	fputs("<section aria-labelledby=\"told\"><h2 id=\"told\">What giltop was asked to tell "
	      "of</h2>"
	      "<div class=\"long\" tabindex=\"0\" role=\"region\" aria-labelledby=\"told\"><ol "
	      "class=\"told\">\n",
	      out);
	for (size_t i = 0; i < h->told_cnt; i++) {
		fputs("<li>", out);
		html__text(out, h->told[i]);
		fputs("</li>\n", out);
	}
	fputs("</ol></div>", out);
	if (h->untold_cnt)
		fprintf(out, "<p>.. and %zu more.</p>", h->untold_cnt);
	fputs("</section>\n", out);
}

int html__put_facts(struct html *h, const struct snapshot *total, const char *why)
{
	__cleanup(freep) const struct snap_proc **procs =
		calloc(total->proc_cnt + 1, sizeof(*procs));
	size_t shown = total->proc_cnt < PROCS_MAX ? total->proc_cnt : PROCS_MAX;
	int err = 0;

	if (!procs)
		return -ENOMEM;
	for (size_t i = 0; i < total->proc_cnt; i++)
		procs[i] = &total->procs[i];
	qsort(procs, total->proc_cnt, sizeof(*procs), by_load);
	if (!shown)
		fputs("<p class=\"verdict\">No process was measured.</p>\n", h->view.out);
	for (size_t i = 0; i < shown && !err; i++)
		err = html__put_proc(h, total, procs[i]);
	put_other_procs(h->view.out, procs + shown, total->proc_cnt - shown);
	put_told(h);
	put_losses(h, total);
	put_run_facts(h, total, why);
	return err;
}
