/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/layout.h"

/* Fewer lines are not worth a title, more belong to the blame screen. */
#define CULPRITS_MIN 3
#define CULPRITS_MAX 8

struct layout layout__frame(int h, int w)
{
	struct layout l = { .spark = -1, .headline = -1, .rule = -1, .hints = -1 };
	int y = 0;

	if (h < LAYOUT_MIN_H || w < LAYOUT_MIN_W) {
		l.one_line = true;
		return l;
	}
	l.title = y++;
	l.gil = y++;
	if (h >= 20)
		l.spark = y++;
	if (h >= 16)
		l.headline = y++;
	/* 160 characters have room for what there is to say, with names cut in the middle. */
	l.who = y;
	l.who_h = h >= 22 && w < 160 ? 2 : 1;
	l.advice_h = h < 24 ? 0 : w < 160 ? 2 : 1;
	y += l.who_h + l.advice_h;
	if (h >= 14)
		l.rule = y++;
	l.tabs = h - 1;
	if (h >= 18)
		l.hints = h - 2;
	l.body = (struct rect){ y, 0, (l.hints < 0 ? l.tabs : l.hints) - y, w };
	return l;
}

int layout__pane_threads(int body_h, size_t thread_cnt)
{
	int few = thread_cnt < LAYOUT_PANE_MAX ? (int)thread_cnt : LAYOUT_PANE_MAX;
	int want = body_h > 28 ? LAYOUT_PANE_MAX : LAYOUT_PANE_MAX / 2;
	int table = 1 + (thread_cnt < 6 ? (int)thread_cnt : 6);
	int room = body_h - table - 2;

	/* All of them, if the whole table fits below. */
	if (thread_cnt <= LAYOUT_PANE_MAX && few + 2 + 1 + (int)thread_cnt <= body_h)
		want = few;
	if (want > few)
		want = few;
	if (want > room)
		want = room;
	return want >= 2 || (want == 1 && thread_cnt == 1) ? want : 0;
}

int layout__culprits(int left)
{
	if (left < 1 + CULPRITS_MIN)
		return 0;
	return left > 1 + CULPRITS_MAX ? 1 + CULPRITS_MAX : left;
}

static int total_width(const struct column_fit *f, size_t n)
{
	int w = n ? (int)n - 1 : 0;

	for (size_t i = 0; i < n; i++)
		w += f[i].w;
	return w;
}

/* Who asked for a column that is not there by default wants to see it. */
static int priority(const struct column *c, const struct tui_settings *set, int always)
{
	int i = (int)(c - thread_columns);

	if (i == always)
		return 0;
	return tui_settings__shows(set, (size_t)i) && !c->shown && c->prio ? 1 : c->prio;
}

size_t layout__columns(int width, const struct tui_settings *set, int always,
		       unsigned long long extra, struct column_fit *ret, size_t max)
{
	size_t n = 0;
	int room, x = 0, grows = -1;

	for (size_t i = 0; i < set->order_cnt && n < max; i++) {
		size_t col = set->order[i];
		const struct column *c = &thread_columns[col];

		if (tui_settings__shows(set, col) || (int)col == always || (extra >> col & 1))
			ret[n++] = (struct column_fit){ .col = c, .w = c->width };
	}
	while (n > 1 && total_width(ret, n) > width) {
		size_t worst = 0;
		int worst_prio = -1;

		for (size_t i = 0; i < n; i++) {
			int prio = priority(ret[i].col, set, always);

			if (prio >= worst_prio) {
				worst_prio = prio;
				worst = i;
			}
		}
		for (size_t i = worst; i + 1 < n; i++)
			ret[i] = ret[i + 1];
		n--;
	}
	if (n == 1 && ret[0].w > width)
		ret[0].w = width < 0 ? 0 : width;
	room = width - total_width(ret, n);
	for (size_t i = 0; i < n; i++)
		if (ret[i].col->grows)
			grows = (int)i;
	for (size_t i = 0; i < n && room > 0; i++) {
		int more = room > 8 ? 8 : room;

		if (!ret[i].col->grows || (int)i == grows)
			continue;
		/* The growing one at the end needs it more, up to a point. */
		more = room > 24 ? more : room / 3;
		ret[i].w += more;
		room -= more;
	}
	if (grows >= 0 && room > 0)
		ret[grows].w += room;
	for (size_t i = 0; i < n; i++) {
		ret[i].x = x;
		x += ret[i].w + 1;
	}
	return n;
}
