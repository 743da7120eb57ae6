/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/ui.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/cells.h"
#include "tui/layout.h"
#include "user/base/util.h"
#include "user/judge/verdict.h"

const struct screen_ops *const ui_screens[UI_SCREEN_CNT] = {
	[UI_THREADS] = &screen_threads, [UI_TIMELINE] = &screen_timeline,
	[UI_BLAME] = &screen_blame,	[UI_MATRIX] = &screen_matrix,
	[UI_LATENCY] = &screen_latency, [UI_PROCS] = &screen_procs,
	[UI_DETAIL] = &screen_detail,	[UI_TREE] = &screen_tree,
	[UI_PICK] = &screen_pick,
};

int ui__init(struct ui_state *ui, const struct tui_opts *opts, bool unicode)
{
	int sort = opts->sort ? columns__find(opts->sort) : -1;

	*ui = (struct ui_state){ .h = 24,
				 .w = 80,
				 .unicode = unicode,
				 .pane = !opts->no_pane,
				 .interval_ns = opts->interval_ns ? opts->interval_ns : 1000000000u,
				 .gil = -1,
				 .tids = opts->tids,
				 .tid_cnt = opts->tid_cnt,
				 .limit = opts->limit,
				 .zoom = 6,
				 .kind = SNAP_STACK_BLAME };
	if (opts->screen >= 1 && opts->screen <= UI_TAB_CNT)
		ui->screen = (enum ui_screen)(opts->screen - 1);
	if (sort < 0 || !thread_columns[sort].cmp)
		sort = columns__find("delay");
	ui->sort_col = sort;
	ui->sort_desc = thread_columns[sort].desc;
	return 0;
}

void ui__deinit(struct ui_state *ui)
{
	free(ui->rows);
	stack_table__free(&ui->stacks);
	stack_tree__free(&ui->tree);
	*ui = (struct ui_state){ 0 };
}

const struct snapshot *ui__snap(const struct ui_state *ui)
{
	if (ui->cumulative && ui->total)
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

static const struct snap_proc *header_proc(const struct ui_state *ui, const struct snapshot *s)
{
	const struct snap_proc *best = ui->focus_pid ? ui__find_proc(s, ui->focus_pid) : NULL;
	double best_load = -1;

	for (size_t i = 0; s && !best && i < s->proc_cnt; i++) {
		const struct snap_gil *g = verdict__busiest_gil(&s->procs[i]);
		double load = g ? snap_gil__load(g, s->procs[i].span_ns) : 0;

		best_load = load > best_load ? load : best_load;
	}
	for (size_t i = 0; s && !best && i < s->proc_cnt; i++) {
		const struct snap_gil *g = verdict__busiest_gil(&s->procs[i]);

		if ((g ? snap_gil__load(g, s->procs[i].span_ns) : 0) >= best_load)
			best = &s->procs[i];
	}
	return best;
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
	return p ? verdict__busiest_gil(p) : NULL;
}

void ui__shown_procs(const struct ui_state *ui, const struct snap_proc **ret, size_t *ret_cnt)
{
	const struct snapshot *s = ui__snap(ui);
	const struct snap_proc *focus = ui->focus_pid ? ui__find_proc(s, ui->focus_pid) : NULL;

	*ret = focus ? focus : s ? s->procs : NULL;
	*ret_cnt = focus ? 1 : s ? s->proc_cnt : 0;
}

bool ui__matches(const char *text, const char *s)
{
	return !*text || strcasestr(s, text);
}

const struct snap_thread *ui__detail_thread(const struct ui_state *ui, const struct snapshot *s,
					    const struct snap_proc **ret_proc)
{
	const struct snap_proc *p = ui__find_proc(s, ui->detail_pid);

	*ret_proc = p;
	for (size_t i = 0; p && i < p->thread_cnt; i++)
		if (p->threads[i].tid == ui->detail_tid)
			return &p->threads[i];
	return NULL;
}

void ui__sum_hist(const struct snap_proc *p, const struct snap_gil *g, bool hold,
		  struct gt_hist *ret)
{
	*ret = (struct gt_hist){ 0 };
	for (size_t i = 0; p && i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i];
		const struct gt_hist *h = hold ? t->hold_hist : t->wait_hist;

		if (!h || (g && (t->gil >= p->gil_cnt || &p->gils[t->gil] != g)))
			continue;
		for (size_t b = 0; b < GT_HIST_BUCKETS; b++)
			ret->cnt[b] += h->cnt[b];
	}
}

size_t ui__octave(unsigned int bucket)
{
	if (!bucket)
		return 0;
	return bucket == GT_HIST_BUCKETS - 1 ? UI_OCTAVES - 1
					     : 1 + ((bucket - 1) >> GT_HIST_SUB_BITS);
}

