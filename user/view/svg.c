/* SPDX-License-Identifier: BSD-2-Clause */
/* svg.c - a flame graph: one file that needs nothing else, a picture with tooltips even without its script
 *
 * Text of the target is escaped, cut and only ever text: no attribute, style or script holds any of it. Nothing is
 * loaded from anywhere, and there are no inline event handlers, so that a strict policy of a page lets it be.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "user/base/hmap.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/base/fit.h"
#include "user/view/flame.h"
#include "user/view/svg_page.h"
#include "user/view/view.h"

/* In pixels, where nobody says how wide the picture is to be. */
#define WIDTH  1200
#define TOP    72
#define BOTTOM 10
#define ROW    17
#define LETTER 7.3 /* how wide one is: 12 px monospace */
/* Narrower than one in so many is not drawn; the time is in the frame below it all the same. */
#define NARROWEST	 1000
#define NAME_MAX_COLUMNS 300
#define SHADES		 12

/* The roles that the screens have colours for. */
enum palette { PALETTE_WAIT, PALETTE_HOLD, PALETTE_BLAME };

static const struct {
	char letter;	   /* of its classes */
	unsigned int hue;  /* of the first shade, degrees */
	unsigned int span; /* to the last */
} palettes[] = {
	[PALETTE_WAIT] = { 'w', 26, 20 },
	[PALETTE_HOLD] = { 'h', 200, 24 },
	[PALETTE_BLAME] = { 'b', 0, 16 },
};

static const struct {
	const char *title, *does, *all, *none;
	enum palette palette;
} weights[] = {
	[WEIGHT_WAIT] = { "Who waits for the GIL", "waited", "of all waiting",
			  "no thread waited for the GIL", PALETTE_WAIT },
	[WEIGHT_HOLD] = { "Who holds the GIL", "held the GIL for", "of all holding",
			  "no thread was seen holding the GIL", PALETTE_HOLD },
	[WEIGHT_BLAME] = { "Who makes others wait for the GIL", "made others wait", "of all",
			   "no thread made another one wait", PALETTE_BLAME },
	[WEIGHT_CHAIN] = { "Who waits for the GIL, for whom", "waited", "of all waiting",
			   "no thread waited for the GIL", PALETTE_WAIT },
};

static void put_xml(FILE *out, const char *s, size_t len)
{
	char clean[4 * NAME_MAX_COLUMNS + 8];

	clean_text(s, len, clean, sizeof(clean));
	for (const char *c = clean; *c; c++) {
		switch (*c) {
		case '&': fputs("&amp;", out); break;
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		case '"': fputs("&quot;", out); break;
		case '\'': fputs("&#39;", out); break;
		default: putc(*c, out);
		}
	}
}

static void put_name(FILE *out, const char *s)
{
	__cleanup(sbuf__free) struct sbuf name = { 0 };

	fit__middle(s, NAME_MAX_COLUMNS, &name);
	put_xml(out, sbuf__str(&name), name.len);
}

static void put_shades(FILE *out, enum palette p, bool dark)
{
	for (unsigned int i = 0; i < SHADES; i++)
		fprintf(out, ".%c%u rect{fill:hsl(%u,%u%%,%u%%)}", palettes[p].letter, i,
			palettes[p].hue + palettes[p].span * i / (SHADES - 1), dark ? 55u : 85u,
			(dark ? 26u : 62u) + i * 5 % SHADES);
}

static void put_style(struct view *v)
{
	bool chain = v->opts->weight == WEIGHT_CHAIN;

	fputs("<style>", v->out);
	for (int dark = 0; dark < 2; dark++) {
		fputs(dark ? "@media(prefers-color-scheme:dark){" : "", v->out);
		put_shades(v->out, weights[v->opts->weight].palette, dark);
		if (chain)
			put_shades(v->out, PALETTE_BLAME, dark);
		fputs(dark ? "}" : "", v->out);
	}
	/* After them: what is searched for is more. */
	fprintf(v->out, "%s</style>\n", svg_style);
}

