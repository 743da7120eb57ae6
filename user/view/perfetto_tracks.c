/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/perfetto_tracks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "user/base/text.h"
#include "user/view/perfetto_out.h"
#include "user/view/states.h"

/* What a track is of. From OF_GIL on a thread has for each of its GILs one for its states, and one for each kind that is in sums:
 * sums of two GILs may lie across each other, and slices of one track must nest.
 */
enum what { OF_PROC, OF_THREAD, OF_WAITERS, OF_GIL, TRACKS_OF_GIL = 1 + GT_STATE_CNT };

/* So many tracks have numbers of their own. With some 2^15 traces to tell apart a number has 34 bits: five bytes in each event. */
#define TRACKS_BITS 19
#define TRACES	    32749 /* a prime below 2^15 */

void perfetto_tracks__begin(struct perfetto_tracks *t, uint64_t seed)
{
	t->base = (seed % TRACES + 1) << TRACKS_BITS;
}

static uint64_t known(const struct perfetto_tracks *t, unsigned int what, size_t no)
{
	return (uintptr_t)hmap__get(&t->uuids, what, no);
}

/* Give it a number, and tell of it. */
static int make(struct perfetto_tracks *t, struct perfetto_out *o, unsigned int what, size_t no,
		uint64_t ns, Perfetto__TrackDescriptor *d, uint64_t *ret)
{
	Perfetto__TracePacket p = PERFETTO__TRACE_PACKET__INIT;
	uint64_t uuid = t->base + ++t->cnt;

	if (hmap__put(&t->uuids, what, no, (void *)(uintptr_t)uuid))
		return -ENOMEM;
	d->has_uuid = true;
	d->uuid = *ret = uuid;
	p.has_timestamp = true;
	p.timestamp = ns;
	p.track_descriptor = d;
	return perfetto_out__packet(o, &p);
}

static void set_parent(Perfetto__TrackDescriptor *d, uint64_t parent)
{
	d->has_parent_uuid = true;
	d->parent_uuid = parent;
}

static char *text(const char *s)
{
	return (char *)(uintptr_t)s; /* protobuf-c only reads it */
}

int perfetto_tracks__proc(struct perfetto_tracks *t, struct perfetto_out *o,
			  const struct state_proc *p, uint64_t *ret)
{
	Perfetto__TrackDescriptor d = PERFETTO__TRACK_DESCRIPTOR__INIT;
	Perfetto__ProcessDescriptor proc = PERFETTO__PROCESS_DESCRIPTOR__INIT;
	char *cmdline = text(p->cmdline);

	*ret = known(t, OF_PROC, p->no);
	if (*ret)
		return 0;
	proc.has_pid = true;
	proc.pid = (int32_t)p->pid;
	proc.process_name = text(*p->cmdline ? command_short(p->cmdline) : p->comm);
	proc.n_cmdline = *cmdline != '\0';
	proc.cmdline = &cmdline;
	d.process = &proc;
	return make(t, o, OF_PROC, p->no, p->start_ns, &d, ret);
}

static void fill_thread(const struct state_thread *th, Perfetto__TrackDescriptor *d,
			Perfetto__ThreadDescriptor *thread)
{
	thread->has_pid = thread->has_tid = true;
	thread->pid = (int32_t)th->proc->pid;
	thread->tid = th->tid;
	thread->thread_name = *th->name ? text(th->name) : NULL;
	d->thread = thread;
}

int perfetto_tracks__thread(struct perfetto_tracks *t, struct perfetto_out *o,
			    const struct state_thread *th, uint64_t *ret)
{
	Perfetto__TrackDescriptor d = PERFETTO__TRACK_DESCRIPTOR__INIT;
	Perfetto__ThreadDescriptor thread = PERFETTO__THREAD_DESCRIPTOR__INIT;
	uint64_t parent;
	int err;

	*ret = known(t, OF_THREAD, th->no);
	if (*ret)
		return 0;
	err = perfetto_tracks__proc(t, o, th->proc, &parent);
	if (err)
		return err;
	fill_thread(th, &d, &thread);
	if (hmap__put(&t->names, th->no, 0, text(th->name)))
		return -ENOMEM;
	return make(t, o, OF_THREAD, th->no, th->first_ns, &d, ret);
}

