/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/gecko_tables.h"

#include <stdlib.h>

#include "user/base/decimal.h"
#include "user/base/json_out.h"
#include "user/base/util.h"
#include "user/view/strings.h"

/* The number of what is known by these keys; cnt, the next one, if it is new. */
static uint32_t number(struct gecko_tables *t, struct hmap *nos, uint64_t a, uint64_t b, size_t cnt)
{
	size_t at = (size_t)hmap__get(nos, a, b);

	if (at)
		return (uint32_t)(at - 1);
	if (cnt >= GECKO_NONE || hmap__put(nos, a, b, (void *)(cnt + 1)))
		t->oom = true;
	return (uint32_t)cnt;
}

static uint32_t func_no(struct gecko_tables *t, uint32_t name, uint32_t file)
{
	uint32_t no = number(t, &t->func_nos, name, file, t->func_cnt);

	if (no < t->func_cnt || t->oom)
		return no;
	if (array_grow(&t->funcs, t->func_cnt, &t->func_cap, sizeof(*t->funcs)))
		t->oom = true;
	else
		t->funcs[t->func_cnt++] = (struct gecko_func){ name, file };
	return no;
}

static uint32_t frame_no(struct gecko_tables *t, uint32_t func, uint32_t line, uint32_t category)
{
	uint64_t at = (uint64_t)line << 32 | category;
	uint32_t no = number(t, &t->frame_nos, func, at, t->frame_cnt);

	if (no < t->frame_cnt || t->oom)
		return no;
	if (array_grow(&t->frames, t->frame_cnt, &t->frame_cap, sizeof(*t->frames)))
		t->oom = true;
	else
		t->frames[t->frame_cnt++] = (struct gecko_frame){ func, line, category };
	return no;
}

static uint32_t stack_no(struct gecko_tables *t, uint32_t prefix, uint32_t frame)
{
	uint32_t no = number(t, &t->stack_nos, prefix, frame, t->stack_cnt);

	if (no < t->stack_cnt || t->oom)
		return no;
	if (array_grow(&t->stacks, t->stack_cnt, &t->stack_cap, sizeof(*t->stacks)))
		t->oom = true;
	else
		t->stacks[t->stack_cnt++] = (struct gecko_stack){ frame, prefix };
	return no;
}

uint32_t gecko_tables__root(struct gecko_tables *t, uint32_t prefix, const char *name,
			    uint32_t category)
{
	uint32_t func = func_no(t, strings__no(t->strings, name), GECKO_NONE);

	return stack_no(t, prefix, frame_no(t, func, 0, category));
}

uint32_t gecko_tables__stack(struct gecko_tables *t, uint32_t prefix,
			     const struct stored_stack *stack)
{
	uint32_t at = prefix;

	if (stack->truncated)
		at = gecko_tables__root(t, at, "[truncated]", GECKO_NONE);
	for (size_t i = 0; i < stack->cnt; i++) {
		const struct snap_frame *f = &stack->frames[i];
		uint32_t file = *f->file ? strings__no(t->strings, f->file) : GECKO_NONE;
		uint32_t func = func_no(t, strings__no(t->strings, f->name), file);

		at = stack_no(t, at, frame_no(t, func, f->line, GECKO_NONE));
	}
	return at;
}

/* ---- output: column after column ---- */

static void put_no(struct json_out *j, uint32_t no, uint32_t none)
{
	if (j->need_comma)
		putc_unlocked(',', j->out);
	j->need_comma = true;
	if (no == none)
		fputs("null", j->out);
	else
		decimal__put_u64(j->out, no);
}

/* A column of a table: the member at off of each row of sz bytes. */
static void put_column(struct json_out *j, const char *key, const void *rows, size_t cnt, size_t sz,
		       size_t off, uint32_t none)
{
	json__open(j, key, '[');
	for (size_t i = 0; i < cnt; i++)
		put_no(j, *(const uint32_t *)((const char *)rows + i * sz + off), none);
	json__close(j, ']');
}

