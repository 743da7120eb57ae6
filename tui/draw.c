/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/draw.h"

#include <stdio.h>

#include "tui/cells.h"
#include "user/base/text.h"
#include "user/base/units.h"
#include "user/view/columns.h"

static double clamp01(double v)
{
	return !(v > 0) ? 0 : v > 1 ? 1 : v;
}

void draw__bar(struct canvas *c, int y, int x, int w, enum role role, double v, double max)
{
	double part = max > 0 ? clamp01(v / max) * w : 0;
	int full = (int)part, eighths = (int)((part - full) * 8 + 0.5);

	if (eighths == 8) {
		full++;
		eighths = 0;
	}
	if (v > 0 && w > 0 && !full && !eighths)
		eighths = 1; /* something is never drawn as nothing */
	canvas__fill(c, (struct rect){ y, x, 1, full }, role, c->unicode ? 0x2588 : '#');
	if (eighths && full < w && c->unicode)
		canvas__put(c, y, x + full, role, 0x2590u - (unsigned int)eighths);
	else if (full < w && (eighths >= 4 || (eighths && !full)))
		canvas__put(c, y, x + full, role, eighths >= 4 ? '#' : ':');
}

void draw__spark(struct canvas *c, int y, int x, int w, enum role role, const struct past *past,
		 bool waiting, double full)
{
	static const char ascii[] = "_.:-=+*#";

	for (int i = 0; i < w && (size_t)i < past->cnt; i++) {
		const struct past_interval *p = past__at(past, (size_t)i);
		double v = waiting ? (double)p->waiting : (double)p->held;
		int level = (int)(clamp01(full > 0 ? v / full : 0) * 7 + 0.5);
		uint32_t ch =
			c->unicode ? 0x2581u + (unsigned int)level : (unsigned char)ascii[level];

		canvas__put(c, y, x + w - 1 - i, v > 0 ? role : ROLE_DIM, v < 0 ? '?' : ch);
	}
}

void draw__cells(struct canvas *c, int y, int x, const enum tl_cell *cells, size_t n)
{
	static const struct {
		uint32_t unicode;
		char ascii;
		enum role role;
	} look[TL_CELL_CNT] = {
		[TL_NONE] = { ' ', ' ', ROLE_NORMAL },
		[TL_RELEASED] = { 0x2500, '-', ROLE_RELEASED },
		[TL_WAIT] = { 0x2592, 'w', ROLE_WAIT },
		[TL_HOLD] = { 0x2588, '#', ROLE_HOLD },
		[TL_YIELD] = { 0x259a, 'y', ROLE_YIELD },
	};

	for (size_t i = 0; i < n; i++)
		canvas__put(c, y, x + (int)i, look[cells[i]].role,
			    c->unicode ? look[cells[i]].unicode
				       : (unsigned char)look[cells[i]].ascii);
}

enum role draw__state_role(enum snap_state state)
{
	switch (state) {
	case SNAP_WAITING: return ROLE_WAIT;
	case SNAP_HOLDING: return ROLE_HOLD;
	case SNAP_YIELDING: return ROLE_YIELD;
	case SNAP_RELEASED: return ROLE_RELEASED;
	default: return ROLE_DIM;
	}
}

void draw__stack_bar(struct canvas *c, int y, int x, int w, const struct snap_thread *t)
{
	enum tl_cell cells[64];
	char letters[64];

	if (w > 63)
		w = 63;
	columns__bar(t, w > 0 ? (size_t)w : 0, letters, sizeof(letters));
	for (int i = 0; i < w; i++)
		cells[i] = letters[i] == 'W'   ? TL_WAIT
			   : letters[i] == 'Y' ? TL_YIELD
			   : letters[i] == 'H' ? TL_HOLD
			   : letters[i] == 'r' ? TL_RELEASED
					       : TL_NONE;
	draw__cells(c, y, x, cells, w > 0 ? (size_t)w : 0);
}

uint32_t draw__shade(const struct canvas *c, double v)
{
	static const uint32_t shades[] = { 0x2591, 0x2592, 0x2593, 0x2588 };
	static const char ascii[] = ".:*#";
	int level = (int)(clamp01(v) * 4);

	if (!(v > 0))
		return ' ';
	if (level > 3)
		level = 3;
	return c->unicode ? shades[level] : (unsigned char)ascii[level];
}

