/* SPDX-License-Identifier: BSD-2-Clause */
/* pprof.c - the stacks of a run for `go tool pprof`, Pyroscope, Parca: who waited where (delay), held (hold), made wait (blame)
 *
 * All of it is of the totals: exact times, with counts beside them (of waits; of looks at holders). Threads and processes are labels.
 * The file is gzip of parts of the one message that a profile is, each written as soon as it is known: what is repeated in a
 * protobuf adds up, so there is never more in memory than the tables of names. Nothing in it depends on when it is written.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "user/base/hmap.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/books/sink.h"
#include "user/view/proto/profile.pb-c.h"
#include "user/view/strings.h"
#include "user/view/view.h"

/* Two values a kind of stacks: how often, how long. */
enum { TYPES = 6 };

struct pprof {
	struct view view;
	uint64_t mono_ns, real_ns; /* both clocks at one moment */
	struct strings strings;
	struct hmap functions; /* (name, file) -> id */
	struct hmap locations; /* (function, line) -> id */
	size_t function_cnt, location_cnt;
	z_stream gz;
	bool deflates;
	uint8_t *buf;
	size_t cap;
	uint64_t *ids; /* of the stack at hand */
	size_t id_cap;
	int err;
};

static void fail(struct pprof *p, int err)
{
	if (!p->err)
		p->err = err;
}

/* ---- bytes ---- */

static void deflate_all(struct pprof *p, const void *bytes, size_t len, int flush)
{
	uint8_t out[16384] = { 0 };

	p->gz.next_in = (Bytef *)(uintptr_t)bytes;
	p->gz.avail_in = (uInt)len;
	do {
		size_t n;

		p->gz.next_out = out;
		p->gz.avail_out = sizeof(out);
		if (deflate(&p->gz, flush) == Z_STREAM_ERROR)
			fail(p, -EIO);
		n = sizeof(out) - p->gz.avail_out;
		if (!p->err && fwrite(out, 1, n, p->view.out) != n)
			fail(p, errno ? -errno : -EIO);
	} while (!p->gz.avail_out && !p->err);
}

static void put(struct pprof *p, const Profile__Profile *part)
{
	size_t len = profile__profile__get_packed_size(part);

	if (len > p->cap) {
		uint8_t *larger = realloc(p->buf, 2 * len);

		if (!larger) {
			fail(p, -ENOMEM);
			return;
		}
		p->buf = larger;
		p->cap = 2 * len;
	}
	profile__profile__pack(part, p->buf);
	if (!p->err)
		deflate_all(p, p->buf, len, Z_NO_FLUSH);
}

/* ---- tables: what is new is written before what refers to it ---- */

static int64_t string(struct pprof *p, const char *s)
{
	size_t before = p->strings.cnt;
	uint32_t no = strings__no(&p->strings, s);

	if (no == STRINGS_NONE) {
		fail(p, -ENOMEM);
	} else if (p->strings.cnt > before) {
		Profile__Profile part = PROFILE__PROFILE__INIT;
		char *text = (char *)(uintptr_t)s;

		part.n_string_table = 1;
		part.string_table = &text;
		put(p, &part);
	}
	return no;
}

/* A function has no system name: where that is its name, too, pprof takes it for C++ and <module> for something to demangle. */
static uint64_t function(struct pprof *p, const char *name, const char *file)
{
	int64_t name_no = string(p, *name ? name : "?"), file_no = string(p, file);
	uintptr_t id = (uintptr_t)hmap__get(&p->functions, (uint64_t)name_no, (uint64_t)file_no);
	Profile__Function fn = PROFILE__FUNCTION__INIT, *list = &fn;
	Profile__Profile part = PROFILE__PROFILE__INIT;

	if (id)
		return id;
	id = ++p->function_cnt;
	if (hmap__put(&p->functions, (uint64_t)name_no, (uint64_t)file_no, (void *)id))
		fail(p, -ENOMEM);
	fn.has_id = fn.has_name = fn.has_filename = true;
	fn.id = id;
	fn.name = name_no;
	fn.filename = file_no;
	part.n_function = 1;
	part.function = &list;
	put(p, &part);
	return id;
}

