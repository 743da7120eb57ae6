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

/* The first way to write a key: "Enter" of "Enter", "F6" of "F6 s". */
static int first_word(const char *s)
{
	const char *space = strchr(s, ' ');

	return space ? (int)(space - s) : (int)strlen(s);
}

/* A key that can be clicked, as it looks in the footer: "F1Help" as in htop, "p pause". */
static int key_width(const struct key_def *k)
{
	bool function = k->keys[0] > UI_KEY_F0;

	return first_word(k->shown) + !function + (int)strlen(k->hint);
}

static int draw_key(struct canvas *c, int y, int x, const struct key_def *k)
{
	bool function = k->keys[0] > UI_KEY_F0;
	int start = x;

	x += canvas__printf(c, y, x, -1, ROLE_KEY, "%.*s", first_word(k->shown), k->shown) +
	     !function;
	canvas__puts(c, y, x, -1, function ? ROLE_KEY : ROLE_DIM, k->hint);
	if (function)
		canvas__select(c, y, x, (int)strlen(k->hint));
	x += (int)strlen(k->hint);
	canvas__hit(c, y, start, x - start, HIT_KEY + (uint32_t)k->keys[0]);
	return x - start;
}

/* Where there is no line of keys: the two that are needed most. */
static int tail_width(const struct ui_state *ui, int c_w, bool shortened)
{
	unsigned int groups = ui__keys(ui);
	int help = key_width(keymap__function_key(groups, 1));
	int both = help + 1 + key_width(keymap__function_key(groups, 10));
	int room = c_w - tab_width(ui, shortened, 1);

	return room >= both ? both : room >= help ? help : 0;
}

static void draw_tabs(const struct ui_state *ui, struct canvas *c, int y, bool alone)
{
	bool shortened =
		tab_width(ui, false, 1) - 1 > c->w || (alone && !tail_width(ui, c->w, false));
	int tail = alone ? tail_width(ui, c->w, shortened) : -1, x = 0, gap;
	unsigned int groups = ui__keys(ui);

	gap = tab_width(ui, shortened, 2) + tail - (alone ? 0 : 1) <= c->w ? 2 : 1;
	for (int i = 0; i < UI_TAB_CNT; i++) {
		bool on = (int)ui->tab == i;
		int start = x;

		x += canvas__printf(c, y, x, -1, ROLE_KEY, "%d", i + 1);
		x += canvas__printf(c, y, x, -1, on ? ROLE_TITLE : ROLE_DIM, " %s",
				    tab_name(ui, i, shortened));
		if (on)
			canvas__select(c, y, start, x - start);
		canvas__hit(c, y, start, x - start, HIT_KEY + (uint32_t)('1' + i));
		x += gap;
	}
	if (tail <= 0)
		return;
	x = c->w - tail;
	x += draw_key(c, y, x, keymap__function_key(groups, 1)) + 1;
	if (x < c->w)
		draw_key(c, y, x, keymap__function_key(groups, 10));
}

static void draw_hints(const struct ui_state *ui, struct canvas *c, int y)
{
	unsigned int groups = ui__keys(ui);
	int x = 0;

	for (int n = 1; n <= 12; n++) {
		const struct key_def *k = keymap__function_key(groups, n);

		if (k && x + key_width(k) <= c->w)
			x += draw_key(c, y, x, k) + 1;
	}
	x++;
	if (ui->screen >= UI_TAB_CNT && !ui->screens[ui->screen].ops->question && x + 8 <= c->w) {
		canvas__hit(c, y, x, 8, HIT_KEY + UI_KEY_ESC);
		x += canvas__puts(c, y, x, -1, ROLE_KEY, "Esc") + 1;
		x += canvas__puts(c, y, x, -1, ROLE_DIM, "back") + 2;
	}
	/* Of the others as many as there is room for, the first ones of the table first. */
	for (size_t i = 0; i < key_cnt; i++) {
		const struct key_def *k = &key_table[i];

		if (!k->hint || !(k->groups & groups) || k->keys[0] > UI_KEY_F0)
			continue;
		if (x + key_width(k) <= c->w)
			x += draw_key(c, y, x, k) + 2;
	}
}

static void draw_footer(const struct ui_state *ui, struct canvas *c, int hints, int tabs)
{
	const struct screen_ops *ops = ui->screens[ui->screen].ops;
	int y = hints >= 0 && !ops->question ? hints : tabs;

	if (!ops->question)
		draw_tabs(ui, c, tabs, hints < 0);
	if (ui->prompt || *ui->message)
		canvas__fill(c, (struct rect){ y, 0, 1, c->w }, ROLE_NORMAL, ' ');
	if (ui->prompt) {
		const char *text = ui->prompt == UI_PROMPT_SEARCH ? ui->search
				   : ui->prompt == UI_PROMPT_TIME ? ui->time
								  : ui->filter;
		int x = canvas__puts(c, y, 0, -1, ROLE_KEY,
				     ui->prompt == UI_PROMPT_SEARCH ? "Search: "
				     : ui->prompt == UI_PROMPT_TIME ? "Go to: "
								    : "Show only: ");

		x += canvas__puts(c, y, x, -1, ROLE_NORMAL, text);
		canvas__select(c, y, x, 1);
		if (*ui->message)
			canvas__printf(c, y, x + 3, -1, ROLE_WARN, "(%s)", ui->message);
	} else if (*ui->message) {
		canvas__puts(c, y, 0, -1, ROLE_WARN, ui->message);
	} else if (y != tabs || ops->question) {
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
