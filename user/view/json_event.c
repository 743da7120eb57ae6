/* SPDX-License-Identifier: BSD-2-Clause */
/* json_event.c - what the user wanted to be told of, as a record of JSON lines of its own (a contract) */
#include "user/base/json_out.h"
#include "user/picture/trigger_list.h"
#include "user/view/json_rows.h"
#include "user/view/trigger_lines.h"

static void put_thread(struct json_out *j, const char *key, uint32_t tid, const char *name)
{
	if (!tid) {
		json__null(j, key);
		return;
	}
	json__open(j, key, '{');
	json__u64(j, "tid", tid);
	json__str(j, "name", name);
	json__close(j, '}');
}

static void put_stack(struct json_out *j, const char *key, const struct stored_stack *s)
{
	json__open(j, key, '[');
	for (size_t i = 0; i < s->cnt; i++)
		json_rows__put_frame(j, NULL, &s->frames[i]);
	json__close(j, ']');
}

int json_rows__put_event(FILE *out, const struct trigger_event *e)
{
	struct json_out j = { .out = out };

	json__open(&j, NULL, '{');
	json__str(&j, "type", "event");
	json__u64(&j, "v", 1);
	json__str(&j, "event", trigger_event__kind(e));
	json__u64(&j, "no", e->t.no);
	json__bool(&j, "over", e->t.over);
	json__ns(&j, "at_ns", e->t.at_ns);
	json__ns(&j, "start_ns", e->t.start_ns);
	json__ns(&j, "ns", e->t.ns);
	json__ns(&j, "limit_ns", e->t.limit_ns);
	json_rows__put_known(&j, "pid", e->pid);
	if (e->t.gil)
		json__u64(&j, "gil", e->t.gil);
	else
		json__null(&j, "gil");
	json__u64(&j, "waiters", e->t.waiter_cnt);
	put_thread(&j, "waiter", e->t.waiter_tid, e->waiter);
	put_thread(&j, "holder", e->t.holder_tid, e->holder);
	put_stack(&j, "waiter_stack", &e->waiter_stack);
	put_stack(&j, "holder_stack", &e->holder_stack);
	if (e->t.file)
		json__str(&j, "file", e->t.file);
	else
		json__null(&j, "file");
	json__close(&j, '}');
	return json__end(&j);
}
