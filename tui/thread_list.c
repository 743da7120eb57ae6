/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/thread_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/cells.h"
#include "tui/layout.h"
#include "user/base/hmap.h"
#include "user/base/util.h"
#include "user/picture/pools.h"

/* What a search or a filter looks at. */
static void row_text(const struct column_row *r, char *buf, size_t sz)
{
	const struct snap_thread *t = r->thread;
	char waits[512], blocks[512], tid[16] = "";

	columns__frame(t->wait_at, waits, sizeof(waits));
	columns__frame(t->blame_at, blocks, sizeof(blocks));
	if (!snap_thread__is_fold(t))
		snprintf(tid, sizeof(tid), "%u", t->tid);
	snprintf(buf, sz, "%s %s %s %s", tid, t->name, waits, blocks);
}

static bool row_matches(const struct ui_state *ui, const struct column_row *r)
{
	char text[1200];
	bool wanted = !ui->tid_cnt;

	for (size_t i = 0; i < ui->tid_cnt && !wanted; i++)
		wanted = ui->tids[i] == r->thread->tid;
	if (!wanted || !*ui->filter)
		return wanted;
	row_text(r, text, sizeof(text));
	return ui__matches(ui->filter, text) || ui__matches(ui->filter, r->proc->comm);
}

static uint64_t pool_id(const struct snap_proc *p, const char *name)
{
	return hash_bytes(hash_bytes(HASH_START, &p->pid, sizeof(p->pid)), name, strlen(name));
}

/* What a row is known by from one picture to the next. */
static uint64_t row_id(const struct column_row *r)
{
	const struct snap_thread *t = r->thread;

	return !t->folded_cnt ? t->tid : pool_id(r->proc, t->name) | 1ull << 63;
}

struct asked {
	const struct ui_state *ui;
	const struct snap_proc *proc;
};

/* What the user has said of this pool, else what holds for all. */
static enum group group_of(const void *ctx, const struct snap_pool *pool, enum group how)
{
	const struct asked *a = ctx;
	uint64_t id = pool_id(a->proc, pool->name);

	for (size_t i = 0; i < UI_FOLDS; i++)
		if (a->ui->folds[i].pool == id)
			return (enum group)a->ui->folds[i].how;
	return how;
}

void thread_list__fold(struct ui_state *ui, const struct screen *s)
{
	const struct thread_list *l = s->state;
	const struct column_row *r = s->sel < l->cnt ? &l->rows[s->sel] : NULL;
	const struct snap_pool *pool = r ? snap_proc__pool(r->proc, r->thread) : NULL;
	struct ui_fold *f = &ui->folds[ui->fold_next % UI_FOLDS];
	uint64_t id;

	if (!pool || pool->cnt < 2) {
		snprintf(ui->message, sizeof(ui->message), "this thread is alone in its pool");
		return;
	}
	id = pool_id(r->proc, pool->name);
	for (size_t i = 0; i < UI_FOLDS; i++)
		if (ui->folds[i].pool == id)
			f = &ui->folds[i];
	ui->fold_next += f->pool != id;
	f->pool = id;
	f->how = r->thread->folded_cnt ? GROUP_NONE : GROUP_POOL;
	/* The selection stays with what was opened or closed. */
	ui->sel_set = true;
	ui->sel_pid = r->proc->pid;
	ui->sel_id = f->how == GROUP_POOL ? id | 1ull << 63 : 0;
}

void thread_list__collect(struct thread_list *l, const struct ui_state *ui,
			  const struct snapshot *s, enum group how)
{
	struct shown_procs shown = ui__shown_procs(ui, s);

	l->cnt = 0;
	for (size_t p = 0; p < shown.cnt; p++) {
		const struct snap_proc *proc = &shown.procs[p];
		const struct asked asked = { ui, proc };
		__cleanup(freep) const struct snap_thread **rows =
			calloc(proc->thread_cnt + proc->pool_cnt + 1, sizeof(*rows));
		size_t cnt = 0;

		/* Threads of -t are asked for one by one. */
		if (rows)
			cnt = pools__rows(proc, ui->tid_cnt ? GROUP_NONE : how,
					  how == GROUP_NONE ? NULL : group_of, &asked, rows);
		for (size_t i = 0; i < cnt; i++) {
			struct column_row r;

			column_row__init(&r, s, proc, rows[i]);
			if (!row_matches(ui, &r))
				continue;
			if (array_grow(&l->rows, l->cnt, &l->cap, sizeof(r)))
				return;
			l->rows[l->cnt++] = r;
		}
	}
}

