/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/lanes.h"

#include <ctype.h>
#include <string.h>

#include "tui/draw.h"
#include "user/base/units.h"

#define CELL_MAX 512

static struct tl_window window(const struct ui_state *ui, const struct snapshot *s, size_t n)
{
	uint64_t span = ui->zoom_ns, to = s->now_ns;

	to -= ui->scroll_ns < to ? ui->scroll_ns : to;
	return (struct tl_window){ to > span ? to - span : 0, to, n };
}

static bool open_span(const struct snapshot *s, const struct snap_proc *p,
		      const struct snap_thread *t, struct tl_span *ret)
{
	static const enum gt_state states[] = { [SNAP_RELEASED] = GT_RELEASED,
						[SNAP_WAITING] = GT_WAIT,
						[SNAP_HOLDING] = GT_HOLD,
						[SNAP_YIELDING] = GT_YIELD };

	if (t->state > SNAP_YIELDING)
		return false;
	*ret = (struct tl_span){ .start_ns = t->state_ns < s->now_ns ? s->now_ns - t->state_ns : 0,
				 .end_ns = s->now_ns,
				 .tgid = p->pid,
				 .tid = t->tid,
				 .state = states[t->state] };
	if (t->gil < p->gil_cnt)
		ret->gil = p->gils[t->gil].addr;
	return true;
}

/* The last digit of "worker-3", the first letter of "MainThread". */
static char name_letter(const char *name)
{
	size_t len = strlen(name);

	if (len && isdigit((unsigned char)name[len - 1]))
		return name[len - 1];
	return len && isalpha((unsigned char)name[0]) ? (char)toupper((unsigned char)name[0]) : '+';
}

/* One letter a thread; if it is taken another letter of the name, and '+' if all are. */
static void name_letters(const struct column_row *rows, size_t n, char *ret)
{
	bool taken[128] = { ['+'] = true };

	for (size_t i = 0; i < n; i++) {
		const char *name = rows[i].thread->name;
		char want = name_letter(name);

		for (size_t k = 0; name[k] && taken[(unsigned char)want & 127]; k++)
			if (isalnum((unsigned char)name[k]))
				want = name[k];
		for (char l = 'a'; l <= 'z' && taken[(unsigned char)want & 127]; l++)
			want = l;
		ret[i] = taken[(unsigned char)want & 127] ? '+' : want;
		taken[(unsigned char)want & 127] = true;
	}
}

/* A thread that has no row here goes by the letter of its name if no other has that, else by '+'. */
static char stranger_letter(const struct snap_proc *p, uint32_t tid, const char *letters, size_t n)
{
	const struct snap_thread *t = snap_proc__thread(p, tid);
	char l = t ? name_letter(t->name) : '+';

	for (size_t i = 0; i < p->thread_cnt && l != '+'; i++)
		if (p->threads[i].tid != tid && name_letter(p->threads[i].name) == l)
			l = '+';
	return memchr(letters, l, n) ? '+' : l;
}

/* Hardly a cell has an owner although the GIL was in use: an empty row would say that it was free. */
static void draw_short_holds(const struct ui_state *ui, struct canvas *c, int y, int x,
			     const struct tl_window *w, size_t owned, double used)
{
	uint64_t from = timeline__known_from(ui->timeline);
	double known = from < w->from_ns ? 1
		       : from < w->to_ns
			       ? (double)(w->to_ns - from) / (double)(w->to_ns - w->from_ns)
			       : 0;
	double cells = known * (double)w->n;
	char buf[UNITS_SZ];

	if (used > 0.1 && cells >= 16 && (double)owned < cells * used / 4)
		canvas__printf(c, y, x, (int)w->n, ROLE_DIM,
			       "most holds were shorter than %s: too short to draw",
			       units__duration(timeline__min_ns(ui->timeline), buf));
}

