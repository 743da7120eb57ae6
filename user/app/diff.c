/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/diff.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/app/checks.h"
#include "user/app/opts.h"
#include "user/app/output.h"
#include "user/base/log.h"
#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/codec/summary.h"
#include "user/judge/diff.h"
#include "user/picture/snapshot.h"
#include "user/target/failure.h"
#include "user/view/diff_view.h"
#include "user/view/formats.h"

/* Was any thread known for any time? */
static bool is_empty(const struct snapshot *s)
{
	for (size_t i = 0; i < s->proc_cnt; i++)
		for (size_t k = 0; k < s->procs[i].thread_cnt; k++)
			if (s->procs[i].threads[k].span_ns)
				return false;
	return true;
}

/* 0 or an exit code that has been explained. */
static int read_side(const char *path, struct snapshot **ret)
{
	__cleanup(sbuf__free) struct sbuf why = { 0 };
	__cleanup(fclosep) FILE *f = fopen(path, "re");
	int err = f ? summary__read(f, ret, &why) : -errno;

	if (err == -ENOMEM)
		return failure__say(FAIL_NO_MEMORY, NULL, 0);
	if (err) {
		pr_warn("cannot read %s: %s\n", path, why.len ? sbuf__str(&why) : errstr(err));
		return EXIT_RUNTIME;
	}
	if (is_empty(*ret)) {
		pr_warn("cannot compare %s: no thread was measured in it\n", path);
		return EXIT_RUNTIME;
	}
	return 0;
}

static int put_folded(FILE *out, const struct opts *o, struct snapshot *const s[2])
{
	char a[UNITS_SZ], b[UNITS_SZ];
	double scale;
	int err = diff_folded__put(out, s[0], s[1], &o->view, &scale);

	if (!err)
		pr_info("stacks of A, %s, are scaled to the %s of B: times %.3g\n",
			units__duration(s[0]->now_ns - s[0]->start_ns, a),
			units__duration(s[1]->now_ns - s[1]->start_ns, b), scale);
	return err;
}

static int put(FILE *out, const struct opts *o, struct snapshot *const s[2],
	       const struct check_outcome *outcomes)
{
	bool json = opts__format(o) == formats__find("jsonl");
	struct diff *d;
	int err;

	if (opts__format(o)->bits & FORMAT_WEIGHT)
		return put_folded(out, o, s);
	d = diff__new(s[0], s[1]);
	if (!d)
		return -ENOMEM;
	err = json ? diff_json__put(out, d, o->files) : diff_text__put(out, d, o->files);
	for (size_t i = 0; i < o->checks.cnt && json && !err; i++)
		err = diff_json__put_check(out, &o->checks.list[i], outcomes[i].result,
					   outcomes[i].words);
	diff__free(d);
	return err;
}

static int compare(const struct opts *o, struct snapshot *const s[2])
{
	__cleanup(freep) struct check_outcome *outcomes =
		calloc(o->checks.cnt + 1, sizeof(*outcomes));
	struct output out = { 0 };
	int err, code = outcomes ? output__open(&out, o) : failure__say(FAIL_NO_MEMORY, NULL, 0);

	if (code)
		return code;
	code = checks__judge(&o->checks, s[0], s[1], outcomes);
	err = put(out.f, o, s, outcomes);
	if (err == -ENOMEM)
		return failure__say(FAIL_NO_MEMORY, NULL, 0);
	return output__close(&out, err) ? EXIT_RUNTIME : code;
}

int diff__run(const struct opts *o)
{
	struct snapshot *s[2] = { NULL, NULL };
	int code = 0;

	for (int i = 0; i < 2 && !code; i++)
		code = read_side(o->files[i], &s[i]);
	if (!code)
		code = compare(o, s);
	snapshot__free(s[0]);
	snapshot__free(s[1]);
	return code;
}