void thread_list__limit(struct thread_list *l, const struct ui_state *ui)
{
	const struct snapshot *s = l->cnt ? l->rows[0].snap : NULL;
	__cleanup(freep) size_t *shown =
		s && ui->limit ? calloc(s->proc_cnt, sizeof(*shown)) : NULL;
	size_t n = 0;

	for (size_t i = 0; shown && i < l->cnt; i++)
		if (shown[l->rows[i].proc - s->procs]++ < ui->limit)
			l->rows[n++] = l->rows[i];
	if (shown)
		l->cnt = n;
}

static int cmp_rows(const void *a, const void *b, void *ctx)
{
	const struct ui_state *ui = ctx;
	const struct column_row *x = a, *y = b;

	if (ui->by_proc && x->proc->pid != y->proc->pid)
		return x->proc->pid < y->proc->pid ? -1 : 1;
	return columns__compare(&thread_columns[ui->sort_col], ui->sort_desc, x, y);
}

void thread_list__build(struct thread_list *l, struct ui_state *ui)
{
	thread_list__collect(l, ui, ui__snap(ui), (enum group)ui->group);
	if (l->cnt)
		qsort_r(l->rows, l->cnt, sizeof(*l->rows), cmp_rows, ui);
	thread_list__limit(l, ui);
}

/* Nobody is to add up shares of different GILs, or compare them. */
void thread_list__mark_shares(struct canvas *c, struct rect r, const struct column_fit *fit,
			      size_t n)
{
	static const char *const words[] = { "HOLD%, BLAME%: of own GIL", "%: of own GIL",
					     "of own GIL" };
	const struct column_fit *last = &fit[n ? n - 1 : 0];
	int x = r.x, room;

	if (n)
		x += last->x +
		     (last->col->left ? cells__width(last->col->title, c->unicode) : last->w);
	room = r.x + r.w - x - 1;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (cells__width(words[i], c->unicode) > room)
			continue;
		canvas__puts_right(c, r.y, x + 1, room, ROLE_DIM, words[i]);
		return;
	}
}

void thread_list__deinit(struct screen *s)
{
	struct thread_list *l = s->state;

	free(l->rows);
}

void thread_list__text(const struct ui_state *ui, const struct screen *s, size_t row, char *buf,
		       size_t sz)
{
	const struct thread_list *l = s->state;

	(void)ui;
	row_text(&l->rows[row], buf, sz);
}

void thread_list__follow(const struct ui_state *ui, struct screen *s)
{
	const struct thread_list *l = s->state;

	s->cnt = l->cnt;
	for (size_t i = 0; ui->sel_set && i < l->cnt; i++) {
		if (l->rows[i].proc->pid == ui->sel_pid && row_id(&l->rows[i]) == ui->sel_id) {
			s->sel = i;
			return;
		}
	}
	if (s->sel >= l->cnt)
		s->sel = l->cnt ? l->cnt - 1 : 0;
}

void thread_list__choose(struct ui_state *ui, const struct screen *s, bool found)
{
	const struct thread_list *l = s->state;

	if (s->sel >= l->cnt)
		return;
	/* Back at the top of a sorted table, the top is of interest again, not this thread. */
	ui->sel_set = s->sel > 0 || found || !(s->ops->keys & KEYS_SORT);
	ui->sel_pid = l->rows[s->sel].proc->pid;
	ui->sel_id = row_id(&l->rows[s->sel]);
}

enum tui_action thread_list__open(struct ui_state *ui, struct screen *s)
{
	const struct column_row *r = &((const struct thread_list *)s->state)->rows[s->sel];

	ui__open(ui, UI_DETAIL,
		 &(struct ui_subject){ .pid = r->proc->pid,
				       .tid = r->thread->tid,
				       .pool = r->thread->folded_cnt ? r->thread->name : NULL });
	return TUI_HANDLED;
}
