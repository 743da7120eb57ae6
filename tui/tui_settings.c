/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/tui_settings.h"

#include <string.h>

#include "user/base/util.h"
#include "user/view/columns.h"

static const char *const scheme_names[TUI_SCHEME_CNT] = { "auto", "dark", "light", "mono" };
static const char *const group_names[] = { "auto", "pool", "none" };

static size_t column_cnt(void)
{
	return thread_column_cnt < TUI_COLUMN_MAX ? thread_column_cnt : TUI_COLUMN_MAX;
}

static void complete_order(struct tui_settings *s)
{
	uint8_t order[TUI_COLUMN_MAX] = { 0 };
	size_t given = s->order_cnt < TUI_COLUMN_MAX ? s->order_cnt : TUI_COLUMN_MAX, n = 0;
	uint64_t seen = 0;

	/* Those of the list, then the others, each once. */
	for (size_t i = 0; i < given + column_cnt(); i++) {
		size_t col = i < given ? s->order[i] : i - given;

		if (col >= column_cnt() || seen >> col & 1)
			continue;
		seen |= 1ull << col;
		order[n++] = (uint8_t)col;
	}
	memcpy(s->order, order, n);
	s->order_cnt = n;
}

void tui_settings__complete(struct tui_settings *s, int screen_cnt)
{
	uint64_t known = 0, usual = 0;

	complete_order(s);
	for (size_t i = 0; i < column_cnt(); i++) {
		known |= 1ull << i;
		usual |= (uint64_t)thread_columns[i].shown << i;
	}
	s->columns &= known;
	if (!s->columns)
		s->columns = usual;
	if (s->sort < 1 || s->sort > (int)column_cnt() || !thread_columns[s->sort - 1].cmp)
		s->sort = columns__find("delay") + 1;
	if (s->screen < 0 || s->screen >= screen_cnt)
		s->screen = 0;
	if (!tui_settings__scheme_name(s->scheme))
		s->scheme = TUI_SCHEME_AUTO;
	if (!tui_settings__group_name(s->group))
		s->group = 0;
}

static bool same_order(const struct tui_settings *a, const struct tui_settings *b)
{
	return a->order_cnt == b->order_cnt && !memcmp(a->order, b->order, a->order_cnt);
}

void tui_settings__take(struct tui_settings *s, const struct tui_settings *before,
			const struct tui_settings *after)
{
	if (before->columns != after->columns)
		s->columns = after->columns;
	if (!same_order(before, after)) {
		memcpy(s->order, after->order, sizeof(s->order));
		s->order_cnt = after->order_cnt;
	}
	if (before->sort != after->sort)
		s->sort = after->sort;
	if (before->scheme != after->scheme)
		s->scheme = after->scheme;
	if (before->screen != after->screen)
		s->screen = after->screen;
	if (before->group != after->group)
		s->group = after->group;
	if (before->my_code != after->my_code)
		s->my_code = after->my_code;
	if (before->mouse != after->mouse)
		s->mouse = after->mouse;
}

bool tui_settings__equal(const struct tui_settings *a, const struct tui_settings *b)
{
	return a->columns == b->columns && same_order(a, b) && a->sort == b->sort &&
	       a->scheme == b->scheme && a->screen == b->screen && a->group == b->group &&
	       a->my_code == b->my_code && a->mouse == b->mouse;
}

size_t tui_settings__move_column(struct tui_settings *s, size_t place, int step)
{
	size_t to = place + (size_t)step; /* one to the left of 0 is beyond the end */
	uint8_t col;

	if (place >= s->order_cnt || to >= s->order_cnt)
		return place;
	col = s->order[place];
	s->order[place] = s->order[to];
	s->order[to] = col;
	return to;
}

bool tui_settings__toggle_column(struct tui_settings *s, size_t place)
{
	uint64_t bit;

	if (place >= s->order_cnt)
		return false;
	bit = 1ull << s->order[place];
	if (s->columns == bit)
		return false;
	s->columns ^= bit;
	return true;
}

bool tui_settings__shows(const struct tui_settings *s, size_t column)
{
	return column < TUI_COLUMN_MAX && s->columns >> column & 1;
}

const char *tui_settings__scheme_name(int scheme)
{
	return scheme >= 0 && scheme < TUI_SCHEME_CNT ? scheme_names[scheme] : NULL;
}

const char *tui_settings__group_name(int group)
{
	return group >= 0 && group < (int)ARRAY_SIZE(group_names) ? group_names[group] : NULL;
}
