/* SPDX-License-Identifier: BSD-2-Clause */
/* ui_mouse.c - what the mouse does is what a key does: where it points to was said while it was drawn */
#include "tui/overlay.h"
#include "tui/ui.h"
#include "user/view/columns.h"

/* Lines for one notch of the wheel. */
#define WHEEL_LINES 3

static enum tui_action wheel(struct ui_state *ui, int key)
{
	enum tui_action ret = TUI_HANDLED;

	for (int i = 0; i < WHEEL_LINES; i++)
		ret = ui__key(ui, key);
	return ret;
}

static enum tui_action click_row(struct ui_state *ui, size_t row, bool twice)
{
	struct screen *s = &ui->screens[ui->screen];

	/* The picture may be older than the list. */
	if (row >= s->cnt)
		return TUI_HANDLED;
	s->sel = row;
	if (s->ops->chose)
		s->ops->chose(ui, s, false);
	return twice ? ui__key(ui, UI_KEY_ENTER) : TUI_HANDLED;
}

static void click_heading(struct ui_state *ui, size_t col)
{
	if (col >= thread_column_cnt)
		return;
	if ((int)col == ui->sort_col)
		ui->sort_desc = !ui->sort_desc;
	else
		ui__sort_by(ui, (int)col);
	ui__refresh(ui);
}

enum tui_action ui__mouse(struct ui_state *ui, enum ui_mouse what, uint32_t hit)
{
	uint32_t number = hit & ~(uint32_t)HIT_KIND;

	/* A prompt is for the keys. */
	if (ui->prompt)
		return TUI_HANDLED;
	if (what == UI_MOUSE_WHEEL_UP || what == UI_MOUSE_WHEEL_DOWN)
		return wheel(ui, what == UI_MOUSE_WHEEL_UP ? UI_KEY_UP : UI_KEY_DOWN);
	switch (hit & HIT_KIND) {
	case HIT_KEY: return ui__key(ui, (int)number);
	case HIT_COLUMN: click_heading(ui, number); break;
	case HIT_ROW:
		if (ui->overlay)
			return overlay__click(ui, number, what == UI_MOUSE_DOUBLE);
		return click_row(ui, number, what == UI_MOUSE_DOUBLE);
	default: break;
	}
	return TUI_HANDLED;
}
