/* SPDX-License-Identifier: BSD-2-Clause */
/* test_lock_looks.c - looks at a lock from outside: here at this process's own memory */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/epoll.h>
#include <unistd.h>

#include "user/base/util.h"
#include "user/books/sink.h"
#include "user/source/collector_impl.h"

struct seen {
	struct sink sink;
	uint64_t cnt, locked_cnt;
};

static int take(struct sink *sink, const struct record *r)
{
	struct seen *s = (struct seen *)sink;

	assert_int_equal(r->kind, REC_LOOKS);
	assert_int_equal(r->pid, getpid());
	s->cnt += r->looks.cnt;
	s->locked_cnt += r->looks.locked_cnt;
	return 0;
}

/* So often the timer is waited for, a second at most, and obeyed. */
static int tick(struct collector *c, int times)
{
	struct epoll_event ev;
	int done = 0;

	while (done < times && epoll_wait(c->source.fd, &ev, 1, 1000) == 1) {
		assert_true(ev.data.u64 == ID_LOOKS);
		lock_looks__on_timer(c);
		done++;
	}
	return done;
}

static void looks_count_what_the_lock_says_while_books_are_light(void **state)
{
	static struct {
		uint64_t last_holder;
		int locked, pad;
		uint64_t switch_number, cond;
	} gil;
	struct seen seen = { .sink.take = take };
	struct sinks sinks = { 0 };
	struct tracked t = { .target.pid = getpid(), .pidfd = -1 };
	struct collector c = { .live = &t, .live_cnt = 1 };

	(void)state;
	assert_int_equal(sinks__add(&sinks, &seen.sink), 0);
	c.source.sinks = &sinks;
	c.source.fd = epoll_create1(EPOLL_CLOEXEC);
	lock_looks__begin(&t);
	lock_looks__know(&t, (uint64_t)(uintptr_t)&gil + 0x18);
	lock_looks__know(&t, (uint64_t)(uintptr_t)&gil + 0x18);
	assert_int_equal(t.looks.cnt, 1);
	lock_looks__start(&c, &t);
	gil.locked = 1;
	assert_int_equal(tick(&c, 3), 3);
	gil.locked = 0;
	assert_int_equal(tick(&c, 2), 2);
	gil.locked = -1; /* no GIL */
	assert_int_equal(tick(&c, 1), 1);
	lock_looks__stop(&c, &t);
	assert_int_equal(lock_looks__send(&c), 0);
	assert_int_equal(seen.cnt, 5);
	assert_int_equal(seen.locked_cnt, 3);
	/* Once they are sent they are not sent again, and the timer rests. */
	assert_int_equal(lock_looks__send(&c), 0);
	assert_int_equal(seen.cnt, 5);
	tick(&c, 1);
	assert_int_equal(tick(&c, 1), 0);
	lock_watch__deinit(&t.looks);
	lock_looks__deinit(&c.looks);
	closep(&c.source.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_count_what_the_lock_says_while_books_are_light),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