/* "1.2s (1234567 us), 12.3 % of all waiting" */
static void put_time(struct view *v, uint64_t ns, uint64_t all_ns)
{
	char span[UNITS_SZ], pct[UNITS_SZ];
	bool in_ns = v->opts->unit_ns;

	fprintf(v->out, "%s %s (%" PRIu64 " %s), %s %% %s", weights[v->opts->weight].does,
		units__duration(ns, span), in_ns ? ns : (ns + 500) / 1000, in_ns ? "ns" : "us",
		units__percent(ns, all_ns, pct), weights[v->opts->weight].all);
}

/* The same for a function in whatever line; process and thread are grey, and so are markers. */
static void put_class(struct view *v, const struct flame_node *n, bool holder)
{
	const char *file = strrchr(n->text, '(');
	size_t len = file ? (size_t)(file - n->text) : strlen(n->text);
	enum palette p = holder ? PALETTE_BLAME : weights[v->opts->weight].palette;

	if (n->depth <= 2)
		fputs("r", v->out);
	else if (n->text[0] == '[' || !strcmp(n->text, STACK_LINE_CHAIN))
		fputs("m", v->out);
	else
		fprintf(v->out, "%c%u", palettes[p].letter,
			(unsigned int)(hash_bytes(HASH_START, n->text, len) >> 32) % SHADES);
}

/* How it is drawn, from the root on. */
struct drawing {
	const struct flame *f;
	uint32_t depth;	     /* of the deepest frame that is drawn */
	uint64_t *from_ns;   /* by depth: where the next frame starts */
	uint32_t chain_mark; /* depth of the "--" of a chain above us; 0: none */
};

static bool is_drawn(const struct flame *f, uint32_t node)
{
	return f->nodes[node].total_ns >= (f->nodes[0].total_ns + NARROWEST - 1) / NARROWEST;
}

/* The next one that is drawn; those that are not take their room. */
static uint32_t next_drawn(struct drawing *d, uint32_t node)
{
	uint32_t i = flame__next(d->f, node);

	while (i != FLAME_NONE && !is_drawn(d->f, i)) {
		d->from_ns[d->f->nodes[i].depth] += d->f->nodes[i].total_ns;
		i = flame__next_beside(d->f, i);
	}
	return i;
}

static int drawing__init(struct drawing *d, const struct flame *f)
{
	uint32_t deepest = 0;

	for (uint32_t i = 0; i < f->cnt; i++)
		if (f->nodes[i].depth > deepest)
			deepest = f->nodes[i].depth;
	*d = (struct drawing){ .f = f };
	d->from_ns = calloc((size_t)deepest + 2, sizeof(*d->from_ns));
	if (!d->from_ns)
		return -ENOMEM;
	for (uint32_t i = f->nodes[0].total_ns ? 0 : FLAME_NONE; i != FLAME_NONE;
	     i = next_drawn(d, i))
		if (f->nodes[i].depth > d->depth)
			d->depth = f->nodes[i].depth;
	return 0;
}

static void put_frame(struct view *v, struct drawing *d, uint32_t i)
{
	const struct flame_node *n = &d->f->nodes[i];
	const char *name = n->depth ? n->text : "all";
	double all = (double)d->f->nodes[0].total_ns, width = 100.0 * (double)n->total_ns / all;
	double columns = (width / 100 * WIDTH - 6) / LETTER;
	uint64_t from_ns = d->from_ns[n->depth];

	d->from_ns[n->depth] += n->total_ns;
	d->from_ns[n->depth + 1] = from_ns;
	if (d->chain_mark >= n->depth)
		d->chain_mark = 0;
	fputs("<svg class=\"f ", v->out);
	put_class(v, n, d->chain_mark);
	if (n->depth > 2 && v->opts->weight == WEIGHT_CHAIN && !strcmp(name, STACK_LINE_CHAIN))
		d->chain_mark = n->depth;
	fprintf(v->out, "\" x=\"%.5f%%\" y=\"%u\" width=\"%.5f%%\" height=\"%d\"><title>",
		100.0 * (double)from_ns / all, TOP + ROW * (d->depth - n->depth), width, ROW);
	put_name(v->out, name);
	fputs("\n", v->out);
	put_time(v, n->total_ns, d->f->nodes[0].total_ns);
	fputs("</title><rect width=\"100%\" height=\"100%\"/><text x=\"3\" y=\"13\">", v->out);
	if (columns >= 3) {
		size_t fits = columns < NAME_MAX_COLUMNS ? (size_t)columns : NAME_MAX_COLUMNS;
		bool whole = fit__columns(name) <= fits;

		put_xml(v->out, name, fit__prefix(name, whole ? fits : fits - 2));
		fputs(whole ? "" : "..", v->out);
	}
	fputs("</text></svg>\n", v->out);
}

