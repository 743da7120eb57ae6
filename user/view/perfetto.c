/* SPDX-License-Identifier: BSD-2-Clause */
/* perfetto.c - a trace for ui.perfetto.dev: what each thread did, arrows where the GIL was handed on, who waited
 *
 * Laid out as CPython's own profiler does it: under each thread a track "gil" with its states, so that both lie beside each
 * other, and beside what the kernel's tracers say of the same thread. A second GIL of a thread (sub-interpreters) has a track
 * of its own, for it may wait for that while it holds the first. Stacks of the totals, with their exact times, are
 * StackSamples at the end.
 *
 * A state is written when it has ended, its begin and its end at once; readers sort by time. Packets say what is new in them, so
 * memory is bounded by the numbers of threads, frames and stacks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/text.h"
#include "user/base/util.h"
#include "user/books/sink.h"
#include "user/books/trigger.h"
#include "user/view/perfetto_out.h"
#include "user/view/perfetto_tracks.h"
#include "user/view/states.h"
#include "user/view/view.h"

/* TrackEvent.type */
enum { SLICE_BEGIN = 1, SLICE_END, INSTANT, COUNTER };

#define CATEGORY_GIL 1
#define FLOWS_BITS   29 /* with the 34 bits of a track's number */
#define NOTES_MAX    8
#define SAMPLE_KINDS (SNAP_STACK_BLAME + 1)

struct perfetto {
	struct view view;
	struct states *states;
	struct perfetto_out out;
	struct perfetto_out samples[SAMPLE_KINDS];
	struct perfetto_tracks tracks;
};

/* A packet with an event, and room for what is noted with it. */
struct event_packet {
	Perfetto__TracePacket packet;
	Perfetto__TrackEvent event;
	uint64_t category, flow, end_of;
	size_t note_cnt;
	Perfetto__DebugAnnotation notes[NOTES_MAX], *list[NOTES_MAX];
};

static void init(struct event_packet *e, uint32_t type, uint64_t track, uint64_t ns)
{
	perfetto__trace_packet__init(&e->packet);
	perfetto__track_event__init(&e->event);
	e->note_cnt = 0;
	e->packet.has_timestamp = true;
	e->packet.timestamp = ns;
	e->packet.track_event = &e->event;
	e->event.has_type = e->event.has_track_uuid = true;
	e->event.type = type;
	e->event.track_uuid = track;
	e->event.debug_annotations = e->list;
}

static void set_name(struct event_packet *e, uint64_t name)
{
	e->category = CATEGORY_GIL;
	e->event.n_category_iids = 1;
	e->event.category_iids = &e->category;
	e->event.has_name_iid = true;
	e->event.name_iid = name;
}

static Perfetto__DebugAnnotation *note(struct event_packet *e, enum perfetto_key key)
{
	Perfetto__DebugAnnotation *n = &e->notes[e->note_cnt];

	perfetto__debug_annotation__init(n);
	n->has_name_iid = true;
	n->name_iid = (uint64_t)key;
	e->list[e->note_cnt++] = n;
	e->event.n_debug_annotations = e->note_cnt;
	return n;
}

static void note_u64(struct event_packet *e, enum perfetto_key key, uint64_t v)
{
	Perfetto__DebugAnnotation *n = note(e, key);

	n->has_uint_value = true;
	n->uint_value = v;
}

static void note_true(struct event_packet *e, enum perfetto_key key)
{
	Perfetto__DebugAnnotation *n = note(e, key);

	n->has_bool_value = n->bool_value = true;
}

/* Two keys: its name, if that is known by now, and the one behind it its tid. */
static void note_thread(struct event_packet *e, enum perfetto_key key, const struct state_thread *t)
{
	if (*t->name)
		note(e, key)->string_value = (char *)(uintptr_t)t->name;
	note_u64(e, key + 1, t->tid);
}

static int send(struct perfetto *p, struct event_packet *e)
{
	int err = perfetto_out__begin(&p->out, &(struct states_clock){ 0 });

	return err ? err : perfetto_out__packet(&p->out, &e->packet);
}

/* ---- events ---- */