const struct ui_past *ui__past(const struct ui_state *ui, size_t i)
{
	return &ui->past[(ui->past_next + UI_PAST - 1 - i) % UI_PAST];
}

/* One more interval of the past, for the sparklines and the heat map. */
static void remember(struct ui_state *ui)
{
	const struct snap_proc *p = header_proc(ui, ui->interval);
	const struct snap_gil *g = ui__gil(ui, p);
	struct ui_past *past = &ui->past[ui->past_next];
	struct gt_hist h;

	*past = (struct ui_past){ .held = -1, .waiting = -1 };
	if (g && p->span_ns) {
		past->held = (float)snap_gil__utilization(g, p->span_ns);
		past->waiting = (float)((double)g->wait_ns / (double)p->span_ns);
		ui__sum_hist(p, g, false, &h);
		for (unsigned int b = 0; b < GT_HIST_BUCKETS; b++)
			past->waits[ui__octave(b)] += h.cnt[b];
	}
	ui->past_next = (ui->past_next + 1) % UI_PAST;
	ui->past_cnt += ui->past_cnt < UI_PAST;
}

void ui__update(struct ui_state *ui, const struct snapshot *interval, const struct snapshot *total,
		const struct timeline *timeline)
{
	bool fresh = interval && interval->proc_cnt;

	ui->interval = interval;
	ui->total = total;
	ui->timeline = timeline;
	if (fresh)
		remember(ui);
	ui__refresh(ui);
	/* What was not found may have come. */
	if (ui->prompt == UI_PROMPT_SEARCH && ui->search_failed) {
		ui__search_again(ui);
		ui__refresh(ui);
	}
}

void ui__resize(struct ui_state *ui, int h, int w)
{
	ui->h = h < 1 ? 1 : h;
	ui->w = w < 1 ? 1 : w;
	ui__refresh(ui);
}

void ui__message(struct ui_state *ui, const char *text)
{
	snprintf(ui->message, sizeof(ui->message), "%s", text);
}

size_t ui__row_cnt(const struct ui_state *ui)
{
	const struct screen_ops *ops = ui_screens[ui->screen];

	return ops->rows ? ops->rows(ui) : 0;
}

/* ---- rows of threads ---- */

static int cmp_rows(const void *a, const void *b, void *ctx)
{
	const struct ui_state *ui = ctx;
	const struct column_row *x = a, *y = b;

	if (ui->grouped && x->proc->pid != y->proc->pid)
		return x->proc->pid < y->proc->pid ? -1 : 1;
	return columns__compare(&thread_columns[ui->sort_col], ui->sort_desc, x, y);
}

static uint64_t activity(const struct snap_thread *t)
{
	return t->wait_ns + t->yield_ns + t->hold_ns;
}

static int cmp_activity(const void *a, const void *b)
{
	const struct column_row *x = a, *y = b;
	uint64_t u = activity(x->thread), v = activity(y->thread);

	if (u != v)
		return u > v ? -1 : 1;
	return x->thread->tid < y->thread->tid ? -1 : x->thread->tid > y->thread->tid;
}

static int cmp_tid(const void *a, const void *b)
{
	const struct column_row *x = a, *y = b;

	if (x->proc->pid != y->proc->pid)
		return x->proc->pid < y->proc->pid ? -1 : 1;
	return x->thread->tid < y->thread->tid ? -1 : x->thread->tid > y->thread->tid;
}

/* -l: the first ones of each process. */
static void limit_rows(struct ui_state *ui, const struct snapshot *s)
{
	__cleanup(freep) size_t *shown = ui->limit ? calloc(s->proc_cnt, sizeof(*shown)) : NULL;
	size_t n = 0;

	for (size_t i = 0; shown && i < ui->row_cnt; i++)
		if (shown[ui->rows[i].proc - s->procs]++ < ui->limit)
			ui->rows[n++] = ui->rows[i];
	if (shown)
		ui->row_cnt = n;
}

/* On the timeline rows must not change places all the time: the most active ones of the whole run come
 * on the first page, and within a page the order is that of the thread ids.
 */
static void order_timeline(struct ui_state *ui, const struct snapshot *s)
{
	size_t page = ui->h > 12 ? (size_t)ui->h - 10 : 2;

	qsort(ui->rows, ui->row_cnt, sizeof(*ui->rows), cmp_activity);
	limit_rows(ui, s);
	for (size_t i = 0; i < ui->row_cnt; i += page)
		qsort(ui->rows + i, ui->row_cnt - i < page ? ui->row_cnt - i : page,
		      sizeof(*ui->rows), cmp_tid);
}

