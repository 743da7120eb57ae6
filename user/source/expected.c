/* SPDX-License-Identifier: BSD-2-Clause */
/* expected.c - processes that are no CPython yet: just forked or executed */
#include <sys/timerfd.h>

#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/source/collector_impl.h"

/* A program needs this long at most to map its libpython after exec. */
#define EXPECT_NS   5000000000ull
#define EXPECT_TRY  20000000 /* ns to the first try, and each time so much later: */
#define EXPECT_MORE 3

static void arm_timer(struct collector *c)
{
	struct itimerspec its = { 0 };

	if (c->exp_cnt)
		its.it_value.tv_nsec = its.it_interval.tv_nsec = EXPECT_TRY;
	timerfd_settime(c->timer, 0, &its, NULL);
}

static void expect(struct collector *c, pid_t pid, bool is_kin)
{
	struct expected e = { pid, now_ns() + EXPECT_NS, 0, EXPECT_TRY, is_kin };

	for (size_t i = 0; i < c->exp_cnt; i++)
		if (c->exp[i].pid == pid) { /* another program runs there now */
			c->exp[i] = e;
			return;
		}
	if (array_grow(&c->exp, c->exp_cnt, &c->exp_cap, sizeof(*c->exp)))
		return;
	c->exp[c->exp_cnt++] = e;
	if (c->exp_cnt == 1) /* else it runs: a stream of new ones must not put it off */
		arm_timer(c);
}

void collector__expect(struct collector *c, pid_t pid)
{
	expect(c, pid, false);
}

void expected__fork(struct collector *c, pid_t parent, pid_t pid)
{
	bool is_kin = tracked__find(c, parent);

	for (size_t i = 0; i < c->exp_cnt && !is_kin; i++)
		is_kin = c->exp[i].pid == parent && c->exp[i].is_kin;
	expect(c, pid, is_kin);
}

/* Who is not wanted may come to where it is while it is expected: as if it were no CPython yet. */
static enum failure try_one(struct collector *c, const struct expected *e, struct sbuf *why)
{
	if (!proc__runs(e->pid))
		return FAIL_GONE;
	if (e->is_kin || !c->opts.wants || c->opts.wants(c->opts.wants_ctx, e->pid))
		return collector__add(c, e->pid, true, why);
	sbuf__printf(why, "pid %d is not one of those that are wanted", e->pid);
	return FAIL_NOT_PYTHON;
}

/* Try the expected ones; drop those that are here, gone, refused or too old. */
void expected__try(struct collector *c)
{
	for (size_t i = 0; i < c->exp_cnt;) {
		struct expected *e = &c->exp[i];
		struct sbuf why = { 0 };
		uint64_t now = now_ns();
		enum failure f;

		if (now < e->next_ns) {
			i++;
			continue;
		}
		f = try_one(c, e, &why);
		if (f == FAIL_NOT_PYTHON && now < e->until_ns) {
			e->next_ns = now + e->wait_ns;
			e->wait_ns *= EXPECT_MORE;
			i++;
		} else {
			failure__say_of_many(f, sbuf__str(&why));
			c->exp[i] = c->exp[--c->exp_cnt];
		}
		sbuf__free(&why);
	}
	if (!c->exp_cnt)
		arm_timer(c);
}
