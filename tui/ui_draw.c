/* SPDX-License-Identifier: BSD-2-Clause */
/* ui_draw.c - a whole frame: header, the screen's body, footer, and what lies on top */
#include <stdio.h>
#include <string.h>

#include "tui/cells.h"
#include "tui/draw.h"
#include "tui/layout.h"
#include "tui/list.h"

static int tab_width(bool shortened, int gap)
{
	int w = 0;

	for (int i = 0; i < UI_TAB_CNT; i++)
		w += 2 + (int)strlen(shortened ? ui_screens[i]->short_name : ui_screens[i]->name) +
		     gap;
	return w;
}

static void draw_tabs(const struct ui_state *ui, struct canvas *c, int y)
{
	static const char *const tails[] = { "? help  q quit", "? help" };
	int full = tab_width(false, 1), x = 0, gap;
	/* The names in full matter more than how to quit. */
	const char *tail =
		tails[full + (int)strlen(tails[0]) > c->w && full + (int)strlen(tails[1]) <= c->w];
	int tail_w = (int)strlen(tail);
	bool shortened = full + tail_w > c->w;
	enum ui_screen on = ui->screen < UI_TAB_CNT ? ui->screen : ui->back;

	gap = tab_width(shortened, 2) + tail_w <= c->w ? 2 : 1;
	for (int i = 0; i < UI_TAB_CNT; i++) {
		const char *name = shortened ? ui_screens[i]->short_name : ui_screens[i]->name;
		int start = x;

		x += canvas__printf(c, y, x, -1, ROLE_KEY, "%d", i + 1);
		x += canvas__printf(c, y, x, -1, (int)on == i ? ROLE_TITLE : ROLE_DIM, " %s", name);
		if ((int)on == i)
			canvas__select(c, y, start, x - start);
		x += gap;
	}
	if (x + tail_w <= c->w)
		canvas__puts_right(c, y, c->w - tail_w, tail_w, ROLE_DIM, tail);
}

/* The first way to write a key: "Enter" of "Enter", "s" of "s F6". */
static int first_word(const char *s)
{
	const char *space = strchr(s, ' ');

	return space ? (int)(space - s) : (int)strlen(s);
}

static void draw_hints(const struct ui_state *ui, struct canvas *c, int y)
{
	int x = 0;

	for (size_t i = 0; i < key_cnt; i++) {
		const struct key_def *k = &key_table[i];
		int w;

		if (!k->hint || !(k->screens & (1u << ui->screen)) || k->action == ACT_HELP)
			continue;
		w = first_word(k->shown) + 1 + (int)strlen(k->hint);
		if (x + w > c->w)
			break;
		x += canvas__printf(c, y, x, -1, ROLE_KEY, "%.*s", first_word(k->shown), k->shown) +
		     1;
		x += canvas__puts(c, y, x, -1, ROLE_DIM, k->hint) + 2;
	}
	if (ui->screen >= UI_TAB_CNT && ui->screen != UI_PICK && x + 8 <= c->w) {
		x += canvas__puts(c, y, x, -1, ROLE_KEY, "Esc") + 1;
		canvas__puts(c, y, x, -1, ROLE_DIM, "back");
	}
}

void draw__footer(const struct ui_state *ui, struct canvas *c, int hints, int tabs)
{
	int y = hints >= 0 ? hints : tabs;

	if (ui->screen != UI_PICK)
		draw_tabs(ui, c, tabs);
	else
		canvas__puts(c, tabs, 0, -1, ROLE_DIM, "Enter look at it   / search   q quit");
	if (ui->prompt || *ui->message)
		canvas__fill(c, (struct rect){ y, 0, 1, c->w }, ROLE_NORMAL, ' ');
	if (ui->prompt) {
		const char *text = ui->prompt == UI_PROMPT_SEARCH ? ui->search : ui->filter;
		int x = canvas__puts(c, y, 0, -1, ROLE_KEY,
				     ui->prompt == UI_PROMPT_SEARCH ? "Search: " : "Show only: ");

		x += canvas__puts(c, y, x, -1, ROLE_NORMAL, text);
		canvas__select(c, y, x, 1);
		if (*ui->message)
			canvas__printf(c, y, x + 3, -1, ROLE_WARN, "(%s)", ui->message);
	} else if (*ui->message) {
		canvas__puts(c, y, 0, -1, ROLE_WARN, ui->message);
	} else if (hints >= 0) {
		draw_hints(ui, c, hints);
	}
}

