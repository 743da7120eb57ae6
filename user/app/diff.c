/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/diff.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "user/app/checks.h"
#include "user/app/opts.h"
#include "user/app/output.h"
#include "user/app/run_file.h"
#include "user/base/log.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/judge/diff.h"
#include "user/picture/snapshot.h"
#include "user/target/failure.h"
#include "user/view/diff_view.h"
#include "user/view/formats.h"

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

	for (size_t i = 0; i < 2 && opts__format(o)->bits & FORMAT_WEIGHT; i++)
		if (!snapshot__has_stacks(s[i])) {
			pr_warn("%s has no stacks (--no-stacks): there is nothing to compare\n",
				o->files[i]);
			return -ENODATA;
		}
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

/* outcomes: room for one for each check. */
static int compare(const struct opts *o, struct snapshot *const s[2],
		   struct check_outcome *outcomes)
{
	struct output out = { 0 };
	int code = output__open(&out, o), err;

	if (code)
		return code;
	code = checks__judge(&o->checks, s[0], s[1], outcomes);
	err = put(out.f, o, s, outcomes);
	if (err == -ENOMEM) {
		output__discard(&out);
		return failure__say(FAIL_NO_MEMORY, NULL, 0);
	}
	return output__close(&out, err) ? EXIT_RUNTIME : code;
}

int diff__run(const struct opts *o)
{
	struct check_outcome *outcomes = calloc(o->checks.cnt + 1, sizeof(*outcomes));
	struct run_file f[2] = { 0 };
	struct snapshot *s[2];
	int code = outcomes ? 0 : failure__say(FAIL_NO_MEMORY, NULL, 0);

	for (int i = 0; i < 2 && !code; i++) {
		code = run_file__open(&f[i], o->files[i]);
		s[i] = f[i].snap;
	}
	if (!code)
		code = compare(o, s, outcomes);
	run_file__close(&f[0]);
	run_file__close(&f[1]);
	free(outcomes);
	return code;
}
