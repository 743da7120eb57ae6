/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_diff.c - rules of --check, and summaries that somebody else has written: taken or refused, compared and judged
 *
 * The first line is a rule. What follows is the file of both runs: JSON lines, or whatever it is.
 */
#include <errno.h>

#include "user/base/sbuf.h"
#include "user/codec/summary.h"
#include "user/judge/check.h"
#include "user/judge/diff.h"
#include "user/picture/snapshot.h"
#include "user/view/diff_view.h"
#include "user/view/view.h"

#include "tests/fuzz/fuzz.h"

static const char *const files[] = { "a", "b" };

static void compare(const struct snapshot *s, FILE *out)
{
	struct view_opts o = { .weight = WEIGHT_BLAME };
	struct diff *d = diff__new(s, s);
	double scale;

	promise(d);
	for (size_t i = 0; i < d->cnt; i++) /* not more and not less than itself */
		promise(d->rows[i].judgement <= DIFF_SAME);
	promise(!diff_text__put(out, d, files) && !diff_json__put(out, d, files));
	promise(!diff_folded__put(out, s, s, &o, &scale));
	diff__free(d);
}

static void judge(const struct check *c, const struct snapshot *s)
{
	struct sbuf words = { 0 };
	enum check_result r = check__judge(c, c->change ? s : NULL, s, &words);

	promise(words.len && (unsigned int)r <= CHECK_UNKNOWN);
	promise(check_result__name(r));
	sbuf__free(&words);
}

static void clean(const struct snapshot *s)
{
	for (size_t i = 0; i < s->proc_cnt; i++) {
		const struct snap_proc *p = &s->procs[i];

		promise_clean(p->comm, strlen(p->comm) + 1);
		for (size_t k = 0; k < p->thread_cnt; k++)
			promise_clean(p->threads[k].name, strlen(p->threads[k].name) + 1);
		for (size_t k = 0; k < p->stack_cnt; k++)
			for (size_t n = 0; n < p->stacks[k].frame_cnt; n++)
				promise_clean(p->stacks[k].frames[n].name,
					      strlen(p->stacks[k].frames[n].name) + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nl = memchr(data, '\n', size);
	size_t rule_len = nl ? (size_t)(nl - data) : size, len = size - rule_len;
	char *rule = malloc(rule_len + 1);
	struct sbuf why = { 0 };
	struct snapshot *s = NULL;
	struct check c;
	int wrong, err;
	FILE *f = NULL;

	promise(rule);
	memcpy(rule, data, rule_len);
	rule[rule_len] = '\0';
	wrong = check__parse(rule, &c, &why);
	promise(!wrong || (wrong == -EINVAL && why.len));
	sbuf__reset(&why);
	if (len > 1)
		f = fmemopen((void *)(uintptr_t)(nl + 1), len - 1, "r");
	if (f) {
		err = summary__read(f, &s, &why);
		promise(!err == !!s && (!err || why.len));
		fclose(f);
	}
	if (s) {
		f = fopen("/dev/null", "w");
		promise(f);
		clean(s);
		compare(s, f);
		fclose(f);
		if (!wrong)
			judge(&c, s);
	}
	snapshot__free(s);
	sbuf__free(&why);
	free(rule);
	return 0;
}
