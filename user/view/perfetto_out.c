/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/perfetto_out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/view/states.h"

/* Numbers of clocks (protos/perfetto/trace/clock_snapshot.proto). */
enum { CLOCK_REAL = 1, CLOCK_MONO = 3, CLOCK_BOOT = 6 };

/* sequence_flags: what is interned begins anew; it is needed. */
enum { SEQ_CLEARED = 1, SEQ_NEEDED = 2 };

static const char *event_name(size_t iid)
{
	return iid >= PERFETTO_TRIGGER	 ? state_trigger_names[iid - PERFETTO_TRIGGER]
	       : iid >= PERFETTO_SEGMENT ? state_segment_names[iid - PERFETTO_SEGMENT]
					 : state_names[iid - PERFETTO_STATE];
}

static const char *const key_names[PERFETTO_KEYS] = {
	[PERFETTO_KEY_HOLDER] = "holder",     [PERFETTO_KEY_HOLDER_TID] = "holder_tid",
	[PERFETTO_KEY_FROM] = "from",	      [PERFETTO_KEY_FROM_TID] = "from_tid",
	[PERFETTO_KEY_RETRIES] = "retries",   [PERFETTO_KEY_ASKED] = "asked",
	[PERFETTO_KEY_LIGHT] = "light",	      [PERFETTO_KEY_OPEN] = "open",
	[PERFETTO_KEY_COUNT] = "count",	      [PERFETTO_KEY_SUM_NS] = "sum_ns",
	[PERFETTO_KEY_MAX_NS] = "max_ns",     [PERFETTO_KEY_LASTED_NS] = "lasted_ns",
	[PERFETTO_KEY_LIMIT_NS] = "limit_ns", [PERFETTO_KEY_OVER] = "over",
	[PERFETTO_KEY_WAITER] = "waiter",     [PERFETTO_KEY_WAITER_TID] = "waiter_tid",
};

/* ---- what is new ---- */

static void *fresh(struct perfetto_out *o, size_t n, size_t sz)
{
	void *p = arena__alloc(&o->fresh, n, sz);

	o->oom |= !p;
	return p;
}

static bool grow(struct perfetto_out *o, void *list, size_t cnt, size_t *cap)
{
	bool ok = !array_grow(list, cnt, cap, sizeof(void *));

	o->oom |= !ok;
	return ok;
}

/* The number of a text, from 1 on. */
static uint64_t text_iid(struct perfetto_out *o, struct strings *table, const char *text,
			 Perfetto__InternedString ***list, size_t *cnt, size_t *cap)
{
	size_t before = table->cnt;
	uint32_t no = strings__no(table, text);
	Perfetto__InternedString *s;

	if (no == STRINGS_NONE) {
		o->oom = true;
		return 0;
	}
	if (table->cnt == before)
		return no + 1u;
	s = fresh(o, 1, sizeof(*s));
	if (!s || !grow(o, list, *cnt, cap))
		return 0;
	perfetto__interned_string__init(s);
	s->has_iid = s->has_str = true;
	s->iid = no + 1u;
	s->str.data = (uint8_t *)(uintptr_t)table->list[no];
	s->str.len = strlen(text);
	(*list)[(*cnt)++] = s;
	return s->iid;
}

static uint64_t frame_iid(struct perfetto_out *o, const char *name, const char *file, uint32_t line)
{
	uint64_t function = text_iid(o, &o->functions, name, &o->new_functions, &o->function_cnt,
				     &o->function_cap);
	uint64_t path =
		*file ? text_iid(o, &o->files, file, &o->new_files, &o->file_cnt, &o->file_cap) : 0;
	uintptr_t at = (uintptr_t)hmap__get(&o->frames, function << 32 | path, line);
	Perfetto__Frame *f;

	if (at)
		return at;
	f = fresh(o, 1, sizeof(*f));
	if (!f || !grow(o, &o->new_frames, o->new_frame_cnt, &o->new_frame_cap) ||
	    hmap__put(&o->frames, function << 32 | path, line, (void *)(o->frame_cnt + 1))) {
		o->oom = true;
		return 0;
	}
	perfetto__frame__init(f);
	f->has_iid = f->has_function_name_id = true;
	f->iid = ++o->frame_cnt;
	f->function_name_id = function;
	f->has_source_path_iid = path != 0;
	f->source_path_iid = path;
	f->has_line_number = line != 0;
	f->line_number = line;
	o->new_frames[o->new_frame_cnt++] = f;
	return f->iid;
}

