/* SPDX-License-Identifier: BSD-2-Clause */
/* gecko_meta.c - what the Firefox Profiler is told before all: versions, categories, what markers have, and facts of the run */
#include <errno.h>
#include <stdio.h>

#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/view/gecko_impl.h"

#define FORMAT_VERSION	  32
#define PROCESSED_VERSION 57

static void put_categories(struct json_out *j)
{
	static const struct {
		const char *name, *color;
	} categories[] = {
		[CATEGORY_OTHER] = { "Other", "grey" },
		[CATEGORY_IDLE] = { "Idle", "transparent" },
		[CATEGORY_GIL] = { "GIL", "green" },
		[CATEGORY_WAIT] = { "GIL wait", "orange" },
		[CATEGORY_YIELD] = { "GIL yield", "yellow" },
		[CATEGORY_BLAME] = { "GIL blame", "red" },
	};

	json__open(j, "categories", '[');
	for (size_t i = 0; i < ARRAY_SIZE(categories); i++) {
		json__open(j, NULL, '{');
		json__str(j, "name", categories[i].name);
		json__str(j, "color", categories[i].color);
		json__open(j, "subcategories", '[');
		json__str(j, NULL, "Other");
		json__close(j, ']');
		json__close(j, '}');
	}
	json__close(j, ']');
}

struct field {
	const char *key, *label, *format;
};

static void put_schema(struct json_out *j, const char *name, const char *chart, const char *table,
		       const struct field *fields, size_t cnt)
{
	static const char *const where[] = { "marker-chart", "marker-table", "timeline-overview" };

	json__open(j, NULL, '{');
	json__str(j, "name", name);
	json__str(j, "chartLabel", chart);
	json__str(j, "tableLabel", table);
	json__str(j, "tooltipLabel", "{marker.name}");
	json__open(j, "display", '[');
	for (size_t i = 0; i < ARRAY_SIZE(where); i++)
		json__str(j, NULL, where[i]);
	json__close(j, ']');
	json__open(j, "fields", '[');
	for (size_t i = 0; i < cnt; i++) {
		json__open(j, NULL, '{');
		json__str(j, "key", fields[i].key);
		json__str(j, "label", fields[i].label);
		json__str(j, "format", fields[i].format);
		json__close(j, '}');
	}
	json__close(j, ']');
	json__close(j, '}');
}

static void put_schemas(struct json_out *j)
{
	static const struct field wait[] = {
		{ "holder", "Held by, as it began", "unique-string" },
		{ "retries", "Woken without getting it", "integer" },
		{ "open", "Its end was not seen", "string" },
		{ "light", "In a light stretch", "string" },
	};
	static const struct field hold[] = {
		{ "from", "Handed over by", "unique-string" },
		{ "asked", "A waiter had asked for it as it ended", "string" },
		{ "open", "Its end was not seen", "string" },
	};
	static const struct field shorts[] = {
		{ "count", "How many", "integer" },
		{ "sum", "In sum", "duration" },
		{ "longest", "Longest", "duration" },
	};
	static const struct field told[] = {
		{ "limit", "Asked for", "duration" },
		{ "other", "The other thread", "unique-string" },
		{ "waiters", "So many waited then", "integer" },
		{ "over", "It is over", "string" },
	};

	json__open(j, "markerSchema", '[');
	put_schema(j, "WaitingforGIL", "{marker.data.holder}", "{marker.data.holder}", wait,
		   ARRAY_SIZE(wait));
	/* A name in the bar would be read as that of who has it. */
	put_schema(j, "HasGIL", "", "{marker.data.from}", hold, ARRAY_SIZE(hold));
	put_schema(j, "Yielding", "", "", hold + 2, 1);
	put_schema(j, "ShortGIL", "{marker.data.count}", "{marker.data.count} in {marker.data.sum}",
		   shorts, ARRAY_SIZE(shorts));
	put_schema(j, "GilTrigger", "{marker.data.other}", "{marker.data.other}", told,
		   ARRAY_SIZE(told));
	json__close(j, ']');
}

/* ---- facts of the run, shown where its name is ---- */

static void put_fact(struct json_out *j, const char *label, const char *value)
{
	json__open(j, NULL, '{');
	json__str(j, "label", label);
	json__str(j, "format", "string");
	json__str(j, "value", value);
	json__close(j, '}');
}

static void put_proc(struct json_out *j, const struct snap_proc *p, struct sbuf *label,
		     struct sbuf *value)
{
	const struct snap_gil *gil = snap_proc__busiest_gil(p);
	const char *mode = snap_proc__mode_word(p);
	char buf[UNITS_SZ];

	sbuf__reset(label);
	sbuf__puts(label, p->comm);
	sbuf__printf(label, " (%u)", p->pid);
	sbuf__reset(value);
	sbuf__printf(value, "Python %s", p->python);
	if (gil)
		sbuf__printf(value, ", GIL held %s", snap_gil__held_word(gil, p->span_ns, buf));
	if (*mode)
		sbuf__printf(value, ", measured %s", mode);
	sbuf__puts(value, ": ");
	sbuf__puts(value, p->cmdline);
	put_fact(j, sbuf__str(label), sbuf__str(value));
}

static void put_facts(struct gecko *g, const struct snapshot *total)
{
	__cleanup(sbuf__free) struct sbuf label = { 0 }, value = { 0 };
	struct json_out *j = &g->json;

	json__open(j, "extra", '[');
	json__open(j, NULL, '{');
	json__str(j, "label", "giltop");
	json__open(j, "entries", '[');
	for (size_t i = 0; i < total->proc_cnt; i++)
		put_proc(j, &total->procs[i], &label, &value);
	if (total->lost_events || total->lost_detail || total->lost_spans) {
		sbuf__reset(&value);
		sbuf__printf(&value,
			     "%llu that touch totals, %llu of detail, %llu of what is shown here",
			     (unsigned long long)total->lost_events,
			     (unsigned long long)total->lost_detail,
			     (unsigned long long)total->lost_spans);
		put_fact(j, "Lost", sbuf__str(&value));
	}
	json__close(j, ']');
	json__close(j, '}');
	json__close(j, ']');
	if (label.oom || value.oom)
		g->strings.err = -ENOMEM;
}

void gecko__put_meta(struct gecko *g, const struct snapshot *total)
{
	const struct states_clock clock = states__clock(state_log__states(g->log));
	static const char *const extensions[] = { "id", "name", "baseURL" };
	struct json_out *j = &g->json;

	json__open(j, "meta", '{');
	json__real(j, "interval", 0.001);
	json__ms(j, "startTime", clock.real_ns ? clock.real_ns - clock.mono_ns + g->base_ns : 0);
	json__u64(j, "profilingStartTime", 0);
	json__ms(j, "profilingEndTime", gecko__since(g, total->now_ns));
	json__u64(j, "processType", 0);
	json__u64(j, "stackwalk", 0);
	json__u64(j, "version", FORMAT_VERSION);
	json__u64(j, "preprocessedProfileVersion", PROCESSED_VERSION);
	json__str(j, "product", "Python");
	json__str(j, "importedFrom", "giltop " GILTOP_VERSION);
	json__bool(j, "symbolicated", true);
	put_facts(g, total);
	put_categories(j);
	put_schemas(j);
	json__open(j, "extensions", '{');
	for (size_t i = 0; i < ARRAY_SIZE(extensions); i++) {
		json__open(j, extensions[i], '[');
		json__close(j, ']');
	}
	json__u64(j, "length", 0);
	json__close(j, '}');
	json__close(j, '}');
}