static void draw_owner(const struct ui_state *ui, struct canvas *c, int y, int x,
		       const struct tl_window *w, const struct column_row *rows, size_t n,
		       const char *letters)
{
	const struct snapshot *s = ui__snap(ui);
	const struct snap_proc *p = ui__proc(ui);
	const struct snap_gil *g = ui__gil(ui, p);
	const struct snap_thread *holder;
	uint32_t owner[CELL_MAX];
	struct tl_span open;
	size_t owned = 0;
	char last = '+';
	bool has_open;

	if (!g)
		return;
	holder = g->holder_tid != TID_UNKNOWN ? snap_proc__thread(p, g->holder_tid) : NULL;
	has_open = holder && holder->state == SNAP_HOLDING && open_span(s, p, holder, &open);
	if (timeline__owner(ui->timeline, p->pid, g->addr, has_open ? &open : NULL, w, owner))
		return;
	for (size_t i = 0; i < w->n; i++) {
		char l = '\0';

		if (!owner[i])
			continue;
		for (size_t k = 0; k < n; k++)
			if (rows[k].thread->tid == owner[i])
				l = letters[k];
		if (!l)
			l = i && owner[i] == owner[i - 1]
				    ? last
				    : stranger_letter(p, owner[i], letters, n);
		last = l;
		owned++;
		canvas__put(c, y, x + (int)i, ROLE_HOLD, (unsigned char)l);
	}
	if (!owned && p->span_ns && !g->observed_ns)
		canvas__puts(c, y, x, (int)w->n, ROLE_DIM, "holds are not seen in light mode");
	else if (g->observed_ns >= p->span_ns)
		draw_short_holds(ui, c, y, x, w, owned, snap_gil__utilization(g));
}

static void draw_thread(const struct ui_state *ui, struct canvas *c, int y, int x,
			const struct tl_window *w, const struct column_row *r)
{
	enum tl_cell cells[CELL_MAX];
	const struct snap_thread *all = r->thread;
	const struct snap_proc *p = ui->total ? ui__find_proc(ui->total, r->proc->pid) : NULL;
	const struct snapshot *s = r->snap;
	struct tl_span open;
	bool has_open = open_span(s, r->proc, r->thread, &open);
	uint64_t first;

	/* How long it has been known the total says best; what is not running now ended since. */
	if (p && snap_proc__thread(p, r->thread->tid))
		all = snap_proc__thread(p, r->thread->tid);
	first = all->span_ns < s->now_ns ? s->now_ns - all->span_ns : 0;
	if (snap_thread__is_over(r->thread))
		first -= r->thread->state_ns < first ? r->thread->state_ns : first;
	timeline__row(ui->timeline, r->thread->tid, has_open ? &open : NULL, first, w, cells);
	/* Where it does not wait it may hold. */
	for (size_t i = 0;
	     r->proc->span_ns && !snap_thread__all_seen(r->thread, r->proc) && i < w->n; i++)
		cells[i] = cells[i] == TL_RELEASED ? TL_NONE : cells[i];
	for (size_t i = 0; snap_thread__is_over(r->thread) && i < w->n; i++) {
		uint64_t at = w->from_ns + (w->to_ns - w->from_ns) * i / w->n;

		if (at + r->thread->state_ns >= s->now_ns)
			cells[i] = TL_NONE;
	}
	draw__cells(c, y, x, cells, w->n);
}

void lanes__draw(const struct ui_state *ui, struct canvas *c, struct rect r,
		 const struct column_row *rows, size_t row_cnt, long selected)
{
	const struct snapshot *s = ui__snap(ui);
	int label = r.w >= 100 ? 16 : 12;
	struct tl_window w;
	char letters[CELL_MAX], buf[UNITS_SZ];
	size_t n = (size_t)(r.w > label + 3 ? r.w - label - 3 : 0);

	if (!s || !n || r.h < 2)
		return;
	if (n > CELL_MAX)
		n = CELL_MAX;
	if (row_cnt > (size_t)r.h - 1)
		row_cnt = (size_t)r.h - 1;
	if (row_cnt > CELL_MAX)
		row_cnt = CELL_MAX;
	w = window(ui, s, n);
	units__duration(ui->zoom_ns, buf);
	canvas__printf(c, r.y, r.x, label + 2, ROLE_DIM, "owner, %s", buf);
	name_letters(rows, row_cnt, letters);
	if (!ui->timeline || timeline__known_from(ui->timeline) == UINT64_MAX)
		canvas__puts(c, r.y, r.x + label + 3, -1, ROLE_DIM,
			     ui->player.on ? "the recording has no hand-overs one by one"
					   : "waiting for the first hand-overs");
	else
		draw_owner(ui, c, r.y, r.x + label + 3, &w, rows, row_cnt, letters);
	for (size_t i = 0; i < row_cnt; i++) {
		int y = r.y + 1 + (int)i;

		canvas__printf(c, y, r.x, 1, ROLE_HOLD, "%c", letters[i]);
		draw__name(c, y, r.x + 2, label,
			   snap_thread__is_over(rows[i].thread) ? ROLE_DIM : ROLE_NORMAL,
			   rows[i].thread->tid ? rows[i].thread->name : "ended");
		if (ui->timeline && rows[i].thread->tid)
			draw_thread(ui, c, y, r.x + label + 3, &w, &rows[i]);
		if ((long)i == selected)
			canvas__select(c, y, r.x, label + 2);
	}
}