/* A box in the middle of the screen; returns its inside. */
static struct rect draw_box(struct canvas *c, int h, int w, const char *title)
{
	struct rect r;
	bool u = c->unicode;

	h = h > c->h ? c->h : h;
	/* Slivers of what lies below do not help: all or a good part of the width. */
	w = w > c->w - 8 ? c->w : w;
	r = (struct rect){ (c->h - h) / 2, (c->w - w) / 2, h, w };
	canvas__fill(c, r, ROLE_NORMAL, ' ');
	for (int y = r.y; y < r.y + r.h; y++)
		for (int x = r.x; x < r.x + r.w; x++) {
			struct cell *cell = canvas__at(c, y, x);

			if (cell)
				cell->selected = false;
		}
	canvas__rule(c, r.y, r.x, r.w);
	canvas__rule(c, r.y + r.h - 1, r.x, r.w);
	for (int y = r.y; y < r.y + r.h; y++) {
		bool top = y == r.y, bottom = y == r.y + r.h - 1;

		canvas__fill(c, (struct rect){ y, r.x, 1, 1 }, ROLE_DIM,
			     !u	      ? (top || bottom ? '+' : '|')
			     : top    ? 0x250c
			     : bottom ? 0x2514
				      : 0x2502);
		canvas__fill(c, (struct rect){ y, r.x + r.w - 1, 1, 1 }, ROLE_DIM,
			     !u	      ? (top || bottom ? '+' : '|')
			     : top    ? 0x2510
			     : bottom ? 0x2518
				      : 0x2502);
	}
	canvas__printf(c, r.y, r.x + 2, r.w - 4, ROLE_TITLE, " %s ", title);
	return (struct rect){ r.y + 1, r.x + 2, r.h - 2, r.w - 4 };
}

/* One line of the help, or a heading (def NULL). */
struct help_line {
	const char *heading;
	const struct key_def *def;
};

#define HELP_MAX 96

static size_t help_lines(struct help_line *ret)
{
	const char *group = NULL;
	size_t n = 0;

	for (size_t i = 0; i < key_cnt && n + 2 < HELP_MAX; i++) {
		const struct key_def *k = &key_table[i];

		if (!k->help)
			continue;
		if (!group || strcmp(group, k->group)) {
			group = k->group;
			ret[n++] = (struct help_line){ .heading = group };
		}
		ret[n++] = (struct help_line){ .def = k };
	}
	return n;
}

/* What the columns and glyphs mean, after the keys. */
static void legend(const struct canvas *c, char lines[][96], size_t *ret_cnt)
{
	size_t n = 0;

	snprintf(lines[n++], 96,
		 c->unicode ? "█ H holds the GIL   ▒ W waits for it   ▚ Y gives it away"
			    : "# H holds the GIL   w W waits for it   y Y gives it away");
	snprintf(lines[n++], 96,
		 c->unicode ? "─ r runs without it (I/O, native code, idle)   x has ended"
			    : "- r runs without it (I/O, native code, idle)   x has ended");
	snprintf(lines[n++], 96, "load: how many threads hold the GIL or wait for it, on average");
	snprintf(lines[n++], 96, "gap: from letting go to the next taking over, on average");
	snprintf(lines[n++], 96, "?: not known or not measured; -: there was none");
	for (size_t i = 0; i < thread_column_cnt && n < 32; i++)
		if (thread_columns[i].shown)
			snprintf(lines[n++], 96, "%-8s %.80s", thread_columns[i].title,
				 thread_columns[i].help);
	*ret_cnt = n;
}

