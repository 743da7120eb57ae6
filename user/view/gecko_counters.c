/* SPDX-License-Identifier: BSD-2-Clause */
/* gecko_counters.c - how many threads wait for each GIL, as a graph of its own: the samples say how it changed */
#include <stdio.h>

#include "user/base/decimal.h"
#include "user/base/util.h"
#include "user/view/gecko_impl.h"

struct counter_out {
	struct gecko *g;
	bool time; /* else how much it changed */
	uint32_t before;
	uint64_t cnt;
};

static int put_change(void *ctx, uint64_t at_ns, uint32_t waiters)
{
	struct counter_out *c = ctx;
	FILE *f = c->g->json.out;

	if (c->cnt++)
		putc_unlocked(',', f);
	if (c->time) {
		decimal__put_ms(f, gecko__since(c->g, at_ns));
		return 0;
	}
	if (waiters < c->before)
		putc_unlocked('-', f);
	decimal__put_u64(f, waiters < c->before ? c->before - waiters : waiters - c->before);
	c->before = waiters;
	return 0;
}

/* A counter shows itself as it says, from version 63 on; earlier ones leave that out. */
static void put_display(struct json_out *j)
{
	json__open(j, "display", '{');
	json__str(j, "graphType", "line-accumulated");
	json__str(j, "unit", "");
	json__str(j, "color", "orange");
	json__null(j, "markerSchemaLocation");
	json__u64(j, "sortWeight", 10);
	json__str(j, "label", "GIL waiters");
	json__open(j, "tooltipRows", '[');
	json__open(j, NULL, '{');
	json__str(j, "type", "value");
	json__str(j, "source", "accumulated");
	json__open(j, "format", '{');
	json__str(j, "unit", "number");
	json__close(j, '}');
	json__str(j, "label", "threads wait for the GIL");
	json__close(j, '}');
	json__close(j, ']');
	json__close(j, '}');
}

static int put_counter(struct gecko *g, const struct state_gil *gil)
{
	struct counter_out times = { .g = g, .time = true }, counts = { .g = g };
	struct json_out *j = &g->json;
	char buf[48];
	int err;

	json__open(j, NULL, '{');
	snprintf(buf, sizeof(buf), gil->id ? "GIL %u waiters" : "GIL waiters", gil->id);
	json__str(j, "name", buf);
	json__str(j, "category", "GIL");
	json__str(j, "description", "Threads that wait for the GIL");
	json__str(j, "pid", gecko__pid(g, gil->proc, buf));
	json__u64(j, "mainThreadIndex", g->proc_firsts[gil->proc->no] - 1);
	json__open(j, "samples", '{');
	json__open(j, "time", '[');
	err = state_log__each_waiters(g->log, gil, put_change, &times);
	json__close(j, ']');
	json__open(j, "count", '[');
	if (!err)
		err = state_log__each_waiters(g->log, gil, put_change, &counts);
	json__close(j, ']');
	json__u64(j, "length", times.cnt);
	json__close(j, '}');
	put_display(j);
	json__close(j, '}');
	return err;
}

int gecko__put_counters(struct gecko *g)
{
	const struct states *st = state_log__states(g->log);
	int err = 0;

	json__open(&g->json, "counters", '[');
	for (size_t i = 0; i < states__gil_cnt(st) && !err; i++)
		if (state_log__has_waiters(g->log, states__gil(st, i)) &&
		    g->proc_firsts[states__gil(st, i)->proc->no])
			err = put_counter(g, states__gil(st, i));
	json__close(&g->json, ']');
	return err;
}
