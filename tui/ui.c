/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/ui.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/layout.h"
#include "user/judge/verdict.h"
#include "user/view/columns.h"

/* Another process takes the header over when its load is that many times as much, and this more (load: threads that hold
 * or wait, on average), in so many refreshes in a row.
 */
#define HEAD_FACTOR    1.5
#define HEAD_USED      0.05
#define HEAD_REFRESHES 5

#define UI_ROW(id, ops) [id] = &(ops),
static const struct screen_ops *const screens[UI_SCREEN_CNT] = { UI_SCREENS(UI_ROW, UI_ROW) };

int ui__init(struct ui_state *ui, const struct tui_opts *opts, bool unicode)
{
	*ui = (struct ui_state){ .h = 24,
				 .w = 80,
				 .unicode = unicode,
				 .interval_ns = opts->interval_ns ? opts->interval_ns : 1000000000u,
				 .gil = -1,
				 .tids = opts->tids,
				 .tid_cnt = opts->tid_cnt,
				 .limit = opts->limit,
				 .triggers = opts->triggers,
				 .set = opts->settings,
				 .saved = opts->saved,
				 .zoom_ns = 1000000000u };
	tui_settings__complete(&ui->set, UI_TAB_CNT);
	tui_settings__complete(&ui->saved, UI_TAB_CNT);
	ui->group = ui->set.group;
	ui->my_code = ui->set.my_code;
	ui->screen = ui->tab = (enum ui_screen)ui->set.screen;
	ui__sort_by(ui, ui->set.sort - 1);
	ui__sort_by(ui, opts->sort ? columns__find(opts->sort) : -1);
	for (size_t i = 0; i < UI_SCREEN_CNT; i++) {
		struct screen *s = &ui->screens[i];

		s->ops = screens[i];
		s->state = s->ops->state_sz ? calloc(1, s->ops->state_sz) : NULL;
		if (s->ops->state_sz && !s->state)
			return -ENOMEM;
	}
	return 0;
}

const char *ui__tab_name(size_t i)
{
	return i < UI_TAB_CNT ? screens[i]->name : NULL;
}

void ui__deinit(struct ui_state *ui)
{
	for (size_t i = 0; i < UI_SCREEN_CNT; i++) {
		struct screen *s = &ui->screens[i];

		if (s->state && s->ops->deinit)
			s->ops->deinit(s);
		free(s->state);
	}
	*ui = (struct ui_state){ 0 };
}

const struct snapshot *ui__snap(const struct ui_state *ui)
{
	/* A brief one is about to be replaced: ui__set_total. */
	if (ui->cumulative && ui->total && !ui->total->brief)
		return ui->total;
	return ui->interval ? ui->interval : ui->total;
}

const struct snap_proc *ui__find_proc(const struct snapshot *s, uint32_t pid)
{
	/* The last one: of two programs that ran under one pid, the one that runs now. */
	for (size_t i = s ? s->proc_cnt : 0; i-- > 0;)
		if (s->procs[i].pid == pid)
			return &s->procs[i];
	return NULL;
}

static double load_of(const struct snap_proc *p)
{
	const struct snap_gil *g = snap_proc__busiest_gil(p);

	return g ? snap_gil__least_load(g, p->span_ns) : 0;
}

static const struct snap_proc *busiest_proc(const struct snapshot *s)
{
	const struct snap_proc *best = NULL;

	for (size_t i = 0; s && i < s->proc_cnt; i++)
		if (!best || (s->procs[i].alive && !best->alive) ||
		    (s->procs[i].alive == best->alive && load_of(&s->procs[i]) > load_of(best)))
			best = &s->procs[i];
	return best;
}

static const struct snap_proc *header_proc(const struct ui_state *ui, const struct snapshot *s)
{
	const struct snap_proc *p = ui->focus_pid ? ui__find_proc(s, ui->focus_pid) : NULL;

	if (!p && ui->head.pid)
		p = ui__find_proc(s, ui->head.pid);
	return p ? p : busiest_proc(s);
}

/* New data: is the header about another process from now on? Most flicker is between workers of the same kind, one as
 * busy as the other; and one that waits for its next request is not without interest at once. Only who has not used its
 * GIL at all, as a supervisor, gives way without delay.
 */
static void choose_head(struct ui_state *ui, const struct snapshot *s)
{
	struct ui_head *h = &ui->head;
	const struct snap_proc *now = h->pid ? ui__find_proc(s, h->pid) : NULL;
	const struct snap_proc *best = busiest_proc(s);

	if (ui->focus_pid && ui__find_proc(s, ui->focus_pid)) /* the user chose */
		return;
	if (now && now->alive && best && best != now) {
		double load = load_of(now), other = load_of(best);

		h->was_used |= load >= HEAD_USED;
		h->lower = other > load * HEAD_FACTOR + HEAD_USED ? h->lower + 1 : 0;
		if (!h->lower || (h->was_used && h->lower < HEAD_REFRESHES))
			return;
	} else if (!best || best == now) {
		h->lower = 0;
		h->was_used |= now && load_of(now) >= HEAD_USED;
		return;
	}
	if (h->pid && h->pid != best->pid) {
		ui->gil = -1;
		ui->past.cnt = 0;
	}
	*h = (struct ui_head){ .pid = best->pid, .was_used = load_of(best) >= HEAD_USED };
}

const struct snap_proc *ui__proc(const struct ui_state *ui)
{
	return header_proc(ui, ui__snap(ui));
}

