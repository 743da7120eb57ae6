/* SPDX-License-Identifier: BSD-2-Clause */
/* diff_folded.c - folded stacks of two runs, a line each with both weights: for a differential flame graph
 *
 * Pids, tids and lines are other ones in the next run of the next version: with them no stack would be in both.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/arena.h"
#include "user/base/hmap.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/judge/diff.h"
#include "user/view/diff_view.h"
#include "user/view/stack_lines.h"
#include "user/view/view.h"

struct line {
	const char *text;
	double ns[2];
};

struct folding {
	size_t cnt, cap;
	struct line *v;
	struct hmap by_text; /* (hash, nth) -> number + 1 */
	struct arena texts;
	const char *role; /* of the process whose stacks come now */
	int side;
};

static size_t find(struct folding *f, const char *text)
{
	uint64_t hash = hash_bytes(HASH_START, text, strlen(text)), nth = 0;
	size_t at;

	for (; (at = (size_t)hmap__get(&f->by_text, hash, nth)); nth++)
		if (!strcmp(f->v[at - 1].text, text))
			return at;
	if (array_grow(&f->v, f->cnt, &f->cap, sizeof(*f->v)))
		return 0;
	f->v[f->cnt] = (struct line){ .text = arena__strdup(&f->texts, text) };
	if (hmap__put(&f->by_text, hash, nth, (void *)(f->cnt + 1)))
		return 0;
	return ++f->cnt;
}

/* "name (file.py:88)" without ":88". */
static void put_frame(struct sbuf *b, const char *s, size_t len)
{
	size_t end = len && s[len - 1] == ')' ? len - 1 : 0, at = end;

	while (at && s[at - 1] >= '0' && s[at - 1] <= '9')
		at--;
	if (at && at < end && s[at - 1] == ':') {
		sbuf__add(b, s, at - 1);
		sbuf__puts(b, ")");
	} else {
		sbuf__add(b, s, len);
	}
}

/* PROCESS (PID);POOL;FRAME;.. */
static int take_line(void *ctx, const char *line, uint64_t ns)
{
	__cleanup(sbuf__free) struct sbuf b = { 0 };
	struct folding *f = ctx;
	const char *s = strchr(line, ';');
	size_t at;

	for (const char *c = f->role; *c; c++)
		sbuf__add(&b, *c == ';' ? ":" : c, 1);
	for (bool thread = true; s && *s == ';'; thread = false) {
		size_t len = strcspn(++s, ";");

		sbuf__puts(&b, ";");
		if (thread)
			sbuf__add(&b, s, len);
		else
			put_frame(&b, s, len);
		s += len;
	}
	at = b.oom ? 0 : find(f, sbuf__str(&b));
	if (!at)
		return -ENOMEM;
	f->v[at - 1].ns[f->side] += (double)ns;
	return 0;
}

static int take_side(struct folding *f, const struct snapshot *s, const struct view_opts *o,
		     const char *program)
{
	struct snapshot one = *s;
	int err = 0;

	one.proc_cnt = 1;
	for (size_t i = 0; i < s->proc_cnt && !err; i++) {
		one.procs = &s->procs[i];
		f->role = program ? program : diff_role(one.procs, &f->texts);
		err = stack_lines__each(&one, o, take_line, f);
	}
	f->side++;
	return err;
}

static int cmp_line(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->text, ((const struct line *)b)->text);
}

static uint64_t weight(double ns, const struct view_opts *o)
{
	double v = o->unit_ns ? ns : ns / 1000;

	return v < 1e19 ? (uint64_t)(v + 0.5) : 0;
}

static void put_lines(FILE *out, struct folding *f, const struct view_opts *o, double scale)
{
	if (f->cnt)
		qsort(f->v, f->cnt, sizeof(*f->v), cmp_line);
	for (size_t i = 0; i < f->cnt; i++) {
		uint64_t a = weight(f->v[i].ns[0] * scale, o), b = weight(f->v[i].ns[1], o);

		if (a || b)
			fprintf(out, "%s %" PRIu64 " %" PRIu64 "\n", f->v[i].text, a, b);
	}
}

int diff_folded__put(FILE *out, const struct snapshot *a, const struct snapshot *b,
		     const struct view_opts *o, double *ret_scale)
{
	uint64_t from = a->now_ns - a->start_ns, to = b->now_ns - b->start_ns;
	double scale = from ? (double)to / (double)from : 1;
	struct view_opts own = *o;
	struct folding f = { 0 };
	const char *program[2];
	int err;

	program[0] = diff_program(a, &f.texts);
	program[1] = diff_program(b, &f.texts);
	if (program[0])
		program[0] = program[1];
	own.merge_threads = true;
	err = take_side(&f, a, &own, program[0]);
	if (!err)
		err = take_side(&f, b, &own, program[0]);
	if (!err)
		put_lines(out, &f, o, scale);
	*ret_scale = scale;
	free(f.v);
	hmap__free(&f.by_text);
	arena__free(&f.texts);
	return err ? err : ferror(out) ? -EIO : 0;
}
