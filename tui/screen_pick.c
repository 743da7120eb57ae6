/* SPDX-License-Identifier: BSD-2-Clause */
/* screen_pick.c - the list of processes to choose one from */
#include <stdio.h>
#include <stdlib.h>

#include "tui/cells.h"
#include "tui/draw.h"
#include "tui/list.h"
#include "tui/ui.h"
#include "user/base/text.h"
#include "user/base/util.h"

struct pick {
	const struct tui_pick *all;
	size_t all_cnt;
	const struct tui_pick **rows; /* those with the filter's text */
	size_t cnt, cap;
};

static void deinit(struct screen *s)
{
	struct pick *pick = s->state;

	free(pick->rows);
}

static void open_list(struct screen *s, const struct ui_subject *what)
{
	struct pick *pick = s->state;

	pick->all = what->picks;
	pick->all_cnt = what->pick_cnt;
}

static void pick_text(const struct tui_pick *p, char *buf, size_t sz)
{
	snprintf(buf, sz, "%u %s %s", p->pid, p->comm, p->cmdline);
}

static void refresh(struct ui_state *ui, struct screen *s)
{
	struct pick *pick = s->state;
	char buf[1024];

	pick->cnt = 0;
	for (size_t i = 0; i < pick->all_cnt; i++) {
		pick_text(&pick->all[i], buf, sizeof(buf));
		if (!ui__matches(ui->filter, buf))
			continue;
		if (array_grow(&pick->rows, pick->cnt, &pick->cap, sizeof(*pick->rows)))
			break;
		pick->rows[pick->cnt++] = &pick->all[i];
	}
	s->cnt = pick->cnt;
}

static void draw(const struct ui_state *ui, const struct screen *s, struct canvas *c, struct rect r)
{
	const struct pick *pick = s->state;
	struct list_rows l = list__rows(c, rect__below(r, 1), s->sel, pick->cnt);

	canvas__puts(c, r.y, r.x, r.w, ROLE_HEAD, "     PID PYTHON   NAME            COMMAND");
	if (!pick->cnt)
		draw__note(c, r,
			   *ui->filter ? "no process has this text"
				       : "no Python process that giltop may look at");
	while (list__next(&l)) {
		const struct tui_pick *p = pick->rows[l.i];

		canvas__printf(c, l.y, r.x, 8, ROLE_NORMAL, "%8u", p->pid);
		canvas__puts(c, l.y, r.x + 9, 8, ROLE_DIM, *p->version ? p->version : "?");
		canvas__puts(c, l.y, r.x + 18, 15, ROLE_NORMAL, p->comm);
		canvas__puts(c, l.y, r.x + 34, r.w - 34, ROLE_NORMAL, command_short(p->cmdline));
	}
}

static void text(const struct ui_state *ui, const struct screen *s, size_t row, char *buf,
		 size_t sz)
{
	const struct pick *pick = s->state;

	(void)ui;
	pick_text(pick->rows[row], buf, sz);
}

static enum tui_action enter(struct ui_state *ui, struct screen *s)
{
	const struct pick *pick = s->state;

	ui->focus_pid = pick->rows[s->sel]->pid;
	return TUI_PICKED;
}

const struct screen_ops screen_pick = {
	.question = "Which Python process?",
	.keys = KEYS_FIND | KEYS_OPEN,
	.state_sz = sizeof(struct pick),
	.deinit = deinit,
	.open = open_list,
	.refresh = refresh,
	.draw = draw,
	.enter = enter,
	.text = text,
};