static uint64_t *frame_iids(struct perfetto_out *o, const struct snap_frame *frames, size_t cnt,
			    bool truncated, size_t *ret_cnt)
{
	uint64_t *ids = fresh(o, cnt + 1, sizeof(*ids));
	size_t n = 0;

	*ret_cnt = 0;
	if (!ids)
		return NULL;
	if (truncated || !cnt)
		ids[n++] = frame_iid(o, truncated ? "[truncated]" : "[other]", "", 0);
	for (size_t i = 0; i < cnt; i++)
		ids[n++] = frame_iid(o, *frames[i].name ? frames[i].name : "?", frames[i].file,
				     frames[i].line);
	*ret_cnt = n;
	return ids;
}

static uint64_t add_stack(struct perfetto_out *o, uint64_t iid, const struct snap_frame *frames,
			  size_t cnt, bool truncated)
{
	Perfetto__Callstack *c = fresh(o, 1, sizeof(*c));

	if (!c || !grow(o, &o->new_stacks, o->stack_cnt, &o->stack_cap))
		return 0;
	perfetto__callstack__init(c);
	c->has_iid = true;
	c->iid = iid;
	c->frame_ids = frame_iids(o, frames, cnt, truncated, &c->n_frame_ids);
	o->new_stacks[o->stack_cnt++] = c;
	return iid;
}

uint64_t perfetto_out__stack(struct perfetto_out *o, uint32_t id, const struct stored_stack *s)
{
	if (!id || !s->cnt)
		return 0;
	if (hmap__get(&o->stacks, id, 0))
		return id;
	o->oom |= hmap__put(&o->stacks, id, 0, o) != 0;
	return add_stack(o, id, s->frames, s->cnt, s->truncated);
}

uint64_t perfetto_out__sample_stack(struct perfetto_out *o, const struct snap_stack *s)
{
	return add_stack(o, ++o->sample_cnt, s->frames, s->frame_cnt, s->truncated);
}

/* ---- a packet ---- */

static void add_new(const struct perfetto_out *o, Perfetto__InternedData *d)
{
	d->n_function_names = o->function_cnt;
	d->function_names = o->new_functions;
	d->n_source_paths = o->file_cnt;
	d->source_paths = o->new_files;
	d->n_frames = o->new_frame_cnt;
	d->frames = o->new_frames;
	d->n_callstacks = o->stack_cnt;
	d->callstacks = o->new_stacks;
}

static void forget_new(struct perfetto_out *o)
{
	if (!o->fresh.head)
		return;
	o->function_cnt = o->file_cnt = o->new_frame_cnt = o->stack_cnt = 0;
	arena__free(&o->fresh);
}

static int put(struct perfetto_out *o, Perfetto__TracePacket *p)
{
	Perfetto__Trace trace = PERFETTO__TRACE__INIT;
	size_t len;

	if (o->oom)
		return -ENOMEM;
	trace.n_packet = 1;
	trace.packet = &p;
	len = perfetto__trace__get_packed_size(&trace);
	if (len > o->cap) {
		uint8_t *larger = realloc(o->buf, 2 * len);

		if (!larger)
			return -ENOMEM;
		o->buf = larger;
		o->cap = 2 * len;
	}
	perfetto__trace__pack(&trace, o->buf);
	if (fwrite(o->buf, 1, len, o->out) != len)
		return errno ? -errno : -EIO;
	return 0;
}

int perfetto_out__packet(struct perfetto_out *o, Perfetto__TracePacket *p)
{
	Perfetto__InternedData d = PERFETTO__INTERNED_DATA__INIT;
	int err;

	p->has_trusted_packet_sequence_id = p->has_sequence_flags = true;
	p->trusted_packet_sequence_id = o->sequence;
	if (!p->sequence_flags)
		p->sequence_flags = SEQ_NEEDED;
	if (p->interned_data) {
		err = put(o, p);
	} else {
		add_new(o, &d);
		p->interned_data = o->fresh.head ? &d : NULL;
		err = put(o, p);
		p->interned_data = NULL;
	}
	forget_new(o);
	return err;
}

/* ---- the first ones ---- */

#define NAMES_MAX 16

/* Names, and the list of them that a packet wants. */
struct names {
	size_t cnt;
	Perfetto__InternedName names[NAMES_MAX], *list[NAMES_MAX];
};

static const char *category(size_t iid)
{
	(void)iid;
	return "gil";
}

static const char *key_name(size_t iid)
{
	return key_names[iid];
}

static void fill_names(struct names *n, size_t end, const char *(*name_of)(size_t iid))
{
	n->cnt = 0;
	for (size_t iid = 1; iid < end; iid++) {
		Perfetto__InternedName *name = &n->names[n->cnt];

		if (!name_of(iid))
			continue;
		perfetto__interned_name__init(name);
		name->has_iid = true;
		name->iid = iid;
		name->name = (char *)(uintptr_t)name_of(iid);
		n->list[n->cnt++] = name;
	}
}