static uint64_t location(struct pprof *p, const char *name, const char *file, uint32_t line)
{
	uint64_t fn = function(p, name, file);
	uintptr_t id = (uintptr_t)hmap__get(&p->locations, fn, line);
	Profile__Line at = PROFILE__LINE__INIT, *lines = &at;
	Profile__Location loc = PROFILE__LOCATION__INIT, *list = &loc;
	Profile__Profile part = PROFILE__PROFILE__INIT;

	if (id)
		return id;
	id = ++p->location_cnt;
	if (hmap__put(&p->locations, fn, line, (void *)id))
		fail(p, -ENOMEM);
	at.has_function_id = at.has_line = true;
	at.function_id = fn;
	at.line = line;
	loc.has_id = loc.has_mapping_id = true;
	loc.id = id;
	loc.mapping_id = 1;
	loc.n_line = 1;
	loc.line = &lines;
	part.n_location = 1;
	part.location = &list;
	put(p, &part);
	return id;
}

/* ---- samples ---- */

/* Innermost first. Returns how many; 0: no memory. */
static size_t locations(struct pprof *p, const struct snap_stack *s)
{
	size_t n = 0;

	if (p->id_cap < s->frame_cnt + 1) {
		uint64_t *larger = realloc(p->ids, (s->frame_cnt + 1) * 2 * sizeof(*larger));

		if (!larger) {
			fail(p, -ENOMEM);
			return 0;
		}
		p->ids = larger;
		p->id_cap = (s->frame_cnt + 1) * 2;
	}
	for (size_t i = s->frame_cnt; i-- > 0;)
		p->ids[n++] = location(p, s->frames[i].name, s->frames[i].file, s->frames[i].line);
	if (s->truncated || !s->frame_cnt)
		p->ids[n++] = location(p, s->truncated ? "[truncated]" : "[other]", "", 0);
	return n;
}

static void set_str(struct pprof *p, Profile__Label *l, const char *key, const char *value)
{
	profile__label__init(l);
	l->has_key = l->has_str = true;
	l->key = string(p, key);
	l->str = string(p, value);
}

static void set_num(struct pprof *p, Profile__Label *l, const char *key, uint32_t value)
{
	profile__label__init(l);
	l->has_key = l->has_num = true;
	l->key = string(p, key);
	l->num = value;
}

static void put_sample(struct pprof *p, const struct snap_proc *proc, const struct snap_stack *s)
{
	const struct snap_thread *t = snap_proc__thread(proc, s->tid);
	bool is_one = s->tid && !(s->tid & SNAP_FOLD_TID);
	int64_t values[TYPES] = { 0 };
	Profile__Label labels[4], *list[4] = { &labels[0], &labels[1], &labels[2], &labels[3] };
	Profile__Sample sample = PROFILE__SAMPLE__INIT, *samples = &sample;
	Profile__Profile part = PROFILE__PROFILE__INIT;

	values[2 * s->kind] = (int64_t)s->cnt;
	values[2 * s->kind + 1] = (int64_t)s->ns;
	set_str(p, &labels[0], "process", proc->comm);
	set_num(p, &labels[1], "pid", proc->pid);
	set_str(p, &labels[2], "thread", t ? t->name : s->tid ? "thread" : "[other threads]");
	if (is_one)
		set_num(p, &labels[3], "tid", s->tid);
	sample.n_location_id = locations(p, s);
	sample.location_id = p->ids;
	sample.n_value = TYPES;
	sample.value = values;
	sample.n_label = is_one ? 4 : 3;
	sample.label = list;
	part.n_sample = 1;
	part.sample = &samples;
	put(p, &part);
}

