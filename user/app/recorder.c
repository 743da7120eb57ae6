/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "user/app/invoker.h"
#include "user/app/opts.h"
#include "user/app/output.h"
#include "user/base/arena.h"
#include "user/base/log.h"
#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/books/trigger.h"
#include "user/codec/index.h"
#include "user/codec/ring.h"
#include "user/codec/writer.h"
#include "user/target/failure.h"
#include "user/view/formats.h"

/* A ring begins anew so many times in what it keeps: so much more than that is in it at most. */
#define RESTARTS    8
#define RESTART_NS  5000000000u /* .. where it is kept by size */
#define RESTART_MIN 1000000000u
#define RESTART_MAX 15000000000u
/* .. and by time it has no more than this: an hour of 20,000 events a second. */
#define RING_BYTES (256ull << 20)
/* A file about a moment ends so many intervals after it. */
#define AFTER_INTERVALS 2

/* A file that is being written. */
struct rec_file {
	struct output out;
	uint64_t off; /* of the next frame */
	size_t cnt;   /* of index */
	struct index_entry *index;
	uint64_t list_off; /* the last list of the index that is in it, 0: none */
};

struct recorder {
	const struct opts *o;
	struct rec_writer *writer;
	bool is_ring; /* else all goes into the one file */
	struct ring
		*ring; /* what is kept; of a file what comes before it is opened. NULL: nothing */
	struct rec_file file;
	struct arena names;	       /* of a flight recorder's files, .. */
	const char *name;	       /* .. the last one */
	unsigned int after;	       /* intervals that are to come into it */
	uint64_t file_cnt, file_bytes; /* of those that are whole */
	uint64_t file_end_ns;	       /* the last one was */
	bool shown;		       /* the file has the name of the one that it replaces */
	bool asked;		       /* something has happened that a file is for */
	bool failed;		       /* one could not be written */
	bool said_full, said_failed;
	int err;
};

/* ---- a file ---- */

static int put_bytes(struct rec_file *f, const void *bytes, size_t len)
{
	f->off += len;
	return fwrite(bytes, 1, len, f->out.f) == len ? 0 : errno ? -errno : -EIO;
}

static int put_list(struct rec_file *f)
{
	__cleanup(sbuf__free) struct sbuf payload = { 0 }, bytes = { 0 };
	struct frame head = { .type = FRAME_INDEX };
	uint64_t off = f->off;
	int err;

	index__put(f->index, f->cnt, f->list_off, &payload);
	err = frame__put(&head, payload.s, payload.len, 1, &bytes);
	if (!err)
		err = put_bytes(f, bytes.s, bytes.len);
	f->list_off = off;
	f->cnt = 0;
	return err;
}

static int put_frame(struct rec_file *f, const struct frame *head, const void *bytes, size_t len)
{
	int err = f->cnt == INDEX_MAX ? put_list(f) : 0;

	f->index[f->cnt++] =
		(struct index_entry){ f->off, head->first_ns, head->last_ns, head->type };
	if (!err)
		err = put_bytes(f, bytes, len);
	/* Who looks at it while it grows sees whole intervals. */
	if (!err && head->type == FRAME_INTERVAL && fflush(f->out.f))
		err = -errno;
	return err;
}

static int begin_file(struct rec_file *f, uint32_t flags)
{
	__cleanup(sbuf__free) struct sbuf start = { 0 };

	f->off = f->list_off = 0;
	f->cnt = 0;
	f->index = calloc(INDEX_MAX, sizeof(*f->index));
	file_start__put(flags, &start);
	return f->index && !start.oom ? put_bytes(f, start.s, start.len) : -ENOMEM;
}

static int end_file(struct rec_file *f, int err)
{
	__cleanup(sbuf__free) struct sbuf end = { 0 };

	if (!err && f->out.f)
		err = put_list(f);
	file_end__put(f->list_off, &end);
	if (!err && f->out.f)
		err = put_bytes(f, end.s, end.len);
	free(f->index);
	f->index = NULL;
	return output__close(&f->out, err);
}

/* ---- a flight recorder's files ---- */

static const char *const kind_names[TRIGGER_KINDS] = { "wait",	 "hold", "delay",
						       "signal", "key",	 "end" };

/* -o DIR/, or FILE.giltop; without it: here. */
static int make_dir(const char *path)
{
	struct invoker_rights rights = { 0 };
	int err = invoker__enter(&rights);

	if (err)
		return err;
	if (mkdir(path, 0700) && errno != EEXIST)
		err = -errno;
	invoker__leave(&rights);
	return err;
}

static bool is_dir(const char *path)
{
	size_t len = strlen(path);
	struct stat st;

	return (len && path[len - 1] == '/') || (!stat(path, &st) && S_ISDIR(st.st_mode));
}