/* What was measured, and how long. */
static void put_about(struct view *v, const struct snapshot *s)
{
	char span[UNITS_SZ];

	for (size_t i = 0; i < s->proc_cnt && i < 3; i++) {
		fprintf(v->out, "%spid %u ", i ? ", " : "", s->procs[i].pid);
		put_xml(v->out, s->procs[i].comm, fit__prefix(s->procs[i].comm, 32));
	}
	if (s->proc_cnt > 3)
		fprintf(v->out, " and %zu more", s->proc_cnt - 3);
	fprintf(v->out, ", %s", units__duration(s->now_ns - s->start_ns, span));
	if (s->lost_events || s->lost_detail)
		fprintf(v->out, ", lost %" PRIu64 " (detail %" PRIu64 ")", s->lost_events,
			s->lost_detail);
}

static void put_head(struct view *v, const struct snapshot *s, const struct drawing *d)
{
	unsigned int height = TOP + ROW * (d->depth + 1) + BOTTOM;
	uint64_t all_ns = d->f->nodes[0].total_ns;

	fprintf(v->out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"%d\" "
		"height=\"%u\" viewBox=\"0 0 %d %u\">\n",
		WIDTH, height, WIDTH, height);
	put_style(v);
	fprintf(v->out,
		"<rect class=\"paper\" width=\"100%%\" height=\"100%%\"/>\n"
		"<text class=\"head\" x=\"4\" y=\"20\">%s</text>\n<text class=\"dim\" x=\"4\" "
		"y=\"40\">",
		weights[v->opts->weight].title);
	put_about(v, s);
	fputs("</text>\n<text class=\"details\" x=\"4\" y=\"60\">", v->out);
	if (all_ns)
		put_time(v, all_ns, all_ns);
	else
		fprintf(v->out, "Nothing to show: %s.", weights[v->opts->weight].none);
	fputs("</text>\n<svg x=\"100%\" width=\"1\" height=\"1\" overflow=\"visible\">"
	      "<text class=\"search button off\" x=\"-6\" y=\"20\" text-anchor=\"end\">search "
	      "(Ctrl-F)</text><text class=\"reset button off\" x=\"-6\" y=\"40\" "
	      "text-anchor=\"end\">reset (Esc)</text><text class=\"matched\" x=\"-6\" y=\"60\" "
	      "text-anchor=\"end\"></text></svg>\n",
	      v->out);
}

static int end(struct view *v, const struct snapshot *total, const char *why)
{
	__cleanup(flame__free) struct flame f = { 0 };
	struct drawing d;
	int err = flame__build(&f, total, v->opts);

	(void)why;
	if (!err)
		err = drawing__init(&d, &f);
	if (err)
		return err;
	put_head(v, total, &d);
	memset(d.from_ns, 0, (size_t)(d.depth + 2) * sizeof(*d.from_ns));
	for (uint32_t i = f.nodes[0].total_ns ? 0 : FLAME_NONE; i != FLAME_NONE;
	     i = next_drawn(&d, i))
		put_frame(v, &d, i);
	free(d.from_ns);
	fprintf(v->out, "<script><![CDATA[\n%s]]></script>\n</svg>\n", svg_script);
	return fflush(v->out) ? -errno : 0;
}

static const struct view_ops svg_ops = {
	.end = end,
};

struct view *view_svg__new(FILE *out, const struct view_opts *o)
{
	return view__new(&svg_ops, out, o);
}