static void put_samples(struct pprof *p, const struct snapshot *total)
{
	for (size_t i = 0; i < total->proc_cnt && !p->err; i++) {
		const struct snap_proc *proc = &total->procs[i];

		for (size_t k = 0; k < proc->stack_cnt && !p->err; k++)
			if (view_opts__shows_tid(p->view.opts, proc->stacks[k].tid))
				put_sample(p, proc, &proc->stacks[k]);
	}
}

/* ---- the head ---- */

/* As the kinds of stacks (snapshot.h), count and time of each. */
static const char *const types[TYPES][2] = {
	{ "contentions", "count" }, { "delay", "nanoseconds" }, { "hold_looks", "count" },
	{ "hold", "nanoseconds" },  { "blame_looks", "count" }, { "blame", "nanoseconds" },
};

static void put_head(struct pprof *p, const struct snapshot *total)
{
	Profile__ValueType values[TYPES], *list[TYPES];
	Profile__Mapping mapping = PROFILE__MAPPING__INIT, *mappings = &mapping;
	Profile__Profile part = PROFILE__PROFILE__INIT;
	const struct snap_proc *first = total->proc_cnt ? &total->procs[0] : NULL;
	int64_t comment;

	string(p, ""); /* number 0 */
	for (size_t i = 0; i < TYPES; i++) {
		profile__value_type__init(&values[i]);
		values[i].has_type = values[i].has_unit = true;
		values[i].type = string(p, types[i][0]);
		values[i].unit = string(p, types[i][1]);
		list[i] = &values[i];
	}
	part.n_sample_type = TYPES;
	part.sample_type = list;
	/* What is to be changed is where others are made to wait. */
	part.has_default_sample_type = true;
	part.default_sample_type = string(p, "blame");
	/* Without a mapping that has all pprof looks for a binary. */
	mapping.has_id = mapping.has_filename = true;
	mapping.id = 1;
	mapping.filename = string(p, !first	       ? "python"
				     : *first->cmdline ? command_short(first->cmdline)
						       : first->comm);
	mapping.has_has_functions = mapping.has_functions = true;
	mapping.has_has_filenames = mapping.has_filenames = true;
	mapping.has_has_line_numbers = mapping.has_line_numbers = true;
	part.n_mapping = 1;
	part.mapping = &mappings;
	part.has_time_nanos = p->real_ns != 0;
	part.time_nanos = (int64_t)(p->real_ns + (total->start_ns - p->mono_ns));
	part.has_duration_nanos = true;
	part.duration_nanos = (int64_t)(total->now_ns - total->start_ns);
	comment = string(p, "giltop " GILTOP_VERSION);
	part.n_comment = 1;
	part.comment = &comment;
	put(p, &part);
}

/* ---- the view ---- */

static int take(struct view *v, const struct record *r)
{
	struct pprof *p = (struct pprof *)v;

	if (r->kind == REC_SOURCE) {
		p->mono_ns = r->source.mono_ns;
		p->real_ns = r->source.real_ns;
	}
	return 0;
}

static int end(struct view *v, const struct snapshot *total, const char *why)
{
	struct pprof *p = (struct pprof *)v;

	(void)why;
	/* 15 bits of window; + 16: gzip, with no time in its head. */
	if (deflateInit2(&p->gz, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	p->deflates = true;
	put_head(p, total);
	put_samples(p, total);
	if (!p->err)
		deflate_all(p, "", 0, Z_FINISH);
	return p->err ? p->err : fflush(v->out) ? -errno : 0;
}

static void pprof_free(struct view *v)
{
	struct pprof *p = (struct pprof *)v;

	if (p->deflates)
		deflateEnd(&p->gz);
	strings__free(&p->strings);
	hmap__free(&p->functions);
	hmap__free(&p->locations);
	free(p->buf);
	free(p->ids);
	free(p);
}

static const struct view_ops pprof_ops = {
	.take = take,
	.end = end,
	.free = pprof_free,
};

struct view *view_pprof__new(FILE *out, const struct view_opts *o)
{
	struct pprof *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->view = (struct view){ .ops = &pprof_ops, .out = out, .opts = o };
	return &p->view;
}