static void note_state(struct event_packet *e, const struct state *s)
{
	if (s->holder)
		note_thread(e, PERFETTO_KEY_HOLDER, s->holder);
	if (s->from)
		note_thread(e, PERFETTO_KEY_FROM, s->from);
	if (s->retries)
		note_u64(e, PERFETTO_KEY_RETRIES, s->retries);
	if (s->asked)
		note_true(e, PERFETTO_KEY_ASKED);
	if (s->light)
		note_true(e, PERFETTO_KEY_LIGHT);
	if (s->open)
		note_true(e, PERFETTO_KEY_OPEN);
}

/* An arrow goes from the slice of who let go to that of who got it. Its number is not that of another trace in the same file. */
static void set_flows(struct event_packet *e, const struct state *s, uint64_t base)
{
	e->flow = base + s->out;
	e->event.n_flow_ids = s->out != 0;
	e->event.flow_ids = &e->flow;
	e->end_of = base + s->in;
	e->event.n_terminating_flow_ids = s->in != 0;
	e->event.terminating_flow_ids = &e->end_of;
}

static int on_state(void *ctx, const struct state *s)
{
	struct perfetto *p = ctx;
	struct event_packet e;
	uint64_t track;
	int err = perfetto_tracks__gil(&p->tracks, &p->out, s->thread, s->gil, &track);

	if (err)
		return err;
	init(&e, SLICE_BEGIN, track, s->start_ns);
	set_name(&e, PERFETTO_STATE + (uint64_t)s->kind);
	set_flows(&e, s, p->tracks.base << FLOWS_BITS);
	note_state(&e, s);
	e.event.callstack_iid = perfetto_out__stack(&p->out, s->stack_id, &s->stack);
	e.event.has_callstack_iid = e.event.callstack_iid != 0;
	err = send(p, &e);
	if (err)
		return err;
	init(&e, SLICE_END, track, s->end_ns);
	return send(p, &e);
}

static int on_segment(void *ctx, const struct state_segment *s)
{
	struct perfetto *p = ctx;
	struct event_packet e;
	uint64_t track;
	int err = perfetto_tracks__short(&p->tracks, &p->out, s->thread, s->gil, s->kind, &track);

	if (err)
		return err;
	init(&e, SLICE_BEGIN, track, s->start_ns);
	set_name(&e, PERFETTO_SEGMENT + (uint64_t)s->kind);
	note_u64(&e, PERFETTO_KEY_COUNT, s->cnt);
	note_u64(&e, PERFETTO_KEY_SUM_NS, s->sum_ns);
	note_u64(&e, PERFETTO_KEY_MAX_NS, s->max_ns);
	err = send(p, &e);
	if (err)
		return err;
	init(&e, SLICE_END, track, s->end_ns);
	return send(p, &e);
}

static int on_waiters(void *ctx, const struct state_gil *g, uint64_t at_ns)
{
	struct perfetto *p = ctx;
	struct event_packet e;
	uint64_t track;
	int err = perfetto_tracks__waiters(&p->tracks, &p->out, g, &track);

	if (err)
		return err;
	init(&e, COUNTER, track, at_ns);
	e.event.has_counter_value = true;
	e.event.counter_value = g->waiters;
	return send(p, &e);
}

static int on_trigger(void *ctx, const struct trigger *t, const struct state_proc *proc,
		      const struct state_thread *waiter, const struct state_thread *holder)
{
	const struct state_thread *who = t->kind == TRIGGER_HOLD && holder ? holder : waiter;
	struct perfetto *p = ctx;
	struct event_packet e;
	uint64_t track = 0; /* the whole trace's */
	int err = who	 ? perfetto_tracks__thread(&p->tracks, &p->out, who, &track)
		  : proc ? perfetto_tracks__proc(&p->tracks, &p->out, proc, &track)
			 : 0;

	if (err)
		return err;
	init(&e, INSTANT, track, t->at_ns);
	set_name(&e, PERFETTO_TRIGGER + (uint64_t)t->kind);
	note_u64(&e, PERFETTO_KEY_LASTED_NS, t->ns);
	note_u64(&e, PERFETTO_KEY_LIMIT_NS, t->limit_ns);
	if (t->over)
		note_true(&e, PERFETTO_KEY_OVER);
	if (waiter)
		note_thread(&e, PERFETTO_KEY_WAITER, waiter);
	if (holder)
		note_thread(&e, PERFETTO_KEY_HOLDER, holder);
	return send(p, &e);
}

