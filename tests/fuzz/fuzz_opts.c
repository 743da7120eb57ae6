/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_opts.c - a command line of any words: taken or refused, and what is taken is within its bounds
 *
 * The input is the words, each with its newline. What is said goes to where the driver has put stdout and stderr.
 */
#include <errno.h>

#include "user/app/opts.h"

#include "tests/fuzz/fuzz.h"

#define WORDS_MAX 24

static void taken(const struct opts *o)
{
	promise(opts__format(o));
	promise((unsigned int)o->verb < VERB_CNT && verb__name(o->verb));
	promise(o->view.interval_ns);
	promise(o->words);
	for (size_t i = 0; i < o->pid_cnt; i++)
		promise(o->pids[i] > 0 && o->pids[i] <= INT32_MAX);
	opts__said(o, "pid");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *save = NULL, *argv[WORDS_MAX + 2] = { (char *)"giltop" };
	struct opts o = { 0 };
	int argc = 1, err;

	promise(text);
	for (size_t i = 0; i < size; i++)
		text[i] = (char)(data[i] ? data[i] : '\n');
	text[size] = '\0';
	for (char *w = strtok_r(text, "\n", &save); w && argc <= WORDS_MAX;
	     w = strtok_r(NULL, "\n", &save))
		argv[argc++] = w;
	err = opts__parse(argc, argv, &o);
	promise(err >= 0 || err == -EINVAL);
	if (!err) {
		taken(&o);
		opts__free(&o);
	}
	free(text);
	return 0;
}
