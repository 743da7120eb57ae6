/* SPDX-License-Identifier: BSD-2-Clause */
/* diff_json.c - a diff as JSON lines: meta, verdict, a row a figure, checks */
#include <errno.h>

#include "user/base/json_out.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/judge/diff.h"
#include "user/view/diff_view.h"

static void begin(struct json_out *j, const char *type)
{
	json__open(j, NULL, '{');
	json__str(j, "type", type);
	json__u64(j, "v", 1);
}

static int end(struct json_out *j)
{
	json__close(j, '}');
	return json__end(j);
}

static void put_side(struct json_out *j, const char *key, const char *file,
		     const struct diff_side *s, const char *program)
{
	json__open(j, key, '{');
	json__str(j, "file", file);
	json__ns(j, "duration_ns", s->duration_ns);
	if (program)
		json__str(j, "program", program);
	json__u64(j, "processes", s->proc_cnt);
	json__u64(j, "threads", s->thread_cnt);
	json__u64(j, "threads_ns", (uint64_t)s->thread_ns);
	json__u64(j, "lost", s->lost);
	json__bool(j, "stacks_known", s->stacks_known);
	json__close(j, '}');
}

static const char *judgement_name(enum diff_judgement j)
{
	static const char *const names[] = {
		[DIFF_UNKNOWN] = "unknown", [DIFF_SAME] = "same", [DIFF_BETTER] = "better",
		[DIFF_WORSE] = "worse",	    [DIFF_MORE] = "more", [DIFF_LESS] = "less",
		[DIFF_NEW] = "new",	    [DIFF_GONE] = "gone",
	};

	return names[j];
}

static void put_str(struct json_out *j, const char *key, const char *s)
{
	if (s)
		json__str(j, key, s);
}

/* Times are integers, as in all of giltop's JSON. */
static void put_value(struct json_out *j, const char *key, const struct diff_row *r, double v)
{
	if (diff_figures[r->figure].unit == DIFF_NS && v >= 0)
		json__u64(j, key, (uint64_t)(v + 0.5));
	else
		json__real(j, key, v);
}

static int put_row(struct json_out *j, const struct diff_row *r)
{
	static const char *const kinds[] = {
		[DIFF_RUN] = "run",
		[DIFF_THREADS] = "threads",
		[DIFF_BLAME_FUNCTION] = "blame_function",
		[DIFF_BLAME_LINE] = "blame_line",
		[DIFF_WAIT_FUNCTION] = "waiting_function",
		[DIFF_WAIT_LINE] = "waiting_line",
	};
	static const char *const units[] = { [DIFF_SHARE] = "share",
					     [DIFF_NS] = "ns",
					     [DIFF_RATE] = "per_s",
					     [DIFF_NUMBER] = "number" };

	begin(j, "diff");
	json__str(j, "kind", kinds[r->kind]);
	put_str(j, "program", r->role);
	put_str(j, "threads", r->pool);
	put_str(j, "function", r->function);
	put_str(j, "file", r->file);
	if (r->line)
		json__u64(j, "line", r->line);
	json__str(j, "figure", diff_figures[r->figure].name);
	json__str(j, "unit", units[diff_figures[r->figure].unit]);
	put_value(j, "a", r, r->v[0]);
	put_value(j, "b", r, r->v[1]);
	put_value(j, "error", r, r->err);
	json__str(j, "judgement", judgement_name(r->judgement));
	return end(j);
}

int diff_json__put(FILE *out, const struct diff *d, const char *const files[2])
{
	__cleanup(sbuf__free) struct sbuf verdict = { 0 };
	struct json_out j = { .out = out };
	int err;

	diff__verdict(d, &verdict);
	if (verdict.oom)
		return -ENOMEM;
	begin(&j, "meta");
	json__str(&j, "giltop", GILTOP_VERSION);
	put_side(&j, "a", files[0], &d->side[0], d->program[0]);
	put_side(&j, "b", files[1], &d->side[1], d->program[1]);
	err = end(&j);
	if (err)
		return err;
	begin(&j, "verdict");
	json__str(&j, "text", sbuf__str(&verdict));
	err = end(&j);
	for (size_t i = 0; i < d->cnt && !err; i++)
		err = put_row(&j, &d->rows[i]);
	return err;
}

int diff_json__put_check(FILE *out, const struct check *c, enum check_result r, const char *words)
{
	struct json_out j = { .out = out };

	begin(&j, "check");
	json__str(&j, "expr", c->text);
	json__str(&j, "result", check_result__name(r));
	json__str(&j, "text", words);
	return end(&j);
}
