/* SPDX-License-Identifier: BSD-2-Clause */
/* diff_text.c - a diff for people: the verdict, then what changed, in 80 columns */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "user/base/fit.h"
#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/judge/diff.h"
#include "user/view/diff_view.h"

#define COLUMNS	      80
#define LABEL_COLUMNS 33
#define ROWS_MAX      10 /* of a table */

struct table {
	const char *title;
	unsigned int kinds;   /* bits 1 << enum diff_kind */
	unsigned int figures; /* bits 1 << enum diff_figure */
	bool all;	      /* rows that are about the same, too */
};

#define BIT(x) (1u << (x))

static const struct table tables[] = {
	{ NULL, BIT(DIFF_RUN), ~0u, true },
	{ "threads: delay, of the time that they were known", BIT(DIFF_THREADS), BIT(DIFF_DELAY),
	  true },
	{ "threads: waits and holds (of a pool its worst thread's)", BIT(DIFF_THREADS),
	  BIT(DIFF_WAIT_P99) | BIT(DIFF_WAIT_MAX) | BIT(DIFF_HOLD_P99) | BIT(DIFF_HOLD_MAX),
	  false },
	{ "functions that make others wait, of the time of all threads", BIT(DIFF_BLAME_FUNCTION),
	  ~0u, false },
	{ "their lines", BIT(DIFF_BLAME_LINE), ~0u, false },
	{ "functions that wait, of the time of all threads", BIT(DIFF_WAIT_FUNCTION), ~0u, false },
	{ "their lines", BIT(DIFF_WAIT_LINE), ~0u, false },
};

/* Text in so many columns, on the left or on the right. */
static void put_left(FILE *out, const char *s, size_t columns)
{
	__cleanup(sbuf__free) struct sbuf fitted = { 0 };
	size_t used;

	fit__middle(s, columns, &fitted);
	used = fit__columns(sbuf__str(&fitted));
	fprintf(out, "%s%*s", sbuf__str(&fitted), (int)(used < columns ? columns - used : 0), "");
}

static void put_value(FILE *out, double v, enum diff_unit unit)
{
	__cleanup(sbuf__free) struct sbuf b = { 0 };

	diff__value(v, unit, &b);
	fprintf(out, " %9s", sbuf__str(&b));
}

/* Shares in points. */
static void put_change(FILE *out, const struct diff_row *r)
{
	double change = r->v[1] - r->v[0];
	__cleanup(sbuf__free) struct sbuf b = { 0 };

	if (isnan(change)) {
		sbuf__puts(&b, "");
	} else if (diff_figures[r->figure].unit == DIFF_SHARE) {
		sbuf__printf(&b, "%+.1f", change * 100);
	} else {
		sbuf__puts(&b, change < 0 ? "-" : "+");
		diff__value(fabs(change), diff_figures[r->figure].unit, &b);
	}
	fprintf(out, " %9s", sbuf__str(&b));
}

static void put_row(FILE *out, const struct diff_row *r, unsigned int figures)
{
	const struct diff_figure_desc *f = &diff_figures[r->figure];
	__cleanup(sbuf__free) struct sbuf label = { 0 };

	diff_row__label(r, &label);
	if (r->kind == DIFF_RUN)
		sbuf__printf(&label, "%s%s", f->words,
			     r->figure == DIFF_DELAY ? " of all threads" : "");
	else if (figures & (figures - 1) && r->kind == DIFF_THREADS)
		sbuf__printf(&label, " %s", f->words);
	put_left(out, sbuf__str(&label), LABEL_COLUMNS);
	put_value(out, r->v[0], f->unit);
	put_value(out, r->v[1], f->unit);
	put_change(out, r);
	fprintf(out, "  %s\n", diff_judgement__word(r->judgement));
}

static bool is_in(const struct table *t, const struct diff_row *r)
{
	return t->kinds & BIT(r->kind) && t->figures & BIT(r->figure) && !r->only_line;
}

static bool is_shown(const struct table *t, const struct diff_row *r)
{
	return t->all || r->judgement > DIFF_SAME;
}

static void put_table(FILE *out, const struct diff *d, const struct table *t)
{
	size_t shown = 0, more = 0, same = 0;

	for (size_t i = 0; i < d->cnt; i++) {
		const struct diff_row *r = &d->rows[i];

		if (!is_in(t, r))
			continue;
		if (!is_shown(t, r)) {
			same += r->judgement == DIFF_SAME;
			continue;
		}
		if (t->title && shown == ROWS_MAX) {
			more++;
			continue;
		}
		if (!shown++ && t->title)
			fprintf(out, "\n%s\n", t->title);
		put_row(out, r, t->figures);
	}
	if (more)
		fprintf(out, "%zu more (--json has them)\n", more);
	if (shown && same)
		fprintf(out, "%zu about the same\n", same);
}

static void put_side(FILE *out, char letter, const char *file, const struct diff_side *s)
{
	__cleanup(sbuf__free) struct sbuf name = { 0 };
	char span[UNITS_SZ];

	fit__middle(file, 44, &name);
	fprintf(out, "%c  %s: %s, %zu process%s, %zu thread%s", letter, sbuf__str(&name),
		units__duration(s->duration_ns, span), s->proc_cnt, s->proc_cnt == 1 ? "" : "es",
		s->thread_cnt, s->thread_cnt == 1 ? "" : "s");
	if (s->lost)
		fprintf(out, ", %llu lost", (unsigned long long)s->lost);
	if (!s->stacks_known)
		fputs(", no stacks", out);
	putc('\n', out);
}

int diff_text__put(FILE *out, const struct diff *d, const char *const files[2])
{
	__cleanup(sbuf__free) struct sbuf verdict = { 0 }, lines = { 0 };

	diff__verdict(d, &verdict);
	fit__wrap(sbuf__str(&verdict), 0, "", COLUMNS, 5, &lines);
	if (verdict.oom || lines.oom)
		return -ENOMEM;
	fprintf(out, "%s\n", sbuf__str(&lines));
	put_side(out, 'A', files[0], &d->side[0]);
	put_side(out, 'B', files[1], &d->side[1]);
	fprintf(out, "\n%*s %9s %9s %9s\n", LABEL_COLUMNS, "", "A", "B", "change");
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		put_table(out, d, &tables[i]);
	return ferror(out) ? -EIO : 0;
}
