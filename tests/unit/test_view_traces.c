/* SPDX-License-Identifier: BSD-2-Clause */
/* test_view_traces.c - chrome and perfetto: what threads did as slices, with arrows, counters and clocks; pprof, csv */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <zlib.h>

#include "tests/unit/view_run.h"
#include "user/base/digits.h"
#include "user/view/proto/perfetto.pb-c.h"
#include "user/view/proto/profile.pb-c.h"

/* ---- numbers ---- */

static const char *digits(uint64_t v, unsigned int places)
{
	static char buf[DIGITS_MAX + 2];

	*(places ? digits__decimal(buf, v, places) : digits__u64(buf, v)) = '\0';
	return buf;
}

static void numbers_are_not_rounded(void **state)
{
	(void)state;
	assert_string_equal(digits(0, 0), "0");
	assert_string_equal(digits(UINT64_MAX, 0), "18446744073709551615");
	assert_string_equal(digits(7, 3), "0.007");
	assert_string_equal(digits(12345678, 3), "12345.678");
	assert_string_equal(digits(UINT64_MAX, 3), "18446744073709551.615");
	assert_string_equal(digits(1000000, 6), "1.000000");
}

/* ---- chrome ---- */

static json_t *trace_event(json_t *j, size_t i, const char *ph, const char *name)
{
	json_t *e = json_array_get(at(j, "traceEvents"), i);

	assert_string_equal(json_string_value(at(e, "ph")), ph);
	assert_string_equal(json_string_value(at(e, "name")), name);
	return e;
}

static void chrome_has_slices_arrows_and_a_counter(void **state)
{
	struct run r;
	json_t *j, *e;

	(void)state;
	start(&r, view_chrome__new);
	hand_over(&r);
	j = end(&r, 50 * MS);
	is_number(j, "otherData.mono_ns", 5 * MS);
	trace_event(j, 0, "C", "GIL waiters");
	e = trace_event(j, 1, "X", "Has GIL");
	is_number(e, "dur", 20000);
	is_number(e, "tid", 8);
	assert_true(json_is_true(at(e, "args.asked")));
	e = trace_event(j, 2, "X", "Waiting for GIL");
	is_number(e, "ts", 5000);
	is_number(e, "dur", 16000.001);
	is_number(e, "args.retries", 1);
	is_number(e, "args.holder_tid", 8);
	is_text(e, "args.at", "work (app.py:8)");
	trace_event(j, 3, "C", "GIL waiters");
	e = trace_event(j, 4, "X", "Has GIL");
	is_text(e, "args.from", "a \"b\" \\");
	e = trace_event(j, 5, "s", "hand-over"); /* within the slice of who let go */
	is_number(e, "tid", 8);
	is_number(e, "ts", 19999.999);
	e = trace_event(j, 6, "f", "hand-over");
	is_number(e, "tid", 7);
	is_number(e, "ts", 21000.001);
	trace_event(j, 7, "M", "process_name");
	json_decref(j);
}

static void chrome_has_sums_apart_and_a_run_without_anything(void **state)
{
	struct run r;
	json_t *j, *e;

	(void)state;
	start(&r, view_chrome__new);
	segment(&r);
	j = end(&r, 50 * MS);
	e = trace_event(j, 0, "b", "Short waits");
	is_number(e, "args.count", 5);
	is_number(e, "args.sum_us", 2000);
	trace_event(j, 1, "e", "Short waits");
	json_decref(j);
	start(&r, view_chrome__new);
	j = end(&r, 50 * MS);
	assert_int_equal(json_array_size(at(j, "traceEvents")), 0);
	json_decref(j);
}

/* ---- perfetto ---- */

static Perfetto__Trace *end_trace(struct run *r, const struct snapshot *total)
{
	Perfetto__Trace *t;

	assert_int_equal(r->view->ops->end(r->view, total, NULL), 0);
	view__free(r->view);
	fclose(r->f);
	t = perfetto__trace__unpack(NULL, r->len, (const uint8_t *)r->text);
	assert_non_null(t);
	free(r->text);
	return t;
}

static const Perfetto__TrackEvent *next_event(const Perfetto__Trace *t, size_t *i, uint32_t type)
{
	for (; *i < t->n_packet; ++*i)
		if (t->packet[*i]->track_event && t->packet[*i]->track_event->type == type)
			return t->packet[(*i)++]->track_event;
	return NULL;
}

