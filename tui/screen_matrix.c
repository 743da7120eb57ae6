/* SPDX-License-Identifier: BSD-2-Clause */
/* screen_matrix.c - who waits for whom: the eight who waited most by the eight who were waited for
 * most, the rest as "other"
 */
#include <stdlib.h>

#include "tui/cells.h"
#include "tui/draw.h"
#include "tui/ui.h"
#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/judge/verdict.h"

#define SIDE 8

struct axis {
	uint32_t tid[SIDE + 1]; /* 0: other; it comes last */
	uint64_t ns[SIDE + 1];
	int n;
};

struct matrix {
	struct axis waiters, holders;
	uint64_t ns[SIDE + 1][SIDE + 1];
	uint64_t sum, max; /* max 0: there is nothing to show */
};

struct state {
	struct matrix m;
	int row, col;		/* the selected cell */
	int want_row, want_col; /* what the user chose, which may not be there just now */
};

struct sum {
	uint32_t tid;
	uint64_t ns;
};

static int cmp_tid(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static int cmp_ns(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	return x->ns > y->ns ? -1 : x->ns < y->ns ? 1 : cmp_tid(a, b);
}

/* The SIDE threads with the largest sums; thread 0 is "other" by itself. */
static void fill_axis(const struct snap_proc *p, bool holders, struct sum *tmp, struct axis *ret)
{
	size_t n = 0, m = 0;
	uint64_t rest = 0;
	bool other = false;

	for (size_t i = 0; i < p->pair_cnt; i++) {
		const struct snap_pair *pair = &p->pairs[i];

		tmp[n++] = (struct sum){ holders ? pair->holder_tid : pair->waiter_tid, pair->ns };
	}
	qsort(tmp, n, sizeof(*tmp), cmp_tid);
	for (size_t i = 0; i < n; i++) {
		if (m && tmp[m - 1].tid == tmp[i].tid)
			tmp[m - 1].ns += tmp[i].ns;
		else
			tmp[m++] = tmp[i];
	}
	qsort(tmp, m, sizeof(*tmp), cmp_ns);
	for (size_t i = 0; i < m; i++) {
		if (tmp[i].tid && ret->n < SIDE) {
			ret->tid[ret->n] = tmp[i].tid;
			ret->ns[ret->n++] = tmp[i].ns;
		} else {
			rest += tmp[i].ns;
			other = true;
		}
	}
	if (other)
		ret->ns[ret->n++] = rest;
}

static int axis_find(const struct axis *a, uint32_t tid)
{
	for (int i = 0; i < a->n; i++)
		if (a->tid[i] == tid)
			return i;
	return a->n - 1;
}

/* Nobody is to blame for the hand-over gaps, but they are part of all waiting. */
static void add_gaps(const struct snap_proc *p, struct matrix *m)
{
	struct axis *a = &m->waiters;
	uint64_t shown = 0;

	for (size_t i = 0; i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i];
		int at = axis_find(a, t->tid);

		m->sum += t->wait_ns;
		if (!t->tid || a->tid[at] != t->tid)
			continue;
		a->ns[at] = t->wait_ns;
		shown += t->wait_ns;
	}
	if (!a->tid[a->n - 1])
		a->ns[a->n - 1] = m->sum - shown;
}

static void build(const struct snap_proc *p, struct matrix *m)
{
	__cleanup(freep) struct sum *tmp = p->pair_cnt ? calloc(p->pair_cnt, sizeof(*tmp)) : NULL;

	if (!tmp)
		return;
	fill_axis(p, false, tmp, &m->waiters);
	fill_axis(p, true, tmp, &m->holders);
	for (size_t i = 0; i < p->pair_cnt; i++) {
		const struct snap_pair *pair = &p->pairs[i];
		uint64_t *cell = &m->ns[axis_find(&m->waiters, pair->waiter_tid)]
				       [axis_find(&m->holders, pair->holder_tid)];

		*cell += pair->ns;
		m->max = *cell > m->max ? *cell : m->max;
	}
	add_gaps(p, m);
}

static void axis_name(const struct snap_proc *p, uint32_t tid, struct sbuf *out)
{
	sbuf__reset(out);
	if (tid)
		verdict__thread_name(p, tid, out);
	else
		sbuf__puts(out, "other");
}

/* Thread names are alike at their beginning ("ThreadPoolExecutor-0_12"): the end tells them apart. */
static void draw_name_end(struct canvas *c, int y, int x, int w, enum role role, const char *name)
{
	int full = cells__width(name, c->unicode), skip_w;
	const char *s = name;

	if (full <= w) {
		canvas__puts_right(c, y, x, w, role, name);
		return;
	}
	for (full = full + 1; full > w && *s; full -= skip_w)
		cells__next(&s, c->unicode, &skip_w);
	canvas__puts(c, y, x, 1, role, "~");
	canvas__puts(c, y, x + 1, w - 1, role, s);
}

static void draw_cell(struct canvas *c, int y, int x, int w, uint64_t ns, const struct matrix *m)
{
	uint32_t shade = draw__shade(c, m->max ? (double)ns / (double)m->max : 0);

	if (!ns) {
		canvas__puts_right(c, y, x, w, ROLE_DIM, c->unicode ? "·" : ".");
		return;
	}
	canvas__fill(c, (struct rect){ y, x + 1, 1, w > 8 ? 2 : 1 }, ROLE_WAIT, shade);
	draw__percent(c, y, x + 2, w - 2, ROLE_WAIT, ns, m->sum);
}