/* ---- the totals by stack ---- */

static int put_sample(struct perfetto *p, const struct snap_proc *proc, const struct snap_stack *s,
		      uint64_t ns)
{
	static const char *const sources[SAMPLE_KINDS] = { [SNAP_STACK_WAIT] = "giltop.wait",
							   [SNAP_STACK_HOLD] = "giltop.hold",
							   [SNAP_STACK_BLAME] = "giltop.blame" };
	struct perfetto_out *o = &p->samples[s->kind];
	Perfetto__StackSample__TaskContext task = PERFETTO__STACK_SAMPLE__TASK_CONTEXT__INIT;
	Perfetto__StackSample sample = PERFETTO__STACK_SAMPLE__INIT;
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;
	int err = perfetto_out__begin_samples(o, sources[s->kind]);

	if (err)
		return err;
	task.has_pid = true;
	task.pid = proc->pid;
	task.has_tid = s->tid && !(s->tid & SNAP_FOLD_TID);
	task.tid = s->tid;
	sample.task_context = &task;
	sample.has_callstack_iid = sample.has_primary_weight = true;
	sample.callstack_iid = perfetto_out__sample_stack(o, s);
	sample.primary_weight = s->ns;
	packet.has_timestamp = true;
	packet.timestamp = ns;
	packet.stack_sample = &sample;
	return perfetto_out__packet(o, &packet);
}

static int put_samples(struct perfetto *p, const struct snapshot *total)
{
	int err = 0;

	for (size_t i = 0; i < total->proc_cnt; i++) {
		const struct snap_proc *proc = &total->procs[i];

		for (size_t k = 0; k < proc->stack_cnt && !err; k++)
			if (view_opts__shows_tid(p->view.opts, proc->stacks[k].tid))
				err = put_sample(p, proc, &proc->stacks[k], total->now_ns);
	}
	return err;
}

/* ---- the view ---- */

static int take(struct view *v, const struct record *r)
{
	struct perfetto *p = (struct perfetto *)v;
	struct states_clock clock;
	int err = states__take(p->states, r);

	if (err || r->kind != REC_SOURCE)
		return err;
	clock = states__clock(p->states);
	perfetto_tracks__begin(&p->tracks, clock.real_ns);
	return perfetto_out__begin(&p->out, &clock);
}

static int end(struct view *v, const struct snapshot *total, const char *why)
{
	struct perfetto *p = (struct perfetto *)v;
	int err = states__finish(p->states, total);

	(void)why;
	if (!err)
		err = perfetto_tracks__rename(&p->tracks, &p->out, p->states);
	if (!err)
		err = put_samples(p, total);
	return err ? err : fflush(v->out) ? -errno : 0;
}

static void perfetto_free(struct view *v)
{
	struct perfetto *p = (struct perfetto *)v;

	perfetto_tracks__free(&p->tracks);
	perfetto_out__free(&p->out);
	for (size_t i = 0; i < SAMPLE_KINDS; i++)
		perfetto_out__free(&p->samples[i]);
	states__free(p->states);
	free(p);
}

static const struct view_ops perfetto_ops = {
	.take = take,
	.end = end,
	.free = perfetto_free,
};

struct view *view_perfetto__new(FILE *out, const struct view_opts *o)
{
	static const struct states_ops ops = { .state = on_state,
					       .segment = on_segment,
					       .waiters = on_waiters,
					       .trigger = on_trigger };
	struct perfetto *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->view = (struct view){ .ops = &perfetto_ops, .out = out, .opts = o };
	p->out.out = out;
	p->out.sequence = 1;
	for (uint32_t i = 0; i < SAMPLE_KINDS; i++)
		p->samples[i] = (struct perfetto_out){ .out = out, .sequence = 2 + i };
	p->states = states__new(&ops, p, o);
	if (p->states)
		return &p->view;
	free(p);
	return NULL;
}