static bool row_matches(const struct ui_state *ui, const struct column_row *r)
{
	char at[512], text[1024];
	bool wanted = !ui->tid_cnt;

	for (size_t i = 0; i < ui->tid_cnt && !wanted; i++)
		wanted = ui->tids[i] == r->thread->tid;
	if (!wanted || !*ui->filter)
		return wanted;
	columns__frame(r->thread->at, at, sizeof(at));
	snprintf(text, sizeof(text), "%u %s %s %s", r->thread->tid, r->thread->name, at,
		 r->proc->comm);
	return ui__matches(ui->filter, text);
}

/* It ended before what the timeline shows. */
static bool is_past(const struct ui_state *ui, const struct snap_thread *t)
{
	return !t->tid ||
	       (t->state == SNAP_EXITED && t->state_ns > ui__zoom_ns(ui) + ui->scroll_ns);
}

static void build_rows(struct ui_state *ui)
{
	const struct snapshot *s = ui__snap(ui);
	const struct snap_proc *focus;

	if (ui->screen == UI_TIMELINE && ui->total)
		s = ui->total;
	focus = ui->focus_pid ? ui__find_proc(s, ui->focus_pid) : NULL;
	ui->row_cnt = 0;
	for (size_t p = 0; s && p < s->proc_cnt; p++) {
		if (focus && focus != &s->procs[p])
			continue;
		for (size_t i = 0; i < s->procs[p].thread_cnt; i++) {
			struct column_row r;

			if (ui->screen == UI_TIMELINE && is_past(ui, &s->procs[p].threads[i]))
				continue;
			column_row__init(&r, s, &s->procs[p], &s->procs[p].threads[i]);
			if (!row_matches(ui, &r))
				continue;
			if (array_grow(&ui->rows, ui->row_cnt, &ui->row_cap, sizeof(r)))
				return;
			ui->rows[ui->row_cnt++] = r;
		}
	}
	if (!ui->row_cnt)
		return;
	if (ui->screen == UI_TIMELINE) {
		order_timeline(ui, s);
		return;
	}
	qsort_r(ui->rows, ui->row_cnt, sizeof(*ui->rows), cmp_rows, ui);
	limit_rows(ui, s);
}

static void follow_selection(struct ui_state *ui)
{
	size_t *sel = &ui->sel[ui->screen];

	for (size_t i = 0; ui->sel_set && i < ui->row_cnt; i++) {
		if (ui->rows[i].proc->pid == ui->sel_pid &&
		    ui->rows[i].thread->tid == ui->sel_tid) {
			*sel = i;
			return;
		}
	}
	if (*sel >= ui->row_cnt)
		*sel = ui->row_cnt ? ui->row_cnt - 1 : 0;
}

void ui__pin(struct ui_state *ui)
{
	size_t sel = ui->sel[ui->screen];

	if ((ui->screen != UI_THREADS && ui->screen != UI_TIMELINE) || sel >= ui->row_cnt)
		return;
	/* Back at the top, it is the top that is of interest again, not this thread. */
	ui->sel_set = sel > 0 || ui->screen == UI_TIMELINE;
	ui->sel_pid = ui->rows[sel].proc->pid;
	ui->sel_tid = ui->rows[sel].thread->tid;
}

void ui__refresh(struct ui_state *ui)
{
	const struct snap_proc *procs;
	size_t proc_cnt, n;

	build_rows(ui);
	ui__shown_procs(ui, &procs, &proc_cnt);
	if (ui->screen == UI_BLAME)
		stack_table__build(&ui->stacks, procs, proc_cnt, ui->kind, ui->view, 0);
	if (ui->screen == UI_THREADS)
		stack_table__build(&ui->stacks, procs, proc_cnt, SNAP_STACK_BLAME, STACKS_BY_LINE,
				   0);
	if (ui->screen == UI_TREE)
		stack_tree__build(&ui->tree, procs, proc_cnt, ui->kind,
				  ui->tree_frame.name ? &ui->tree_frame : NULL, 0);
	if (ui->screen == UI_THREADS || ui->screen == UI_TIMELINE) {
		follow_selection(ui);
		return;
	}
	n = ui__row_cnt(ui);
	if (n && ui->sel[ui->screen] >= n)
		ui->sel[ui->screen] = n - 1;
}

void ui__goto(struct ui_state *ui, enum ui_screen screen)
{
	if (screen >= UI_TAB_CNT && ui->screen != screen) {
		ui->back = ui->screen;
		ui->sel[screen] = 0;
	}
	ui->screen = screen;
	ui__refresh(ui);
}

bool ui__wants_spans(const struct ui_state *ui)
{
	struct layout l = layout__frame(ui->h, ui->w);

	if (l.one_line)
		return false;
	if (ui->screen == UI_TIMELINE)
		return true;
	return ui->screen == UI_THREADS && ui->pane &&
	       layout__pane_threads(l.body.h, ui->row_cnt) > 0;
}
