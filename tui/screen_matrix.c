/* SPDX-License-Identifier: BSD-2-Clause */
/* screen_matrix.c - who waits for whom: the eight who waited most by the eight who were waited for
 * most, the rest as "other"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/cells.h"
#include "tui/draw.h"
#include "tui/ui.h"
#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/judge/verdict.h"

#define SIDE 8

/* The selected cell. */
struct cursor {
	int row, col;
};

struct axis {
	uint32_t tid[SIDE];
	uint64_t ns[SIDE + 1]; /* the last: other */
	int n;		       /* without other */
	bool other;
};

struct matrix {
	struct axis waiters, holders;
	uint64_t ns[SIDE + 1][SIDE + 1];
	uint64_t sum, max;
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
			ret->ns[SIDE] += tmp[i].ns;
			ret->other = true;
		}
	}
}

static int axis_find(const struct axis *a, uint32_t tid)
{
	for (int i = 0; i < a->n; i++)
		if (a->tid[i] == tid)
			return i;
	return SIDE;
}

/* Nobody is to blame for the hand-over gaps, but they are part of all waiting. */
static void add_gaps(const struct snap_proc *p, struct matrix *m)
{
	uint64_t shown = 0;

	for (size_t i = 0; i < p->thread_cnt; i++) {
		int at = p->threads[i].tid ? axis_find(&m->waiters, p->threads[i].tid) : SIDE;

		m->sum += p->threads[i].wait_ns;
		if (at == SIDE)
			continue;
		m->waiters.ns[at] = p->threads[i].wait_ns;
		shown += p->threads[i].wait_ns;
	}
	m->waiters.ns[SIDE] = m->sum - shown;
}

static bool build(const struct snap_proc *p, struct matrix *m)
{
	__cleanup(freep) struct sum *tmp = p->pair_cnt ? calloc(p->pair_cnt, sizeof(*tmp)) : NULL;

	*m = (struct matrix){ 0 };
	if (!tmp)
		return false;
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
	return m->max > 0;
}

static int axis_len(const struct axis *a)
{
	return a->n + a->other;
}

/* Position on screen to index in the matrix. */
static int axis_index(const struct axis *a, int pos)
{
	return pos < a->n ? pos : SIDE;
}

static void axis_name(const struct snap_proc *p, const struct axis *a, int i, struct sbuf *out)
{
	sbuf__reset(out);
	if (i == SIDE)
		sbuf__puts(out, "other");
	else
		verdict__thread_name(p, a->tid[i], out);
}

static void clamp_cursor(const struct cursor *cur, const struct matrix *m, int *row, int *col)
{
	int rows = axis_len(&m->waiters), cols = axis_len(&m->holders);

	*row = cur->row < rows ? cur->row : rows - 1;
	*col = cur->col < cols ? cur->col : cols - 1;
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
	char buf[UNITS_SZ];
	uint32_t shade = draw__shade(c, m->max ? (double)ns / (double)m->max : 0);

	if (!ns) {
		canvas__puts_right(c, y, x, w, ROLE_DIM, c->unicode ? "·" : ".");
		return;
	}
	canvas__fill(c, (struct rect){ y, x + 1, 1, w > 8 ? 2 : 1 }, ROLE_WAIT, shade);
	canvas__puts_right(c, y, x + 2, w - 2, ROLE_WAIT, units__percent(ns, m->sum, buf));
}