void draw__note(struct canvas *c, struct rect r, const char *text)
{
	int w = cells__width(text, c->unicode);

	if (r.h < 1 || r.w < 1)
		return;
	canvas__puts(c, r.y + r.h / 3, w < r.w ? r.x + (r.w - w) / 2 : r.x, w < r.w ? w : r.w,
		     ROLE_DIM, text);
}

int draw__paragraph(struct canvas *c, struct rect r, enum role role, const char *text)
{
	char buf[1024];
	int n = 0;

	while (n < r.h && cells__wrap(&text, c->unicode, r.w, buf, sizeof(buf)))
		canvas__puts(c, r.y + n++, r.x, r.w, role, buf);
	return n;
}

void draw__frame(struct canvas *c, int y, int x, int w, enum role role, const struct snap_frame *f)
{
	char buf[600];

	if (!f) {
		canvas__puts(c, y, x, w, ROLE_DIM, "[other: found no room in the tables]");
		return;
	}
	cells__place(*f->name ? f->name : "?", path_short(f->file), f->line, c->unicode, w, buf,
		     sizeof(buf));
	canvas__puts(c, y, x, w, role, buf);
}

void draw__name(struct canvas *c, int y, int x, int w, enum role role, const char *name)
{
	char buf[512];

	cells__cut_middle(name, c->unicode, w, buf, sizeof(buf));
	canvas__puts(c, y, x, w, role, buf);
}

int draw__figure(struct canvas *c, int y, int x, int max, const char *label, enum role role,
		 const char *value)
{
	int w = cells__width(label, c->unicode) + 1 + cells__width(value, c->unicode);

	/* All of it or nothing: half a figure is a wrong one. */
	if (w > max)
		return 0;
	canvas__puts(c, y, x, max, ROLE_DIM, label);
	canvas__puts(c, y, x + cells__width(label, c->unicode) + 1, max, role, value);
	return w + 2;
}

void draw__share(struct canvas *c, int y, int x, int w, enum role role, uint64_t part,
		 uint64_t whole, const char *mark)
{
	char buf[UNITS_SZ], text[UNITS_SZ + 1];

	snprintf(text, sizeof(text), "%.1s%s", mark, units__percent(part, whole, buf));
	canvas__puts_right(c, y, x, w, role, text);
}

void draw__percent(struct canvas *c, int y, int x, int w, enum role role, uint64_t part,
		   uint64_t whole)
{
	draw__share(c, y, x, w, role, part, whole, "");
}

struct rect draw__box(struct canvas *c, int h, int w, const char *title)
{
	struct rect r;
	int bottom, right;
	bool u = c->unicode;

	h = h > c->h ? c->h : h;
	/* Slivers of what lies below do not help: all or a good part of the width. */
	w = w > c->w - 8 ? c->w : w;
	r = (struct rect){ (c->h - h) / 2, (c->w - w) / 2, h, w };
	bottom = r.y + r.h - 1;
	right = r.x + r.w - 1;
	canvas__fill(c, r, ROLE_NORMAL, ' ');
	for (int y = r.y; y <= bottom; y++)
		for (int x = r.x; x <= right; x++)
			canvas__at(c, y, x)->selected = false;
	canvas__fill(c, (struct rect){ r.y, r.x, r.h, 1 }, ROLE_DIM, u ? 0x2502 : '|');
	canvas__fill(c, (struct rect){ r.y, right, r.h, 1 }, ROLE_DIM, u ? 0x2502 : '|');
	canvas__rule(c, bottom, r.x, r.w);
	canvas__put(c, bottom, r.x, ROLE_DIM, u ? 0x2514 : '+');
	canvas__put(c, bottom, right, ROLE_DIM, u ? 0x2518 : '+');
	canvas__rule(c, r.y, r.x, r.w);
	canvas__put(c, r.y, r.x, ROLE_DIM, u ? 0x250c : '+');
	canvas__put(c, r.y, right, ROLE_DIM, u ? 0x2510 : '+');
	canvas__printf(c, r.y, r.x + 2, r.w - 4, ROLE_TITLE, " %s ", title);
	return (struct rect){ r.y + 1, r.x + 2, r.h - 2, r.w - 4 };
}
