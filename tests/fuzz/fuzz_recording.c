/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_recording.c - a recording of any bytes: frames whose sums are right, for those are soon found to be wrong
 *
 * The input is cut into payloads, each with a type and a length before it, which become frames; one bit of the type: and one
 * byte of the file is changed. It is played to a model, and sought in, and each picture is written as JSON.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/codec/index.h"
#include "user/model/model.h"
#include "user/source/recording.h"
#include "user/view/view.h"

#include "tests/fuzz/fuzz.h"

#define MARKS_MAX 50

static void show(const struct model *m, enum model_span span, FILE *to)
{
	const struct view_opts o = { .interval_ns = 1000000000 };
	struct snapshot *s = model__snapshot(m, span);
	struct view *v = view_json__new(to, &o);

	promise(s && v);
	view__interval(v, s);
	view__free(v);
	snapshot__free(s);
}

static void make_file(struct input *in, struct sbuf *file)
{
	uint8_t kind = take(in);

	file_start__put(kind & 1 ? FILE_F_RING : 0, file);
	while (in->left) {
		uint8_t type = take(in);
		size_t len = take(in);
		struct frame f = { .type = type & 7, .first_ns = 1, .last_ns = type };

		len |= (size_t)take(in) << 8;
		len = len < in->left ? len : in->left;
		promise(!frame__put(&f, in->p, len, 1, file));
		in->p += len;
		in->left -= len;
	}
	if (kind & 2)
		file_end__put(kind, file);
	if (kind & 4)
		file->s[(size_t)kind * file->len / 256] ^= 1;
}

static void play(struct recording *r, struct sinks *sinks, FILE *to)
{
	struct source *src = recording__source(r);
	struct record mark = { .kind = REC_MARK };
	struct model *m = model__new();
	int n = 0;

	promise(m && !sinks__add(sinks, model__sink(m)));
	src->ops->want_spans(src, 1);
	while (n++ < MARKS_MAX && !src->ops->refresh(src)) {
		show(m, MODEL_INTERVAL, to);
		sinks__send(sinks, &mark);
	}
	src->ops->close(src);
	show(m, MODEL_TOTAL, to);
	sinks__remove(sinks, model__sink(m));
	model__free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	__cleanup(sbuf__free) struct sbuf file = { 0 }, why = { 0 };
	struct sinks sinks = { 0 };
	struct recording *r;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	FILE *to = fopen("/dev/null", "we");

	promise(fd >= 0 && to);
	make_file(&in, &file);
	promise(write(fd, file.s, file.len) == (ssize_t)file.len);
	r = recording__open(fd, "fuzz", &sinks, &why);
	promise(r || why.len);
	if (r) {
		play(r, &sinks, to);
		play(r, &sinks, to); /* at its end */
		recording__seek(r, recording__end_ns(r), 1000);
		recording__source(r)->ops->free(recording__source(r));
	}
	fclose(to);
	return 0;
}
