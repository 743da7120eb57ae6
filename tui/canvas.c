/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/canvas.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tui/cells.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"

int canvas__resize(struct canvas *c, int h, int w)
{
	struct cell *cells;

	h = h < 1 ? 1 : h;
	w = w < 1 ? 1 : w;
	cells = calloc((size_t)h * (size_t)w, sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	free(c->cells);
	c->cells = cells;
	c->h = h;
	c->w = w;
	canvas__clear(c);
	return 0;
}

int canvas__init(struct canvas *c, int h, int w, bool unicode)
{
	*c = (struct canvas){ .unicode = unicode };
	return canvas__resize(c, h, w);
}

void canvas__deinit(struct canvas *c)
{
	free(c->cells);
	*c = (struct canvas){ 0 };
}

void canvas__clear(struct canvas *c)
{
	for (size_t i = 0; i < (size_t)c->h * (size_t)c->w; i++)
		c->cells[i] = (struct cell){ .ch = ' ' };
}

struct cell *canvas__at(const struct canvas *c, int y, int x)
{
	if (y < 0 || x < 0 || y >= c->h || x >= c->w)
		return NULL;
	return &c->cells[(size_t)y * (size_t)c->w + (size_t)x];
}

void canvas__put(struct canvas *c, int y, int x, enum role role, uint32_t ch)
{
	struct cell *cell = canvas__at(c, y, x), *next = canvas__at(c, y, x + 1);

	if (!cell)
		return;
	if (!cell->ch && x > 0)
		cell[-1].ch = ' ';
	if (ch && next && !next->ch)
		next->ch = ' ';
	cell->ch = ch;
	cell->mark = 0;
	cell->role = (uint8_t)role;
}

static void set_wide(struct canvas *c, int y, int x, enum role role, uint32_t ch)
{
	canvas__put(c, y, x, role, ch);
	canvas__put(c, y, x + 1, role, ' ');
	canvas__at(c, y, x + 1)->ch = 0;
}

int canvas__puts(struct canvas *c, int y, int x, int max, enum role role, const char *s)
{
	int used = 0, w;
	bool fits;
	uint32_t ch;

	if (y < 0 || y >= c->h || x < 0 || x >= c->w)
		return 0;
	if (max < 0 || max > c->w - x)
		max = c->w - x;
	fits = cells__width(s, c->unicode) <= max;
	if (max == 0)
		return 0;
	while ((ch = cells__next(&s, c->unicode, &w))) {
		if (w == 0) {
			struct cell *base = used ? canvas__at(c, y, x + used - 1) : NULL;

			if (base && !base->ch && used > 1)
				base--;
			if (base && !base->mark)
				base->mark = ch;
			continue;
		}
		if (used + w > (fits ? max : max - 1))
			break;
		if (w == 2)
			set_wide(c, y, x + used, role, ch);
		else
			canvas__put(c, y, x + used, role, ch);
		used += w;
	}
	if (!fits)
		canvas__put(c, y, x + used++, role, '~');
	return used;
}

int canvas__printf(struct canvas *c, int y, int x, int max, enum role role, const char *fmt, ...)
{
	char buf[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return canvas__puts(c, y, x, max, role, buf);
}

void canvas__puts_right(struct canvas *c, int y, int x, int max, enum role role, const char *s)
{
	int w = cells__width(s, c->unicode);

	canvas__puts(c, y, w < max ? x + max - w : x, w < max ? w : max, role, s);
}

void canvas__fill(struct canvas *c, struct rect r, enum role role, uint32_t ch)
{
	for (int y = r.y; y < r.y + r.h && y < c->h; y++)
		for (int x = r.x; x < r.x + r.w && x < c->w; x++)
			canvas__put(c, y, x, role, ch);
}

void canvas__rule(struct canvas *c, int y, int x, int w)
{
	canvas__fill(c, (struct rect){ y, x, 1, w }, ROLE_DIM, c->unicode ? 0x2500 : '-');
}

void canvas__select(struct canvas *c, int y, int x, int w)
{
	for (int i = 0; i < w; i++) {
		struct cell *cell = canvas__at(c, y, x + i);

		if (cell)
			cell->selected = true;
	}
}

void canvas__hit(struct canvas *c, int y, int x, int w, uint32_t hit)
{
	for (int i = 0; i < w; i++) {
		struct cell *cell = canvas__at(c, y, x + i);

		if (cell)
			cell->hit = hit;
	}
}

static void put_char(struct sbuf *out, uint32_t ch)
{
	char enc[4];

	sbuf__add(out, enc, utf8_write(ch, enc));
}

void canvas__to_text(const struct canvas *c, struct sbuf *out)
{
	for (int y = 0; y < c->h; y++) {
		const struct cell *row = canvas__at(c, y, 0);
		int end = c->w;

		while (end > 0 && row[end - 1].ch == ' ' && !row[end - 1].mark)
			end--;
		for (int x = 0; x < end; x++) {
			if (row[x].ch)
				put_char(out, row[x].ch);
			if (row[x].mark)
				put_char(out, row[x].mark);
		}
		sbuf__puts(out, "\n");
	}
}

void canvas__to_roles(const struct canvas *c, struct sbuf *out)
{
	static const char letters[ROLE_CNT] = {
		[ROLE_NORMAL] = '.',  [ROLE_DIM] = 'd',	     [ROLE_TITLE] = 't',
		[ROLE_HEAD] = 'e',    [ROLE_HOLD] = 'h',     [ROLE_WAIT] = 'w',
		[ROLE_YIELD] = 'y',   [ROLE_RELEASED] = 'r', [ROLE_KEY] = 'k',
		[ROLE_VERDICT] = 'v', [ROLE_WARN] = '!',
	};

	for (int y = 0; y < c->h; y++) {
		for (int x = 0; x < c->w; x++) {
			const struct cell *cell = canvas__at(c, y, x);
			char l = letters[cell->role];

			if (cell->selected)
				l = l == '.' ? '#' : (char)toupper((unsigned char)l);
			sbuf__add(out, &l, 1);
		}
		sbuf__puts(out, "\n");
	}
}