/* NULL: no memory. */
static const char *name_file(struct recorder *r, const struct trigger *t, unsigned int nth)
{
	const char *at = r->o->ring_to ? r->o->ring_to : "";
	__cleanup(sbuf__free) struct sbuf name = { 0 };
	time_t now = time(NULL);
	char stamp[32], no[16] = "";
	size_t len = strlen(at);
	struct tm tm;

	if (nth)
		snprintf(no, sizeof(no), "-%u", nth + 1);
	if (!len || is_dir(at)) {
		localtime_r(&now, &tm);
		strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
		sbuf__printf(&name, "%s%sgiltop-%s-%s%s.giltop", at,
			     !len || at[len - 1] == '/' ? "" : "/", stamp, kind_names[t->kind], no);
	} else {
		len -= formats__of_file(at) == formats__find("giltop") ? strlen(".giltop") : 0;
		sbuf__printf(&name, "%.*s%s.giltop", (int)len, at, no);
	}
	return name.oom ? NULL : arena__strdup(&r->names, sbuf__str(&name));
}

/* One with a name that is free: those of the same second, and of one run, count up. */
static int open_file(struct recorder *r, const struct trigger *t)
{
	const char *at = r->o->ring_to;
	unsigned int nth = at && !is_dir(at) ? (unsigned int)r->file_cnt : 0;
	int err = -EEXIST;

	for (unsigned int i = 0; i < 100 && err == -EEXIST; i++) {
		r->name = name_file(r, t, nth + i);
		r->file.out = (struct output){ 0 };
		err = r->name ? output__make(&r->file.out, r->name) : -ENOMEM;
	}
	if (err && !r->said_failed)
		pr_warn("cannot write %s: %s\n", r->name ? r->name : "a file", errstr(err));
	r->said_failed |= err != 0;
	return err;
}

static void close_moment(struct recorder *r)
{
	int err = end_file(&r->file, r->err);

	r->file_bytes += r->file.off;
	r->after = 0;
	r->file_end_ns = now_ns();
	r->failed |= err != 0;
	if (!err)
		pr_info("wrote %s (%" PRIu64 " bytes)\n", r->name, r->file.off);
	r->err = 0; /* the next one may be possible */
}

static int copy_frame(void *ctx, const struct frame *f, const void *bytes, size_t len)
{
	return put_frame(ctx, f, bytes, len);
}

/* What a user asks for, and the end, is no storm. */
static bool is_storm(enum trigger_kind kind)
{
	return kind == TRIGGER_WAIT || kind == TRIGGER_HOLD || kind == TRIGGER_DELAY;
}

static bool may_write(struct recorder *r, const struct trigger *t)
{
	bool enough = r->file_cnt >= r->o->max_files ||
		      (r->o->max_size && r->file_bytes + ring__bytes(r->ring) > r->o->max_size);

	if (enough && !r->said_full)
		pr_info("no more recordings are written (--max-files, --max-size): %" PRIu64
			" so far, %" PRIu64 " bytes; in memory are %zu\n",
			r->file_cnt, r->file_bytes, ring__bytes(r->ring));
	r->said_full |= enough;
	return !enough && (!is_storm(t->kind) || !r->file_end_ns ||
			   now_ns() >= r->file_end_ns + r->o->quiet_ns);
}

const char *recorder__write(struct recorder *r, const struct trigger *t)
{
	if (!r->is_ring)
		return r->file.out.path;
	r->asked = true;
	if (r->file.out.f) { /* this is in it, too; of a storm it does not become longer */
		if (!t->over && !is_storm(t->kind))
			r->after = AFTER_INTERVALS;
		return r->name;
	}
	if (t->over || !may_write(r, t))
		return NULL;
	/* Into the ring, while there is no file yet that it could go to. */
	r->err = rec_writer__flush(r->writer);
	if (r->err || open_file(r, t)) {
		r->failed = true;
		return NULL;
	}
	r->after = AFTER_INTERVALS;
	r->err = begin_file(&r->file, FILE_F_RING);
	if (!r->err)
		r->err = ring__each(r->ring, copy_frame, &r->file);
	if (!r->err && fflush(r->file.out.f))
		r->err = -errno;
	if (!r->err) {
		r->file_cnt++;
		return r->name;
	}
	if (!r->said_failed)
		pr_warn("cannot write %s: %s\n", r->name, errstr(r->err));
	r->failed = r->said_failed = true;
	free(r->file.index);
	r->file.index = NULL;
	output__discard(&r->file.out);
	r->err = 0;
	return NULL;
}

/* ---- frames ---- */

/* A file of a moment is complete, or as large as it may be. */
static bool is_enough(struct recorder *r, const struct frame *f)
{
	if (r->o->max_size && r->file_bytes + r->file.off >= r->o->max_size)
		return true;
	return f->type == FRAME_INTERVAL && !r->after--;
}

