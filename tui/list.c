/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/list.h"

#include <stdio.h>

bool list__move(enum key_action action, size_t cnt, size_t page, size_t *sel)
{
	size_t last = cnt ? cnt - 1 : 0;

	if (!page)
		page = 1;
	if (*sel > last)
		*sel = last;
	switch (action) {
	case ACT_UP: *sel -= *sel > 0; return true;
	case ACT_DOWN: *sel += *sel < last; return true;
	case ACT_PGUP: *sel -= *sel < page ? *sel : page; return true;
	case ACT_PGDN: *sel = last - *sel < page ? last : *sel + page; return true;
	case ACT_HOME: *sel = 0; return true;
	case ACT_END: *sel = last; return true;
	default: return false;
	}
}

size_t list__top(size_t sel, size_t cnt, int page)
{
	size_t p = page > 0 ? (size_t)page : 1;
	size_t top;

	if (cnt <= p)
		return 0;
	top = sel > p / 2 ? sel - p / 2 : 0;
	return top > cnt - p ? cnt - p : top;
}

struct list_rows list__rows(struct canvas *c, struct rect r, size_t sel, size_t cnt)
{
	return (struct list_rows){
		.c = c, .r = r, .sel = sel, .cnt = cnt, .top = list__top(sel, cnt, r.h)
	};
}

bool list__next(struct list_rows *l)
{
	if (l->shown >= l->r.h || l->top + (size_t)l->shown >= l->cnt)
		return false;
	l->i = l->top + (size_t)l->shown;
	l->y = l->r.y + l->shown++;
	canvas__hit(l->c, l->y, l->r.x, l->r.w, HIT_ROW + (uint32_t)l->i);
	if (l->i == l->sel)
		canvas__select(l->c, l->y, l->r.x, l->r.w);
	return true;
}

void list__position(struct canvas *c, int y, int right, size_t top, size_t cnt, int page)
{
	char buf[64];

	if (page <= 0 || cnt <= (size_t)page)
		return;
	snprintf(buf, sizeof(buf), " %zu-%zu of %zu", top + 1, top + (size_t)page, cnt);
	canvas__puts_right(c, y, right - 24 > 0 ? right - 24 : 0, right - 24 > 0 ? 24 : right,
			   ROLE_DIM, buf);
}