size_t draw__help_lines(void)
{
	static const struct canvas ascii;
	struct help_line lines[HELP_MAX];
	char words[32][96];
	size_t word_cnt;

	legend(&ascii, words, &word_cnt);
	return help_lines(lines) + 1 + word_cnt;
}

void draw__help(const struct ui_state *ui, struct canvas *c)
{
	struct help_line lines[HELP_MAX];
	char words[32][96];
	size_t n = help_lines(lines), word_cnt, total, top = ui->help_top;
	struct rect r;

	legend(c, words, &word_cnt);
	total = n + 1 + word_cnt;
	r = draw_box(c, (int)total + 2, 78, "Help: any other key closes");
	if (r.h < 1 || r.w < 20)
		return;
	if (top + (size_t)r.h > total)
		top = total > (size_t)r.h ? total - (size_t)r.h : 0;
	for (int y = 0; y < r.h && top + (size_t)y < total; y++) {
		size_t i = top + (size_t)y;
		bool key = i < n && lines[i].def;

		if (i >= n)
			canvas__puts(c, r.y + y, r.x, r.w, i == n ? ROLE_HEAD : ROLE_NORMAL,
				     i == n ? "What is shown" : words[i - n - 1]);
		else
			canvas__puts(c, r.y + y, r.x, key ? 16 : r.w, key ? ROLE_KEY : ROLE_HEAD,
				     key ? lines[i].def->shown : lines[i].heading);
		if (key)
			canvas__puts(c, r.y + y, r.x + 17, r.w - 17, ROLE_NORMAL,
				     lines[i].def->help);
	}
	list__position(c, r.y + r.h, r.x + r.w, top, total, r.h);
}

void draw__sort_menu(const struct ui_state *ui, struct canvas *c)
{
	size_t cols[64], n = 0, at = 0, top;
	struct rect r;

	for (size_t i = 0; i < thread_column_cnt && n < 64; i++) {
		if (!thread_columns[i].cmp)
			continue;
		at = (int)i == ui->sort_menu ? n : at;
		cols[n++] = i;
	}
	r = draw_box(c, (int)n + 2, 78, "Sort by: Enter, or Esc");
	top = list__top(at, n, r.h);
	for (int y = 0; y < r.h && top + (size_t)y < n; y++) {
		size_t i = cols[top + (size_t)y];
		const struct column *col = &thread_columns[i];

		canvas__puts(c, r.y + y, r.x, 1, ROLE_KEY, (int)i == ui->sort_col ? "*" : " ");
		canvas__puts(c, r.y + y, r.x + 2, 9, ROLE_HEAD, col->title);
		canvas__puts(c, r.y + y, r.x + 12, r.w - 12, ROLE_NORMAL, col->help);
		if ((int)i == ui->sort_menu)
			canvas__select(c, r.y + y, r.x, r.w);
	}
	list__position(c, r.y + r.h, r.x + r.w, top, n, r.h);
}

void ui__draw(const struct ui_state *ui, struct canvas *c)
{
	struct layout l = layout__frame(c->h, c->w);

	canvas__clear(c);
	if (l.one_line) {
		draw__one_line(ui, c);
		return;
	}
	if (ui->screen == UI_PICK) {
		canvas__puts(c, 0, 0, -1, ROLE_TITLE, "giltop");
		canvas__puts(c, 0, 8, -1, ROLE_NORMAL, "Which Python process?");
		ui_screens[UI_PICK]->draw(ui, c, (struct rect){ 2, 0, c->h - 4, c->w });
	} else {
		draw__header(ui, c, l.title, l.gil, l.spark, l.headline, l.who, l.rule);
		ui_screens[ui->screen]->draw(ui, c, l.body);
	}
	draw__footer(ui, c, ui->screen == UI_PICK ? -1 : l.hints, l.tabs);
	if (ui->overlay == UI_OVER_HELP)
		draw__help(ui, c);
	else if (ui->overlay == UI_OVER_SORT)
		draw__sort_menu(ui, c);
}
