/* SPDX-License-Identifier: BSD-2-Clause */
/* self_limit.c - when to do less, and when to do all again
 *
 * Up: over ten seconds, or before that as soon as the CPU time of ten is used up. Down: when it was cheap for long enough,
 * with half of what it may cost; each further one takes twice as long.
 */
#include "user/picture/self_limit.h"

#include <stdbool.h>

#define SPAN_NS	    10000000000u
#define BACK_MAX_NS (32ull * SPAN_NS)
/* So many refreshes in a row that cost more than half of the interval make it longer (the first one may have all names to
 * read); as many that do not make it as it was.
 */
#define IN_A_ROW    2
#define STRETCH_MAX 100

void self_limit__init(struct self_limit *l, uint64_t max_pct)
{
	*l = (struct self_limit){ .max_pct = max_pct, .stretch = 1, .back_ns = SPAN_NS };
}

/* Keep the costs of ten seconds. */
static void remember(struct self_limit *l, const struct self_cost *c)
{
	while (l->cnt == SELF_REFRESHES ||
	       (l->cnt && l->wall_ns - l->last[l->first].wall_ns >= SPAN_NS)) {
		l->wall_ns -= l->last[l->first].wall_ns;
		l->cpu_ns -= l->last[l->first].cpu_ns;
		l->first = (l->first + 1) % SELF_REFRESHES;
		l->cnt--;
	}
	l->last[(l->first + l->cnt++) % SELF_REFRESHES] = *c;
	l->wall_ns += c->wall_ns;
	l->cpu_ns += c->cpu_ns;
}

static void set_level(struct self_limit *l, enum self_level level)
{
	l->level = level;
	l->cnt = l->first = 0;
	l->wall_ns = l->cpu_ns = l->level_ns = l->cheap_ns = 0;
}

static bool is_over(const struct self_limit *l)
{
	uint64_t wall = l->wall_ns < SPAN_NS ? SPAN_NS : l->wall_ns;

	return l->cpu_ns > wall / 100 * l->max_pct;
}

static void choose_level(struct self_limit *l, const struct self_cost *c)
{
	bool cheap = c->cpu_ns < c->wall_ns / 200 * l->max_pct;

	l->level_ns += c->wall_ns;
	l->cheap_ns = cheap ? l->cheap_ns + c->wall_ns : 0;
	if (is_over(l) && l->level + 1 < SELF_LEVEL_CNT) {
		set_level(l, l->level + 1);
	} else if (l->level && l->cheap_ns >= l->back_ns) {
		/* What it costs then is seen in the next ten seconds. */
		l->back_ns = 2 * l->back_ns < BACK_MAX_NS ? 2 * l->back_ns : BACK_MAX_NS;
		set_level(l, l->level - 1);
	} else if (!l->level && l->level_ns >= BACK_MAX_NS) {
		l->back_ns = SPAN_NS;
	}
}

/* A core is not eaten for a short interval: half of the time is the target's, or the machine's. */
static void choose_stretch(struct self_limit *l, const struct self_cost *c, uint64_t interval_ns)
{
	uint64_t want = (2 * c->refresh_cpu_ns + interval_ns - 1) / interval_ns;

	want = want < 1 ? 1 : want > STRETCH_MAX ? STRETCH_MAX : want;
	l->short_cnt = want < l->stretch ? l->short_cnt + 1 : 0;
	l->long_cnt = want > l->stretch ? l->long_cnt + 1 : 0;
	if (l->long_cnt < IN_A_ROW && l->short_cnt < IN_A_ROW)
		return;
	l->stretch = (unsigned int)want;
	l->short_cnt = l->long_cnt = 0;
}

void self_limit__add(struct self_limit *l, const struct self_cost *c, uint64_t interval_ns)
{
	l->late_cnt += c->refresh_ns > interval_ns * self_limit__every(l);
	choose_stretch(l, c, interval_ns);
	if (!l->max_pct)
		return;
	remember(l, c);
	choose_level(l, c);
}

unsigned int self_limit__every(const struct self_limit *l)
{
	unsigned int level = l->level < SELF_HALF ? 1 : 2u << (l->level - SELF_HALF);

	return l->stretch > level ? l->stretch : level;
}

const char *self_level__words(enum self_level level)
{
	static const char *const words[] = {
		[SELF_ALL] = "",
		[SELF_NO_WALKS] = "stacks of open waits are not read",
		[SELF_NO_PAIRS] = "pairs of threads are not shown",
		[SELF_NO_NATIVE] = "native functions have no names",
		[SELF_HALF] = "the interval is twice as long",
		[SELF_QUARTER] = "the interval is four times as long",
		[SELF_EIGHTH] = "the interval is eight times as long",
	};

	return words[level];
}