const struct snap_gil *ui__gil(const struct ui_state *ui, const struct snap_proc *p)
{
	for (size_t i = 0; p && ui->gil >= 0 && i < p->gil_cnt; i++)
		if (p->gils[i].id == (uint32_t)ui->gil)
			return &p->gils[i];
	return p ? snap_proc__busiest_gil(p) : NULL;
}

struct shown_procs ui__shown_procs(const struct ui_state *ui, const struct snapshot *s)
{
	const struct snap_proc *focus = ui->focus_pid ? ui__find_proc(s, ui->focus_pid) : NULL;

	if (focus)
		return (struct shown_procs){ focus, 1 };
	return s ? (struct shown_procs){ s->procs, s->proc_cnt } : (struct shown_procs){ NULL, 0 };
}

bool ui__matches(const char *text, const char *s)
{
	return !*text || strcasestr(s, text);
}

void ui__focus(struct ui_state *ui, uint32_t pid)
{
	ui->focus_pid = pid;
	if (pid) /* and later, without a focus, the header stays with it */
		ui->head = (struct ui_head){ .pid = pid, .was_used = true };
	ui->gil = -1;
	ui->past.cnt = 0;
}

void ui__sort_by(struct ui_state *ui, int col)
{
	if (col < 0 || !thread_columns[col].cmp)
		return;
	ui->sort_col = col;
	ui->sort_desc = thread_columns[col].desc;
}

bool ui__step(const unsigned int *ms, int cnt, int step, uint64_t *ns)
{
	int i = 0;

	while (i < cnt - 1 && ms[i] * 1000000ull < *ns)
		i++;
	i += step;
	if (i < 0 || i >= cnt)
		return false;
	*ns = ms[i] * 1000000ull;
	return true;
}

void ui__refresh(struct ui_state *ui)
{
	struct screen *s = &ui->screens[ui->screen];

	if (s->ops->refresh)
		s->ops->refresh(ui, s);
	if (s->cnt && s->sel >= s->cnt)
		s->sel = s->cnt - 1;
}

void ui__goto(struct ui_state *ui, enum ui_screen screen)
{
	ui->screen = screen;
	if (screen < UI_TAB_CNT)
		ui->tab = screen;
	ui__refresh(ui);
}

void ui__open(struct ui_state *ui, enum ui_screen screen, const struct ui_subject *what)
{
	struct screen *s = &ui->screens[screen];

	s->sel = 0;
	if (s->ops->open)
		s->ops->open(s, what);
	ui__goto(ui, screen);
}

void ui__search(struct ui_state *ui, size_t start)
{
	struct screen *s = &ui->screens[ui->screen];
	char buf[1024];

	ui->search_failed = false;
	if (!*ui->search || !s->ops->text)
		return;
	for (size_t i = 0; i < s->cnt; i++) {
		size_t row = (start + i) % s->cnt;

		s->ops->text(ui, s, row, buf, sizeof(buf));
		if (!ui__matches(ui->search, buf))
			continue;
		s->sel = row;
		if (s->ops->chose)
			s->ops->chose(ui, s, true);
		return;
	}
	ui->search_failed = true;
	snprintf(ui->message, sizeof(ui->message), "not found: %s", ui->search);
}

void ui__pass(struct ui_state *ui, const struct snapshot *interval)
{
	const struct snap_proc *p;

	if (!interval || !interval->proc_cnt)
		return;
	choose_head(ui, interval);
	p = header_proc(ui, interval);
	past__add(&ui->past, p, ui__gil(ui, p));
}

void ui__forget(struct ui_state *ui)
{
	ui->past.cnt = 0;
	ui->head = (struct ui_head){ 0 };
}

void ui__set_paused(struct ui_state *ui, bool paused)
{
	ui->paused = paused;
	ui->player.paused = paused;
	if (!paused)
		ui->scroll_ns = 0;
}

void ui__moved(struct ui_state *ui, uint64_t from_ns, uint64_t at_ns, bool at_end)
{
	player__moved(&ui->player, from_ns, at_ns, at_end);
	ui__set_paused(ui, ui->player.paused);
	ui->scroll_ns = 0;
}

unsigned int ui__keys(const struct ui_state *ui)
{
	unsigned int groups = ui->screens[ui->screen].ops->keys;

	if (groups & KEYS_VIEW)
		groups |= ui->player.on ? KEYS_PLAY : KEYS_LIVE;
	return groups;
}

void ui__update(struct ui_state *ui, const struct snapshot *interval, const struct snapshot *total,
		const struct timeline *timeline)
{
	ui->interval = interval;
	ui->total = total;
	ui->timeline = timeline;
	ui__pass(ui, interval);
	ui__refresh(ui);
	/* What was not found may have come. */
	if (ui->prompt == UI_PROMPT_SEARCH && ui->search_failed) {
		ui->message[0] = '\0';
		ui__search(ui, ui->screens[ui->screen].sel);
		ui__refresh(ui);
	}
}

void ui__set_events(struct ui_state *ui, const struct trigger_list *events)
{
	ui->events = events;
	if (ui->screen == UI_EVENTS || ui->screen == UI_EVENT)
		ui__refresh(ui);
}

void ui__set_total(struct ui_state *ui, const struct snapshot *total)
{
	ui->total = total;
	ui__refresh(ui);
}

void ui__resize(struct ui_state *ui, int h, int w)
{
	ui->h = h < 1 ? 1 : h;
	ui->w = w < 1 ? 1 : w;
	ui__refresh(ui);
}

bool ui__wants_spans(const struct ui_state *ui)
{
	return ui->screens[ui->screen].spans && !layout__frame(ui->h, ui->w).one_line;
}