static void draw_grid(const struct state *st, struct canvas *c, struct rect r,
		      const struct snap_proc *p)
{
	__cleanup(sbuf__free) struct sbuf name = { 0 };
	const struct matrix *m = &st->m;
	int rows = m->waiters.n, cols = m->holders.n, label = r.w >= 100 ? 18 : 13;
	int w = (r.w - label - 8) / cols, left = 0, top = 0, shown;

	w = w > 14 ? 14 : w < 8 ? 8 : w;
	shown = (r.w - label - 8) / w;
	if (shown < cols && st->col >= shown)
		left = st->col - shown + 1;
	if (r.h - 2 < rows && st->row >= r.h - 2)
		top = st->row - (r.h - 2) + 1;
	canvas__puts(c, r.y, r.x, label, ROLE_HEAD, "WAITER");
	canvas__puts_right(c, r.y, r.x + label + 1, 7, ROLE_HEAD, "ALL%");
	for (int j = left; j < cols && j - left < shown; j++) {
		axis_name(p, m->holders.tid[j], &name);
		draw_name_end(c, r.y, r.x + label + 9 + (j - left) * w, w - 1, ROLE_HEAD,
			      sbuf__str(&name));
	}
	for (int i = top; i < rows && i - top < r.h - 1; i++) {
		int y = r.y + 1 + i - top;

		axis_name(p, m->waiters.tid[i], &name);
		draw__name(c, y, r.x, label, ROLE_NORMAL, sbuf__str(&name));
		draw__percent(c, y, r.x + label + 1, 7, ROLE_NORMAL, m->waiters.ns[i], m->sum);
		for (int j = left; j < cols && j - left < shown; j++) {
			int x = r.x + label + 9 + (j - left) * w;

			draw_cell(c, y, x, w - 1, m->ns[i][j], m);
			if (i == st->row && j == st->col)
				canvas__select(c, y, x, w - 1);
		}
	}
}

static void draw_sentence(struct canvas *c, struct rect r, const struct snap_proc *p,
			  const struct snap_pair *pair, enum role role)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };

	for (int d = VERDICT_FULL; d < VERDICT_DETAIL_CNT; d++) {
		sbuf__reset(&text);
		verdict__pair(p, pair, (enum verdict_detail)d, &text);
		if (cells__width(sbuf__str(&text), c->unicode) <= r.w)
			break;
	}
	canvas__puts(c, r.y, r.x, r.w, role, sbuf__str(&text));
}

static void draw(const struct ui_state *ui, const struct screen *s, struct canvas *c, struct rect r)
{
	const struct snap_proc *p = ui__proc(ui);
	const struct state *st = s->state;
	const struct matrix *m = &st->m;
	char buf[UNITS_SZ];
	int x;

	x = canvas__puts(c, r.y, r.x, r.w, ROLE_TITLE, "Who blocks whom: rows wait for columns");
	if (!p || !p->pairs_known || !m->max) {
		draw__note(c, rect__below(r, 1),
			   !p		     ? "waiting for the first data"
			   : !p->pairs_known ? "who waited for whom is not measured here"
					     : "no thread has waited for another yet");
		return;
	}
	canvas__printf(c, r.y, r.x + x, r.w - x, ROLE_DIM, ", %% of all waiting (%s)",
		       units__duration(m->sum, buf));
	draw_sentence(c, rect__below(r, 1), p,
		      &(struct snap_pair){ .waiter_tid = m->waiters.tid[st->row],
					   .holder_tid = m->holders.tid[st->col],
					   .ns = m->ns[st->row][st->col] },
		      ROLE_VERDICT);
	draw_grid(st, c, rect__below(r, 2), p);
	/* What is left says the same in words, the worst first. */
	r = rect__below(r, m->waiters.n + 4);
	for (size_t i = 0; i < p->pair_cnt && (int)i < r.h; i++)
		if (p->pairs[i].ns)
			draw_sentence(c, rect__below(r, (int)i), p, &p->pairs[i], ROLE_DIM);
}

static void refresh(struct ui_state *ui, struct screen *s)
{
	const struct snap_proc *p = ui__proc(ui);
	struct state *st = s->state;
	int rows, cols;

	st->m = (struct matrix){ 0 };
	if (p)
		build(p, &st->m);
	rows = st->m.waiters.n;
	cols = st->m.holders.n;
	st->row = st->want_row < rows ? st->want_row : rows - 1;
	st->col = st->want_col < cols ? st->want_col : cols - 1;
}

static enum tui_action key(struct ui_state *ui, struct screen *s, enum key_action action)
{
	struct state *st = s->state;
	int *row = &st->want_row, *col = &st->want_col;
	uint32_t waiter;

	if (!st->m.max)
		return TUI_NONE;
	*row = st->row;
	*col = st->col;
	waiter = st->m.waiters.tid[*row];
	switch (action) {
	case ACT_UP: *row -= *row > 0; break;
	case ACT_DOWN: *row += *row + 1 < st->m.waiters.n; break;
	case ACT_LEFT: *col -= *col > 0; break;
	case ACT_RIGHT: *col += *col + 1 < st->m.holders.n; break;
	case ACT_HOME: *row = *col = 0; break;
	case ACT_END: *row = st->m.waiters.n - 1; break;
	case ACT_ENTER:
		if (waiter)
			ui__open(ui, UI_DETAIL,
				 &(struct ui_subject){ .pid = ui__proc(ui)->pid, .tid = waiter });
		break;
	default: return TUI_NONE;
	}
	return TUI_HANDLED;
}

const struct screen_ops screen_matrix = {
	.name = "who-blocks-whom",
	.short_name = "who",
	.help = "who blocks whom: waiters by holders",
	.keys = KEYS_VIEW | KEYS_OPEN | KEYS_ACROSS,
	.state_sz = sizeof(struct state),
	.refresh = refresh,
	.draw = draw,
	.key = key,
};
