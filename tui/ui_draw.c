/* SPDX-License-Identifier: BSD-2-Clause */
/* ui_draw.c - a whole frame: header, the screen's body, footer, and what lies on top */
#include <string.h>

#include "tui/header.h"
#include "tui/layout.h"
#include "tui/overlay.h"
#include "tui/ui.h"

static const char *tab_name(const struct ui_state *ui, int i, bool shortened)
{
	return shortened ? ui->screens[i].ops->short_name : ui->screens[i].ops->name;
}

static int tab_width(const struct ui_state *ui, bool shortened, int gap)
{
	int w = 0;

	for (int i = 0; i < UI_TAB_CNT; i++)
		w += 2 + (int)strlen(tab_name(ui, i, shortened)) + gap;
	return w;
}

static void draw_tabs(const struct ui_state *ui, struct canvas *c, int y)
{
	static const char *const tails[] = { "? help  q quit", "? help" };
	int full = tab_width(ui, false, 1), x = 0, gap;
	/* The names in full matter more than how to quit. */
	const char *tail =
		tails[full + (int)strlen(tails[0]) > c->w && full + (int)strlen(tails[1]) <= c->w];
	int tail_w = (int)strlen(tail);
	bool shortened = full + tail_w > c->w;

	gap = tab_width(ui, shortened, 2) + tail_w <= c->w ? 2 : 1;
	for (int i = 0; i < UI_TAB_CNT; i++) {
		bool on = (int)ui->tab == i;
		int start = x;

		x += canvas__printf(c, y, x, -1, ROLE_KEY, "%d", i + 1);
		x += canvas__printf(c, y, x, -1, on ? ROLE_TITLE : ROLE_DIM, " %s",
				    tab_name(ui, i, shortened));
		if (on)
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

		if (!k->hint || !(k->groups & ui->screens[ui->screen].ops->keys) ||
		    k->action == ACT_HELP)
			continue;
		w = first_word(k->shown) + 1 + (int)strlen(k->hint);
		if (x + w > c->w)
			break;
		x += canvas__printf(c, y, x, -1, ROLE_KEY, "%.*s", first_word(k->shown), k->shown) +
		     1;
		x += canvas__puts(c, y, x, -1, ROLE_DIM, k->hint) + 2;
	}
	if (ui->screen >= UI_TAB_CNT && x + 8 <= c->w) {
		x += canvas__puts(c, y, x, -1, ROLE_KEY, "Esc") + 1;
		canvas__puts(c, y, x, -1, ROLE_DIM, "back");
	}
}

static void draw_footer(const struct ui_state *ui, struct canvas *c, int hints, int tabs)
{
	const struct screen_ops *ops = ui->screens[ui->screen].ops;
	int y = hints >= 0 && !ops->question ? hints : tabs;

	if (ops->question)
		canvas__puts(c, tabs, 0, -1, ROLE_DIM, ops->hints);
	else
		draw_tabs(ui, c, tabs);
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
	} else if (y != tabs) {
		draw_hints(ui, c, y);
	}
}

void ui__draw(const struct ui_state *ui, struct canvas *c)
{
	const struct screen *s = &ui->screens[ui->screen];
	struct layout l = layout__frame(c->h, c->w);

	canvas__clear(c);
	if (l.one_line) {
		header__draw_line(ui, c);
		return;
	}
	if (s->ops->question) {
		canvas__puts(c, 0, 0, -1, ROLE_TITLE, "giltop");
		canvas__puts(c, 0, 8, -1, ROLE_NORMAL, s->ops->question);
		l.body = (struct rect){ 2, 0, c->h - 4, c->w };
	} else {
		header__draw(ui, c, &l);
	}
	s->ops->draw(ui, s, c, l.body);
	draw_footer(ui, c, l.hints, l.tabs);
	overlay__draw(ui, c);
}
