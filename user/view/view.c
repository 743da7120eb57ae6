/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/view.h"

bool view_opts__shows_tid(const struct view_opts *o, uint32_t tid)
{
	for (size_t i = 0; i < o->tid_cnt; i++)
		if (o->tids[i] == tid)
			return true;
	return !o->tid_cnt;
}

int view__span(struct view *v, const struct gt_note *span)
{
	return v && v->ops->span ? v->ops->span(v, span) : 0;
}

int view__fd(const struct view *v)
{
	return v->ops->fd ? v->ops->fd(v) : -1;
}

int view__ready(struct view *v)
{
	return v->ops->ready ? v->ops->ready(v) : 0;
}

int view__nothing_at_begin(struct view *v, const struct view_meta *meta)
{
	(void)v;
	(void)meta;
	return 0;
}

int view__nothing_at_interval(struct view *v, const struct snapshot *s)
{
	(void)v;
	(void)s;
	return 0;
}