static int take_frame(void *ctx, const struct frame *f, const void *bytes, size_t len)
{
	struct recorder *r = ctx;
	int err = 0;

	if (r->ring)
		err = ring__add(r->ring, f, bytes, len);
	if (!r->file.out.f)
		return err;
	if (!r->err)
		r->err = put_frame(&r->file, f, bytes, len);
	if (r->is_ring && (r->err || is_enough(r, f)))
		close_moment(r);
	/* What was there stays until something has been measured. */
	if (!r->is_ring && !r->shown && f->type == FRAME_INTERVAL) {
		r->shown = true;
		if (output__show(&r->file.out))
			r->err = -EIO;
	}
	return err;
}

static uint64_t restart_ns(const struct opts *o)
{
	uint64_t ns = o->ring_ns ? o->ring_ns / RESTARTS : RESTART_NS;

	return ns < RESTART_MIN ? RESTART_MIN : ns > RESTART_MAX ? RESTART_MAX : ns;
}

static int make_ring(struct recorder *r)
{
	const struct opts *o = r->o;
	struct rec_writer_opts wo = { .frame = take_frame, .ctx = r, .max_rate = o->max_rate };

	r->is_ring = o->ring_ns || o->ring_bytes;
	if (r->is_ring)
		wo.restart_ns = restart_ns(o);
	r->ring = ring__new(o->ring_ns, o->ring_bytes ? o->ring_bytes : RING_BYTES);
	r->writer = r->ring ? rec_writer__new(&wo) : NULL;
	return r->writer ? 0 : failure__say(FAIL_NO_MEMORY, NULL, 0);
}

int recorder__open(struct recorder *r)
{
	const char *path = r->is_ring ? r->o->ring_to ? r->o->ring_to : "" : r->o->output;
	int code = 0, err = 0;

	if (r->is_ring) {
		if (*path && path[strlen(path) - 1] == '/')
			err = make_dir(path);
		if (err)
			pr_warn("cannot make %s: %s\n", path, errstr(err));
		return err ? EXIT_RUNTIME : 0;
	}
	code = output__open(&r->file.out, r->o);
	if (code)
		return code;
	err = begin_file(&r->file, 0);
	if (!err)
		err = ring__each(r->ring, copy_frame, &r->file);
	ring__free(r->ring);
	r->ring = NULL;
	if (err)
		pr_warn("cannot write %s: %s\n", path, errstr(err));
	return err ? EXIT_RUNTIME : 0;
}

struct recorder *recorder__new(const struct opts *o, int *ret_code)
{
	struct recorder *r = calloc(1, sizeof(*r));

	if (!r) {
		*ret_code = failure__say(FAIL_NO_MEMORY, NULL, 0);
		return NULL;
	}
	r->o = o;
	*ret_code = make_ring(r);
	if (!*ret_code)
		return r;
	recorder__free(r);
	return NULL;
}

struct sink *recorder__sink(struct recorder *r)
{
	return rec_writer__sink(r->writer);
}

bool recorder__is_ring(const struct recorder *r)
{
	return r->is_ring;
}

const char *recorder__ends(const struct recorder *r)
{
	if (r->is_ring)
		return NULL;
	if (r->err || rec_writer__err(r->writer))
		return "the recording could not be written";
	return r->o->max_size && r->file.off >= r->o->max_size ? "the size limit" : NULL;
}

int recorder__close(struct recorder *r, bool discard)
{
	int err = rec_writer__flush(r->writer);

	if (!r->is_ring && (discard || !r->file.out.f)) {
		output__discard(&r->file.out);
		return 0;
	}
	if (err && !r->err)
		pr_warn("the recording is not whole: %s\n", errstr(err));
	if (!r->is_ring) {
		int failed = end_file(&r->file, r->err);

		err = err ? err : failed;
	} else if (r->file.out.f) {
		close_moment(r);
	}
	return err || r->failed ? EXIT_RUNTIME : 0;
}

void recorder__say(const struct recorder *r, uint64_t span_ns)
{
	struct rec_stats st = rec_writer__stats(r->writer);
	const char *to = r->file.out.path ? r->file.out.path : "stdout";
	char span[UNITS_SZ];

	units__duration(span_ns, span);
	if (!r->is_ring && !r->file.out.failed)
		pr_info("wrote %s to %s (%" PRIu64 " bytes, %" PRIu64 " events one by one, %" PRIu64
			" in sums)\n",
			span, to, r->file.off, st.event_cnt, st.folded_cnt);
	else if (r->is_ring && !r->asked)
		pr_info("nothing happened that a recording is written for\n");
}

void recorder__free(struct recorder *r)
{
	if (!r)
		return;
	rec_writer__free(r->writer);
	ring__free(r->ring);
	free(r->file.index);
	arena__free(&r->names);
	free(r);
}