#define PUT_COLUMN(j, key, rows, cnt, member, none)                                                \
	put_column(j, key, rows, cnt, sizeof(*(rows)), offsetof(__typeof__(*(rows)), member), none)

/* The same in each row. */
static void put_same(struct json_out *j, const char *key, size_t cnt, const char *value)
{
	json__open(j, key, '[');
	for (size_t i = 0; i < cnt; i++) {
		if (i)
			putc_unlocked(',', j->out);
		fputs(value, j->out);
	}
	json__close(j, ']');
}

static void end_table(struct json_out *j, size_t cnt)
{
	json__u64(j, "length", cnt);
	json__close(j, '}');
}

static void put_frames(const struct gecko_tables *t, struct json_out *j)
{
	size_t cnt = t->frame_cnt;

	json__open(j, "frameTable", '{');
	put_same(j, "address", cnt, "-1");
	put_same(j, "inlineDepth", cnt, "0");
	PUT_COLUMN(j, "category", t->frames, cnt, category, GECKO_NONE);
	json__open(j, "subcategory", '[');
	for (size_t i = 0; i < cnt; i++)
		put_no(j, t->frames[i].category == GECKO_NONE ? GECKO_NONE : 0, GECKO_NONE);
	json__close(j, ']');
	PUT_COLUMN(j, "func", t->frames, cnt, func, GECKO_NONE);
	put_same(j, "nativeSymbol", cnt, "null");
	put_same(j, "innerWindowID", cnt, "null");
	PUT_COLUMN(j, "line", t->frames, cnt, line, 0);
	put_same(j, "column", cnt, "null");
	end_table(j, cnt);
}

/* "isJS" is what the profiler has for code of a language with an interpreter, as against native code. */
static void put_funcs(const struct gecko_tables *t, struct json_out *j)
{
	size_t cnt = t->func_cnt;

	json__open(j, "funcTable", '{');
	PUT_COLUMN(j, "name", t->funcs, cnt, name, GECKO_NONE);
	for (int column = 0; column < 2; column++) {
		json__open(j, column ? "relevantForJS" : "isJS", '[');
		for (size_t i = 0; i < cnt; i++)
			json__bool(j, NULL, t->funcs[i].file != GECKO_NONE);
		json__close(j, ']');
	}
	put_same(j, "resource", cnt, "-1");
	PUT_COLUMN(j, "fileName", t->funcs, cnt, file, GECKO_NONE);
	put_same(j, "lineNumber", cnt, "null");
	put_same(j, "columnNumber", cnt, "null");
	end_table(j, cnt);
}

static void put_empty(struct json_out *j, const char *name, const char *const *keys, size_t cnt)
{
	json__open(j, name, '{');
	for (size_t i = 0; i < cnt; i++) {
		json__open(j, keys[i], '[');
		json__close(j, ']');
	}
	end_table(j, 0);
}

void gecko_tables__put(const struct gecko_tables *t, struct json_out *j)
{
	static const char *const resources[] = { "lib", "name", "host", "type" };
	static const char *const symbols[] = { "libIndex", "address", "name", "functionSize" };

	json__open(j, "stackTable", '{');
	PUT_COLUMN(j, "frame", t->stacks, t->stack_cnt, frame, GECKO_NONE);
	PUT_COLUMN(j, "prefix", t->stacks, t->stack_cnt, prefix, GECKO_NONE);
	end_table(j, t->stack_cnt);
	put_frames(t, j);
	put_funcs(t, j);
	put_empty(j, "resourceTable", resources, ARRAY_SIZE(resources));
	put_empty(j, "nativeSymbols", symbols, ARRAY_SIZE(symbols));
}

void gecko_tables__free(struct gecko_tables *t)
{
	hmap__free(&t->func_nos);
	hmap__free(&t->frame_nos);
	hmap__free(&t->stack_nos);
	hmap__free(&t->by_id);
	free(t->funcs);
	free(t->frames);
	free(t->stacks);
	*t = (struct gecko_tables){ .strings = t->strings };
}
