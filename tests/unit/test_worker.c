/* SPDX-License-Identifier: BSD-2-Clause */
/* test_worker.c - a process that blocks, spins, eats memory or dies: nobody waits for it for long */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/base/ending.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/base/worker.h"

#define MS 1000000ull

static const struct worker_limits limits = {
	.memory = 64 << 20, .cpu_ns = 3000 * MS, .wait_ns = 200 * MS, .answer = 4 << 20
};

struct fixture {
	struct worker *w;
	struct sbuf out;
	int calls; /* the worker's state */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->w = worker__new(&limits, &f->calls);
	*state = f;
	return !f->w;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	worker__free(f->w);
	sbuf__free(&f->out);
	free(f);
	return 0;
}

static int call(struct fixture *f, worker_fn fn, const char *in)
{
	sbuf__reset(&f->out);
	return worker__call(f->w, fn, in, strlen(in), &f->out);
}

static int echo(void *state, const void *in, size_t len, struct sbuf *out)
{
	sbuf__printf(out, "%d:", ++*(int *)state);
	sbuf__add(out, in, len);
	return 0;
}

static int refuse(void *state, const void *in, size_t len, struct sbuf *out)
{
	(void)state;
	(void)in;
	(void)len;
	sbuf__puts(out, "because");
	return -ENOTSUP;
}

static int block(void *state, const void *in, size_t len, struct sbuf *out)
{
	(void)state;
	(void)in;
	(void)len;
	(void)out;
	while (getpid())
		pause();
	return 0;
}

static int spin(void *state, const void *in, size_t len, struct sbuf *out)
{
	(void)state;
	(void)len;
	(void)out;
	while (*(volatile const char *)in)
		;
	return 0;
}

static int eat(void *state, const void *in, size_t len, struct sbuf *out)
{
	void *p;

	(void)state;
	(void)in;
	(void)len;
	(void)out;
	p = mmap(NULL, 1ul << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? -ENOMEM : 0;
}

static int die(void *state, const void *in, size_t len, struct sbuf *out)
{
	(void)state;
	(void)in;
	(void)len;
	(void)out;
	raise(SIGKILL);
	return 0;
}

static int talk(void *state, const void *in, size_t len, struct sbuf *out)
{
	size_t n = (size_t)atol(in);

	(void)state;
	(void)len;
	while (out->len < n)
		sbuf__puts(out, "0123456789abcdef");
	return 0;
}

static int count_fds(void *state, const void *in, size_t len, struct sbuf *out)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	(void)state;
	(void)in;
	(void)len;
	(void)out;
	while (d && readdir(d))
		n++;
	return n - 3; /* ".", "..", and that of the folder */
}

static void an_answer_comes_back_and_the_state_is_kept(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(call(f, echo, "a"), 0);
	assert_string_equal(sbuf__str(&f->out), "1:a");
	assert_int_equal(call(f, echo, ""), 0);
	assert_string_equal(sbuf__str(&f->out), "2:");
	assert_int_equal(f->calls, 0);
	assert_int_equal(call(f, refuse, ""), -ENOTSUP);
	assert_string_equal(sbuf__str(&f->out), "because");
	assert_int_equal(worker__lost_cnt(f->w), 0);
}

/* A thing that failed is given up, and the next call is served. */
static void gives_up(struct fixture *f, worker_fn fn, int err)
{
	uint64_t lost = worker__lost_cnt(f->w);

	assert_int_equal(call(f, fn, "x"), err);
	assert_int_equal(worker__lost_cnt(f->w), lost + 1);
	assert_int_equal(call(f, echo, "b"), 0);
	assert_string_equal(sbuf__str(&f->out), "1:b");
}

static void one_that_blocks_is_given_up(void **state)
{
	gives_up(*state, block, -ETIMEDOUT);
}

static void one_that_spins_is_given_up(void **state)
{
	struct fixture *f = *state;
	struct worker_limits less = limits;

	worker__free(f->w);
	less.cpu_ns = 50 * MS;
	f->w = worker__new(&less, &f->calls);
	gives_up(f, spin, -EFBIG);
}

static void one_that_dies_is_started_again(void **state)
{
	gives_up(*state, die, -EIO);
}

static void memory_is_limited(void **state)
{
	assert_int_equal(call(*state, eat, ""), -ENOMEM);
}

static void long_answers_come_whole_and_longer_ones_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(call(f, talk, "4194304"), 0);
	assert_int_equal(f->out.len, 4194304);
	assert_memory_equal(f->out.s + 4194304 - 16, "0123456789abcdef", 16);
	assert_int_equal(call(f, talk, "4194320"), -EFBIG);
}

static void it_has_no_descriptor_of_ours(void **state)
{
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(call(*state, count_fds, ""), 4);
	close(pipes[0]);
	close(pipes[1]);
}

static void a_signal_to_end_ends_the_waiting(void **state)
{
	struct worker_limits more = limits;
	struct fixture *f = *state;

	worker__free(f->w);
	more.wait_ns = 60000 * MS;
	f->w = worker__new(&more, &f->calls);
	assert_true(ending__arm() >= 0);
	assert_false(ending__has_come());
	raise(SIGTERM);
	assert_true(ending__has_come());
	assert_int_equal(call(f, block, ""), -EINTR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		T(an_answer_comes_back_and_the_state_is_kept),
		T(one_that_blocks_is_given_up),
		T(one_that_spins_is_given_up),
		T(one_that_dies_is_started_again),
		T(memory_is_limited),
		T(long_answers_come_whole_and_longer_ones_are_refused),
		T(it_has_no_descriptor_of_ours),
		T(a_signal_to_end_ends_the_waiting), /* the last: it has come from then on */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