/* A track below that of a thread. */
static int below_thread(struct perfetto_tracks *t, struct perfetto_out *o,
			const struct state_thread *th, unsigned int what, const char *name,
			uint64_t *ret)
{
	Perfetto__TrackDescriptor d = PERFETTO__TRACK_DESCRIPTOR__INIT;
	uint64_t parent;
	int err;

	*ret = known(t, what, th->no);
	if (*ret)
		return 0;
	err = perfetto_tracks__thread(t, o, th, &parent);
	if (err)
		return err;
	set_parent(&d, parent);
	d.name = text(name);
	return make(t, o, what, th->no, th->first_ns, &d, ret);
}

/* One of a thread's tracks of this GIL; more: what its name has behind "gil". */
static int of_gil(struct perfetto_tracks *t, struct perfetto_out *o, const struct state_thread *th,
		  const struct state_gil *g, unsigned int which, const char *more, uint64_t *ret)
{
	char name[64];

	if (g->id)
		snprintf(name, sizeof(name), "gil %u%s", g->id, more);
	else
		snprintf(name, sizeof(name), "gil%s", more);
	return below_thread(t, o, th, OF_GIL + g->id * TRACKS_OF_GIL + which, name, ret);
}

int perfetto_tracks__gil(struct perfetto_tracks *t, struct perfetto_out *o,
			 const struct state_thread *th, const struct state_gil *g, uint64_t *ret)
{
	return of_gil(t, o, th, g, 0, "", ret);
}

int perfetto_tracks__short(struct perfetto_tracks *t, struct perfetto_out *o,
			   const struct state_thread *th, const struct state_gil *g,
			   enum gt_state kind, uint64_t *ret)
{
	static const char *const more[GT_STATE_CNT] = { [GT_WAIT] = ": short waits, in sum",
							[GT_HOLD] = ": short holds, in sum",
							[GT_YIELD] = ": short yields, in sum" };

	return of_gil(t, o, th, g, 1 + (unsigned int)kind, more[kind], ret);
}

int perfetto_tracks__waiters(struct perfetto_tracks *t, struct perfetto_out *o,
			     const struct state_gil *g, uint64_t *ret)
{
	Perfetto__TrackDescriptor d = PERFETTO__TRACK_DESCRIPTOR__INIT;
	Perfetto__CounterDescriptor counter = PERFETTO__COUNTER_DESCRIPTOR__INIT;
	char name[48] = "GIL waiters";
	uint64_t parent;
	int err;

	*ret = known(t, OF_WAITERS, g->no);
	if (*ret)
		return 0;
	err = perfetto_tracks__proc(t, o, g->proc, &parent);
	if (err)
		return err;
	if (g->id)
		snprintf(name, sizeof(name), "GIL %u waiters", g->id);
	counter.has_unit = true;
	counter.unit = 2; /* UNIT_COUNT */
	set_parent(&d, parent);
	d.name = name;
	d.counter = &counter;
	return make(t, o, OF_WAITERS, g->no, g->proc->start_ns, &d, ret);
}

static int rename_one(struct perfetto_tracks *t, struct perfetto_out *o,
		      const struct state_thread *th)
{
	Perfetto__TrackDescriptor d = PERFETTO__TRACK_DESCRIPTOR__INIT;
	Perfetto__ThreadDescriptor thread = PERFETTO__THREAD_DESCRIPTOR__INIT;
	Perfetto__TracePacket p = PERFETTO__TRACE_PACKET__INIT;

	fill_thread(th, &d, &thread);
	d.has_uuid = true;
	d.uuid = known(t, OF_THREAD, th->no);
	p.has_timestamp = true;
	p.timestamp = th->first_ns;
	p.track_descriptor = &d;
	return perfetto_out__packet(o, &p);
}

int perfetto_tracks__rename(struct perfetto_tracks *t, struct perfetto_out *o,
			    const struct states *s)
{
	int err = 0;

	for (size_t i = 0; i < states__thread_cnt(s) && !err; i++) {
		const struct state_thread *th = states__thread(s, i);
		const char *name = hmap__get(&t->names, i, 0);

		if (name && name != th->name && strcmp(name, th->name) != 0)
			err = rename_one(t, o, th);
	}
	return err;
}

void perfetto_tracks__free(struct perfetto_tracks *t)
{
	hmap__free(&t->uuids);
	hmap__free(&t->names);
}
