/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/picture/trigger_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/books/sink.h"

#define NAME_SZ 256

struct trigger_list {
	struct sink sink; /* first: a pointer to it is a pointer to the list */
	trigger_name_fn name;
	void *ctx;
	uint64_t mono_ns, real_ns; /* the start */
	uint64_t zero_ns;	   /* the books' of the first process; 0: none yet */
	size_t max, cnt, next;	   /* next: the place of the next one, in ring */
	uint64_t ever_cnt;
	struct trigger_event *ring;
	struct trigger_event *last;
	size_t stack_cnt, stack_cap;
	struct stored_stack *stacks; /* id - 1 */
};

static void clear(struct trigger_event *e)
{
	free((char *)e->comm);
	free((char *)e->waiter);
	free((char *)e->holder);
	free((char *)e->t.file);
	*e = (struct trigger_event){ 0 };
}

static int take_stack(struct trigger_list *l, const struct record *r)
{
	while (l->stack_cnt < r->stack.id) {
		if (array_grow(&l->stacks, l->stack_cnt, &l->stack_cap, sizeof(*l->stacks)))
			return -ENOMEM;
		l->stacks[l->stack_cnt++] = (struct stored_stack){ 0 };
	}
	if (r->stack.id)
		l->stacks[r->stack.id - 1] = (struct stored_stack){
			.frames = r->stack.frames,
			.cnt = r->stack.cnt,
			.truncated = r->stack.truncated,
		};
	return 0;
}

static struct stored_stack stack_of(const struct trigger_list *l, uint32_t id)
{
	return id && id <= l->stack_cnt ? l->stacks[id - 1] : (struct stored_stack){ 0 };
}

/* NULL: no memory. */
static char *name_of(struct trigger_list *l, uint32_t pid, uint32_t tid, bool is_process)
{
	char buf[NAME_SZ];

	if (!pid || (!tid && !is_process) || !l->name ||
	    !l->name(l->ctx, pid, tid, buf, sizeof(buf)))
		buf[0] = '\0';
	return strdup(buf);
}

/* The place of this one, the i-th from the newest. */
static size_t place(const struct trigger_list *l, size_t i)
{
	return (l->next + l->max - 1 - i) % l->max;
}

static struct trigger_event *find(const struct trigger_list *l, uint64_t no)
{
	for (size_t i = 0; i < l->cnt; i++)
		if (l->ring[place(l, i)].t.no == no)
			return &l->ring[place(l, i)];
	return NULL;
}

/* What is told later may know more than what was told before, never less. */
static void update(struct trigger_list *l, struct trigger_event *e, const struct trigger *t)
{
	char *file = (char *)e->t.file;
	struct trigger before = e->t;

	e->t = *t;
	e->t.file = file;
	e->t.waiter_tid = before.waiter_tid;
	e->t.holder_tid = before.holder_tid;
	if (!e->waiter_stack.cnt)
		e->waiter_stack = stack_of(l, t->waiter_stack);
	if (!e->holder_stack.cnt)
		e->holder_stack = stack_of(l, t->holder_stack);
}

static int add(struct trigger_list *l, uint32_t pid, const struct trigger *t)
{
	struct trigger_event *e = &l->ring[l->next];

	clear(e);
	e->t = *t;
	e->pid = pid;
	e->t.file = t->file ? strdup(t->file) : NULL;
	e->comm = name_of(l, pid, 0, true);
	e->waiter = name_of(l, pid, t->waiter_tid, false);
	e->holder = name_of(l, pid, t->holder_tid, false);
	e->waiter_stack = stack_of(l, t->waiter_stack);
	e->holder_stack = stack_of(l, t->holder_stack);
	if (!e->comm || !e->waiter || !e->holder || (t->file && !e->t.file)) {
		clear(e);
		return -ENOMEM;
	}
	l->next = (l->next + 1) % l->max;
	l->cnt += l->cnt < l->max;
	l->ever_cnt++;
	l->last = e;
	return 0;
}

static int take_trigger(struct trigger_list *l, const struct record *r)
{
	const struct trigger *t = r->trigger;
	struct trigger_event *e = find(l, t->no);
	uint64_t zero;
	int err = 0;

	l->last = e;
	if (e)
		update(l, e, t);
	else
		err = add(l, r->pid, t);
	e = l->last;
	if (!e)
		return err;
	zero = l->zero_ns ? l->zero_ns : l->mono_ns;
	e->running_ns = t->at_ns > zero ? t->at_ns - zero : 0;
	e->real_ns = l->real_ns ? l->real_ns + (t->at_ns - l->mono_ns) : 0;
	return err;
}

static int take(struct sink *s, const struct record *r)
{
	struct trigger_list *l = (struct trigger_list *)s;

	switch (r->kind) {
	case REC_SOURCE:
		if (r->source.real_ns)
			trigger_list__start(l, r->source.mono_ns, r->source.real_ns);
		return 0;
	case REC_PROC_START: /* what is measured first is where times count from */
		if (!l->zero_ns)
			l->zero_ns = r->proc.books_ns;
		return 0;
	case REC_STACK: return take_stack(l, r);
	case REC_TRIGGER: return take_trigger(l, r);
	default: return 0;
	}
}

struct trigger_list *trigger_list__new(size_t max, trigger_name_fn name, void *ctx)
{
	struct trigger_list *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->sink.take = take;
	l->name = name;
	l->ctx = ctx;
	l->max = max ? max : 1;
	l->ring = calloc(l->max, sizeof(*l->ring));
	if (l->ring)
		return l;
	free(l);
	return NULL;
}

void trigger_list__free(struct trigger_list *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->max; i++)
		clear(&l->ring[i]);
	free(l->ring);
	free(l->stacks);
	free(l);
}

struct sink *trigger_list__sink(struct trigger_list *l)
{
	return &l->sink;
}

void trigger_list__start(struct trigger_list *l, uint64_t mono_ns, uint64_t real_ns)
{
	l->mono_ns = mono_ns;
	l->real_ns = real_ns;
}

void trigger_list__clear(struct trigger_list *l)
{
	for (size_t i = 0; i < l->max; i++)
		clear(&l->ring[i]);
	l->cnt = l->next = 0;
	l->ever_cnt = 0;
	l->last = NULL;
}

void trigger_list__set_file(struct trigger_list *l, uint64_t no, const char *file)
{
	struct trigger_event *e = find(l, no);
	char *own = e && file ? strdup(file) : NULL;

	if (!own)
		return;
	free((char *)e->t.file);
	e->t.file = own;
}

const struct trigger_event *trigger_list__last(const struct trigger_list *l)
{
	return l->last;
}

size_t trigger_list__cnt(const struct trigger_list *l)
{
	return l->cnt;
}

uint64_t trigger_list__ever_cnt(const struct trigger_list *l)
{
	return l->ever_cnt;
}

const struct trigger_event *trigger_list__at(const struct trigger_list *l, size_t i)
{
	return i < l->cnt ? &l->ring[place(l, i)] : NULL;
}

const struct trigger_event *trigger_list__find(const struct trigger_list *l, uint64_t no)
{
	return find(l, no);
}

uint32_t trigger_list__stack_id(const struct trigger_list *l, const struct snap_frame *frames)
{
	for (size_t i = 0; i < l->stack_cnt; i++)
		if (l->stacks[i].frames == frames)
			return (uint32_t)i + 1;
	return 0;
}