static void draw_grid(const struct cursor *cur, struct canvas *c, struct rect r,
		      const struct snap_proc *p, const struct matrix *m)
{
	__cleanup(sbuf__free) struct sbuf name = { 0 };
	int rows = axis_len(&m->waiters), cols = axis_len(&m->holders),
	    label = r.w >= 100 ? 18 : 13;
	int w = (r.w - label - 8) / (cols ? cols : 1), row, col, left = 0, top = 0, shown;
	char buf[UNITS_SZ];

	clamp_cursor(cur, m, &row, &col);
	w = w > 14 ? 14 : w < 8 ? 8 : w;
	shown = (r.w - label - 8) / w;
	if (shown < cols && col >= shown)
		left = col - shown + 1;
	if (r.h - 2 < rows && row >= r.h - 2)
		top = row - (r.h - 2) + 1;
	canvas__puts(c, r.y, r.x, label, ROLE_HEAD, "WAITER");
	canvas__puts_right(c, r.y, r.x + label + 1, 7, ROLE_HEAD, "ALL%");
	for (int j = left; j < cols && j - left < shown; j++) {
		axis_name(p, &m->holders, axis_index(&m->holders, j), &name);
		draw_name_end(c, r.y, r.x + label + 9 + (j - left) * w, w - 1, ROLE_HEAD,
			      sbuf__str(&name));
	}
	for (int i = top; i < rows && i - top < r.h - 1; i++) {
		int y = r.y + 1 + i - top, wi = axis_index(&m->waiters, i);

		axis_name(p, &m->waiters, wi, &name);
		draw__name(c, y, r.x, label, ROLE_NORMAL, sbuf__str(&name));
		canvas__puts_right(c, y, r.x + label + 1, 7, ROLE_NORMAL,
				   units__percent(m->waiters.ns[wi], m->sum, buf));
		for (int j = left; j < cols && j - left < shown; j++) {
			int x = r.x + label + 9 + (j - left) * w;

			draw_cell(c, y, x, w - 1, m->ns[wi][axis_index(&m->holders, j)], m);
			if (i == row && j == col)
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

/* The selected cell as a pair. */
static struct snap_pair selected_pair(const struct cursor *cur, const struct matrix *m)
{
	int row, col, wi, hi;

	clamp_cursor(cur, m, &row, &col);
	wi = axis_index(&m->waiters, row);
	hi = axis_index(&m->holders, col);
	return (struct snap_pair){ .waiter_tid = wi < SIDE ? m->waiters.tid[wi] : 0,
				   .holder_tid = hi < SIDE ? m->holders.tid[hi] : 0,
				   .ns = m->ns[wi][hi] };
}

static void draw(const struct ui_state *ui, const struct screen *s, struct canvas *c, struct rect r)
{
	const struct snap_proc *p = ui__proc(ui);
	struct snap_pair pair;
	struct matrix m;
	char buf[UNITS_SZ];
	int x;

	x = canvas__puts(c, r.y, r.x, r.w, ROLE_TITLE, "Who blocks whom: rows wait for columns");
	r.y++;
	r.h--;
	if (!p) {
		draw__note(c, r, "waiting for the first data");
		return;
	}
	if (!p->pairs_known) {
		draw__note(c, r, "who waited for whom is not measured here");
		return;
	}
	if (!build(p, &m)) {
		draw__note(c, r, "no thread has waited for another yet");
		return;
	}
	canvas__printf(c, r.y - 1, r.x + x, r.w - x, ROLE_DIM, ", %% of all waiting (%s)",
		       units__duration(m.sum, buf));
	pair = selected_pair(s->state, &m);
	draw_sentence(c, r, p, &pair, ROLE_VERDICT);
	draw_grid(s->state, c, (struct rect){ r.y + 1, r.x, r.h - 1, r.w }, p, &m);
	/* What is left says the same in words, the worst first. */
	r.y += axis_len(&m.waiters) + 3;
	r.h -= axis_len(&m.waiters) + 3;
	for (size_t i = 0; i < p->pair_cnt && (int)i < r.h; i++)
		if (p->pairs[i].ns)
			draw_sentence(c, (struct rect){ r.y + (int)i, r.x, 1, r.w }, p,
				      &p->pairs[i], ROLE_DIM);
}

static enum tui_action key(struct ui_state *ui, struct screen *s, enum key_action action)
{
	const struct snap_proc *p = ui__proc(ui);
	struct cursor *cur = s->state;
	int *row = &cur->row, *col = &cur->col;
	struct matrix m;
	int wi;

	if (!p || !build(p, &m))
		return TUI_NONE;
	clamp_cursor(cur, &m, row, col);
	switch (action) {
	case ACT_UP: *row -= *row > 0; break;
	case ACT_DOWN: *row += *row + 1 < axis_len(&m.waiters); break;
	case ACT_LEFT: *col -= *col > 0; break;
	case ACT_RIGHT: *col += *col + 1 < axis_len(&m.holders); break;
	case ACT_HOME: *row = *col = 0; break;
	case ACT_END: *row = axis_len(&m.waiters) - 1; break;
	case ACT_ENTER:
		wi = axis_index(&m.waiters, *row);
		if (wi != SIDE)
			ui__open(ui, UI_DETAIL,
				 &(struct ui_subject){ .pid = p->pid, .tid = m.waiters.tid[wi] });
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
	.state_sz = sizeof(struct cursor),
	.draw = draw,
	.key = key,
};