static void perfetto_has_a_track_gil_below_each_thread(void **state)
{
	const struct snapshot total = { .now_ns = 50 * MS };
	uint64_t flow, track;
	Perfetto__Trace *t;
	struct run r;
	size_t i = 0, gils = 0, renamed = 0;

	(void)state;
	start(&r, view_perfetto__new);
	hand_over(&r);
	t = end_trace(&r, &total);
	assert_int_equal(t->packet[0]->sequence_flags, 1);
	assert_int_equal(t->packet[0]->trace_packet_defaults->timestamp_clock_id, 3);
	assert_int_equal(t->packet[1]->clock_snapshot->n_clocks, 2); /* nobody knows of BOOTTIME */
	assert_int_equal(t->packet[1]->clock_snapshot->primary_trace_clock, 3);
	flow = next_event(t, &i, 1)->flow_ids[0];
	track = next_event(t, &i, 1)->track_uuid; /* the wait */
	assert_int_equal(t->packet[i - 1]->timestamp, 5 * MS);
	assert_int_equal(t->packet[i - 1]->track_event->n_debug_annotations,
			 2); /* no name of the holder yet */
	assert_int_equal(t->packet[i - 1]->interned_data->n_callstacks, 1);
	assert_int_equal(t->packet[i - 1]->interned_data->frames[1]->line_number, 8);
	assert_int_equal(next_event(t, &i, 1)->terminating_flow_ids[0], flow);
	for (i = 0; i < t->n_packet; i++) {
		const Perfetto__TrackDescriptor *d = t->packet[i]->track_descriptor;

		gils += d && d->name && !strcmp(d->name, "gil");
		if (d && d->uuid == track)
			assert_string_equal(d->name, "gil");
		renamed += d && d->thread && d->thread->thread_name &&
			   !strcmp(d->thread->thread_name, "a \"b\" \\");
	}
	assert_int_equal(gils, 2);
	assert_int_equal(renamed, 1);
	perfetto__trace__free_unpacked(t, NULL);
}

/* What is in sums at one GIL may lie across what is at another: on one track their ends would be mixed up. */
static void perfetto_has_sums_at_two_gils_apart(void **state)
{
	const struct snapshot total = { .now_ns = 50 * MS };
	struct event_segment other = { .from_ns = 5 * MS, .cnt = 1, .sum_ns = 7, .max_ns = 7 };
	const Perfetto__TrackEvent *first, *second;
	size_t i = 0, named = 0;
	Perfetto__Trace *t;
	struct run r;

	(void)state;
	start(&r, view_perfetto__new);
	segment(&r);
	event_of(&r, (struct event){ .ns = 12 * MS,
				     .tid = 7,
				     .gil = GIL + 1,
				     .kind = EVENT_SEGMENT,
				     .segment = &other });
	t = end_trace(&r, &total);
	first = next_event(t, &i, 1);
	second = next_event(t, &i, 1);
	assert_int_equal(t->packet[i - 1]->timestamp, 5 * MS); /* the first one ends at 9 ms */
	assert_int_equal(second->debug_annotations[1]->uint_value, 7);
	assert_int_not_equal(first->track_uuid, second->track_uuid);
	for (i = 0; i < t->n_packet; i++) {
		const Perfetto__TrackDescriptor *d = t->packet[i]->track_descriptor;

		if (d && d->uuid == first->track_uuid)
			named += !strcmp(d->name, "gil: short waits, in sum");
		if (d && d->uuid == second->track_uuid)
			named += !strcmp(d->name, "gil 1: short waits, in sum");
	}
	assert_int_equal(named, 2);
	perfetto__trace__free_unpacked(t, NULL);
}

/* ---- totals by stack ---- */

static const struct snap_stack stacks[] = {
	{ .kind = SNAP_STACK_WAIT, .tid = 7, .ns = 16, .cnt = 2, .frame_cnt = 2, .frames = frames },
	{ .kind = SNAP_STACK_BLAME,
	  .tid = 8,
	  .ns = 15,
	  .cnt = 3,
	  .truncated = true,
	  .frame_cnt = 1,
	  .frames = frames },
	{ .kind = SNAP_STACK_BLAME, .tid = 0, .ns = 1, .cnt = 1 },
};
static const struct snap_thread threads[] = {
	{ .tid = 7, .name = "one" }, { .tid = 8, .name = "=two, \"2\"", .wait_max_ns = NS_UNKNOWN }
};
static const struct snap_proc proc = { .pid = PID,
				       .comm = "app",
				       .cmdline = "python3 app.py",
				       .stacks_known = true,
				       .stack_cnt = 3,
				       .stacks = stacks,
				       .thread_cnt = 2,
				       .threads = threads };
static const struct snapshot stacked = {
	.start_ns = 10 * MS, .now_ns = 50 * MS, .proc_cnt = 1, .procs = &proc
};

