/* SPDX-License-Identifier: BSD-2-Clause */
/* diff_words.c - a difference in words: the verdict, labels, values */
#include <math.h>
#include <stdio.h>

#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/judge/diff.h"

const char *diff_judgement__word(enum diff_judgement j)
{
	static const char *const words[] = {
		[DIFF_UNKNOWN] = "not known", [DIFF_SAME] = "about the same",
		[DIFF_BETTER] = "better",     [DIFF_WORSE] = "worse",
		[DIFF_MORE] = "more",	      [DIFF_LESS] = "less",
		[DIFF_NEW] = "new",	      [DIFF_GONE] = "gone",
	};

	return words[j];
}

void diff_row__label(const struct diff_row *r, struct sbuf *out)
{
	if (r->role)
		sbuf__printf(out, "%s: ", r->role);
	if (r->kind == DIFF_THREADS) {
		sbuf__puts(out, r->pool);
		return;
	}
	if (!r->function)
		return;
	sbuf__puts(out, r->function);
	if (!*r->file)
		return;
	sbuf__printf(out, r->line ? " (%s:%u)" : " (%s)", r->file, r->line);
}

void diff__value(double v, enum diff_unit unit, struct sbuf *out)
{
	char buf[UNITS_SZ];

	if (isnan(v)) {
		sbuf__puts(out, "-");
		return;
	}
	switch (unit) {
	case DIFF_SHARE: sbuf__printf(out, "%.1f%%", v * 100); break;
	case DIFF_NS:
		sbuf__puts(out, units__duration(v < 1e19 ? (uint64_t)v : NS_UNKNOWN, buf));
		break;
	case DIFF_RATE: sbuf__printf(out, "%s/s", units__count(v, buf)); break;
	case DIFF_NUMBER: sbuf__printf(out, "%.2f", v); break;
	}
}

static void put_change(const struct diff_row *r, struct sbuf *out)
{
	diff__value(r->v[0], diff_figures[r->figure].unit, out);
	sbuf__puts(out, " -> ");
	diff__value(r->v[1], diff_figures[r->figure].unit, out);
}

/* The function whose blame changed most, in the direction of the whole; rows are in that order. */
static const struct diff_row *main_place(const struct diff *d, const struct diff_row *all)
{
	bool less = all->v[1] < all->v[0];

	for (size_t i = 0; i < d->cnt; i++) {
		const struct diff_row *r = &d->rows[i];

		if (r->kind == DIFF_BLAME_FUNCTION && r->judgement > DIFF_SAME &&
		    (r->v[1] < r->v[0]) == less)
			return r;
	}
	return NULL;
}

static void put_place(const struct diff_row *all, const struct diff_row *r, struct sbuf *out)
{
	double part = fabs(r->v[1] - r->v[0]) / fabs(all->v[1] - all->v[0]);

	sbuf__printf(out, "; %s: ", part >= 0.5 ? "most of it" : "the largest part");
	if (r->pool)
		sbuf__printf(out, "%s in ", r->pool);
	diff_row__label(r, out);
	sbuf__puts(out, " ");
	put_change(r, out);
}

void diff__verdict(const struct diff *d, struct sbuf *out)
{
	const struct diff_row *all = &d->rows[0], *place;

	if (!d->cnt || all->judgement == DIFF_UNKNOWN || isnan(all->v[0]) || isnan(all->v[1])) {
		sbuf__puts(out, "delay of all threads: not known of both");
		return;
	}
	if (all->v[0] == 0 && all->v[1] == 0) {
		sbuf__puts(out, "no thread was delayed by the GIL in either");
		return;
	}
	sbuf__puts(out, "delay of all threads ");
	put_change(all, out);
	sbuf__printf(out, " of the time: %s", diff_judgement__word(all->judgement));
	place = all->judgement > DIFF_SAME ? main_place(d, all) : NULL;
	if (place)
		put_place(all, place, out);
}
