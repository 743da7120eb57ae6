/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/view.h"

#include <stdlib.h>

struct view *view__new(const struct view_ops *ops, FILE *out, const struct view_opts *o)
{
	struct view *v = malloc(sizeof(*v));

	if (v)
		*v = (struct view){ .ops = ops, .out = out, .opts = o };
	return v;
}

bool view_opts__shows_tid(const struct view_opts *o, uint32_t tid)
{
	for (size_t i = 0; i < o->tid_cnt; i++)
		if (o->tids[i] == tid)
			return true;
	return !o->tid_cnt;
}

int view__begin(struct view *v, const struct snapshot *first)
{
	return v->ops->begin ? v->ops->begin(v, first) : 0;
}

int view__interval(struct view *v, const struct snapshot *s)
{
	return v->ops->interval ? v->ops->interval(v, s) : 0;
}

int view__take(struct view *v, const struct record *r)
{
	return v && v->ops->take ? v->ops->take(v, r) : 0;
}

int view__event(struct view *v, const struct trigger_event *e)
{
	return v && v->ops->event ? v->ops->event(v, e) : 0;
}

int view__fd(const struct view *v)
{
	return v->ops->fd ? v->ops->fd(v) : -1;
}

int view__ready(struct view *v)
{
	return v->ops->ready ? v->ops->ready(v) : 0;
}

void view__free(struct view *v)
{
	if (v && v->ops->free)
		v->ops->free(v);
	else
		free(v);
}

static int show_nothing(struct view *v, const struct snapshot *total, const char *why)
{
	(void)v;
	(void)total;
	(void)why;
	return 0;
}

struct view *view_none__new(FILE *out, const struct view_opts *o)
{
	static const struct view_ops ops = { .end = show_nothing };

	return view__new(&ops, out, o);
}