static void perfetto_has_the_totals_as_samples(void **state)
{
	const char *source[5] = { NULL };
	uint64_t sum = 0, samples = 0, stacks_of[5] = { 0 };
	Perfetto__Trace *t;
	struct run r;

	(void)state;
	start(&r, view_perfetto__new);
	t = end_trace(&r, &stacked);
	for (size_t i = 0; i < t->n_packet; i++) {
		const Perfetto__TracePacket *p = t->packet[i];
		const Perfetto__StackSample *s = p->stack_sample;

		assert_in_range(p->trusted_packet_sequence_id, 1, 4);
		if (p->trace_packet_defaults && p->trace_packet_defaults->stack_sample_defaults)
			source[p->trusted_packet_sequence_id] =
				p->trace_packet_defaults->stack_sample_defaults->source;
		if (!s)
			continue;
		samples++;
		assert_non_null(source[p->trusted_packet_sequence_id]);
		sum += s->primary_weight;
		assert_int_equal(p->interned_data->n_callstacks, 1);
		assert_true(p->interned_data->callstacks[0]->n_frame_ids > 0);
		assert_int_equal(p->interned_data->callstacks[0]->iid, s->callstack_iid);
		assert_int_equal(s->callstack_iid, ++stacks_of[p->trusted_packet_sequence_id]);
		assert_int_equal(s->task_context->has_tid, s->task_context->tid != 0);
	}
	assert_int_equal(samples, 3);
	assert_int_equal(sum, 32);
	assert_string_equal(source[2], "giltop.wait");
	assert_null(source[3]); /* nobody held */
	assert_string_equal(source[4], "giltop.blame");
	perfetto__trace__free_unpacked(t, NULL);
}

static const char *str(const Profile__Profile *p, int64_t no)
{
	return p->string_table[no];
}

static void pprof_has_the_totals_by_thread(void **state)
{
	uint8_t raw[8192];
	z_stream z = { 0 };
	Profile__Profile *p;
	struct run r;

	(void)state;
	start(&r, view_pprof__new);
	assert_int_equal(r.view->ops->end(r.view, &stacked, NULL), 0);
	view__free(r.view);
	fclose(r.f);
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	z.next_in = (Bytef *)r.text;
	z.avail_in = (uInt)r.len;
	z.next_out = raw;
	z.avail_out = sizeof(raw);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	inflateEnd(&z);
	assert_int_equal(memcmp(r.text + 4, "\0\0\0\0", 4), 0); /* no time of day */
	p = profile__profile__unpack(NULL, z.total_out, raw);
	assert_non_null(p);
	assert_string_equal(str(p, 0), "");
	assert_string_equal(str(p, p->default_sample_type), "blame");
	assert_int_equal(p->time_nanos, 1700000000010 * MS);
	assert_int_equal(p->n_sample, 3);
	assert_int_equal(p->sample[0]->value[1], 16);
	assert_int_equal(p->sample[1]->value[5], 15);
	assert_int_equal(p->sample[2]->n_location_id, 1);
	assert_int_equal(p->sample[2]->n_label, 3);
	assert_int_equal(p->location[p->sample[0]->location_id[0] - 1]->line[0]->line,
			 8); /* innermost first */
	assert_string_equal(
		str(p,
		    p->function
			    [p->location[p->sample[1]->location_id[1] - 1]->line[0]->function_id -
			     1]
				    ->name),
		"[truncated]");
	assert_string_equal(str(p, p->sample[0]->label[2]->str), "one");
	profile__profile__free_unpacked(p, NULL);
	free(r.text);
}

/* ---- csv ---- */

static void csv_quotes_and_leaves_empty_what_is_not_known(void **state)
{
	struct run r;

	(void)state;
	start(&r, view_csv__new);
	assert_int_equal(view__begin(r.view, &stacked), 0);
	assert_int_equal(r.view->ops->end(r.view, &stacked, NULL), 0);
	view__free(r.view);
	fclose(r.f);
	assert_non_null(
		strstr(r.text,
		       "time,start_ns,duration_ns,pid,process,tid,thread,pool,gil,state,span_ns,"));
	assert_non_null(
		strstr(r.text, "2023-11-14T22:13:20.010000Z,10000000,40000000,7,app,7,one,"));
	assert_non_null(strstr(r.text, ",8,\"'=two, \"\"2\"\"\","));
	free(r.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_not_rounded),
		cmocka_unit_test(chrome_has_slices_arrows_and_a_counter),
		cmocka_unit_test(chrome_has_sums_apart_and_a_run_without_anything),
		cmocka_unit_test(perfetto_has_a_track_gil_below_each_thread),
		cmocka_unit_test(perfetto_has_sums_at_two_gils_apart),
		cmocka_unit_test(perfetto_has_the_totals_as_samples),
		cmocka_unit_test(pprof_has_the_totals_by_thread),
		cmocka_unit_test(csv_quotes_and_leaves_empty_what_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