_Static_assert(PERFETTO_NAMES <= NAMES_MAX + 1 && PERFETTO_KEYS <= NAMES_MAX + 1, "room for all");

static int put_names(struct perfetto_out *o)
{
	struct names categories, events, keys;
	Perfetto__InternedData d = PERFETTO__INTERNED_DATA__INIT;
	Perfetto__TracePacketDefaults defaults = PERFETTO__TRACE_PACKET_DEFAULTS__INIT;
	Perfetto__TracePacket p = PERFETTO__TRACE_PACKET__INIT;

	fill_names(&categories, 2, category);
	fill_names(&events, PERFETTO_NAMES, event_name);
	fill_names(&keys, PERFETTO_KEYS, key_name);
	d.n_event_categories = categories.cnt;
	d.event_categories = categories.list;
	d.n_event_names = events.cnt;
	d.event_names = events.list;
	d.n_debug_annotation_names = keys.cnt;
	d.debug_annotation_names = keys.list;
	defaults.has_timestamp_clock_id = true;
	defaults.timestamp_clock_id = CLOCK_MONO;
	p.interned_data = &d;
	p.trace_packet_defaults = &defaults;
	p.sequence_flags = SEQ_CLEARED;
	return perfetto_out__packet(o, &p);
}

static int put_clocks(struct perfetto_out *o, const struct states_clock *clock)
{
	const uint64_t now[] = { clock->mono_ns, clock->real_ns, clock->boot_ns };
	static const uint32_t ids[] = { CLOCK_MONO, CLOCK_REAL, CLOCK_BOOT };
	Perfetto__ClockSnapshot__Clock clocks[3], *list[3];
	Perfetto__ClockSnapshot snapshot = PERFETTO__CLOCK_SNAPSHOT__INIT;
	Perfetto__TracePacket p = PERFETTO__TRACE_PACKET__INIT;

	for (size_t i = 0; i < ARRAY_SIZE(now); i++) {
		if (!now[i])
			continue;
		perfetto__clock_snapshot__clock__init(&clocks[i]);
		clocks[i].has_clock_id = clocks[i].has_timestamp = true;
		clocks[i].clock_id = ids[i];
		clocks[i].timestamp = now[i];
		list[snapshot.n_clocks++] = &clocks[i];
	}
	snapshot.clocks = list;
	/* A trace is by BOOTTIME, unless nobody knows what that was. */
	snapshot.has_primary_trace_clock = !clock->boot_ns;
	snapshot.primary_trace_clock = CLOCK_MONO;
	p.clock_snapshot = &snapshot;
	return perfetto_out__packet(o, &p);
}

int perfetto_out__begin(struct perfetto_out *o, const struct states_clock *clock)
{
	int err;

	if (o->begun)
		return 0;
	o->begun = true;
	err = put_names(o);
	return err ? err : put_clocks(o, clock);
}

int perfetto_out__begin_samples(struct perfetto_out *o, const char *source)
{
	Perfetto__StackSample__CounterDescriptor ns =
		PERFETTO__STACK_SAMPLE__COUNTER_DESCRIPTOR__INIT;
	Perfetto__StackSampleDefaults samples = PERFETTO__STACK_SAMPLE_DEFAULTS__INIT;
	Perfetto__TracePacketDefaults defaults = PERFETTO__TRACE_PACKET_DEFAULTS__INIT;
	Perfetto__TracePacket p = PERFETTO__TRACE_PACKET__INIT;

	if (o->begun)
		return 0;
	o->begun = true;
	ns.name = samples.source = (char *)(uintptr_t)source;
	ns.has_unit = true;
	ns.unit = 1; /* UNIT_NANOSECONDS */
	samples.primary_descriptor = &ns;
	defaults.has_timestamp_clock_id = true;
	defaults.timestamp_clock_id = CLOCK_MONO;
	defaults.stack_sample_defaults = &samples;
	p.trace_packet_defaults = &defaults;
	p.sequence_flags = SEQ_CLEARED;
	return perfetto_out__packet(o, &p);
}

void perfetto_out__free(struct perfetto_out *o)
{
	strings__free(&o->functions);
	strings__free(&o->files);
	hmap__free(&o->frames);
	hmap__free(&o->stacks);
	arena__free(&o->fresh);
	free(o->new_functions);
	free(o->new_files);
	free(o->new_frames);
	free(o->new_stacks);
	free(o->buf);
	*o = (struct perfetto_out){ 0 };
}
