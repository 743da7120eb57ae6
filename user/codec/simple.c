/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/codec/simple.h"

#include <errno.h>
#include <string.h>

#include "user/base/text.h"
#include "user/base/util.h"

enum field_type {
	FIELD_U32,
	FIELD_U64,
	FIELD_I64,
	FIELD_BOOL,
	FIELD_TEXT, /* never NULL */
	FIELD_TEXT_OR_NULL,
};

/* Behind the last one others may be added, never between: an older reader leaves them out. */
#define FIELDS_PER_KIND 24

struct simple_field {
	enum field_type type;
	size_t off;
	bool used;
};

#define R(m, t)                                                                                    \
	{                                                                                          \
		FIELD_##t, offsetof(struct record, m), true                                        \
	}
#define TR(m, t)                                                                                   \
	{                                                                                          \
		FIELD_##t, offsetof(struct trigger, m), true                                       \
	}

static const struct {
	enum record_kind kind;
	bool in_trigger; /* offsets are those of struct trigger */
	struct simple_field fields[FIELDS_PER_KIND];
} simple_table[CODED_CNT] = {
	[CODED_SOURCE] = { REC_SOURCE,
			   .fields = { R(source.attach, TEXT), R(source.version, TEXT),
				       R(source.host, TEXT), R(source.kernel, TEXT),
				       R(source.arch, TEXT), R(source.mono_ns, U64),
				       R(source.real_ns, U64), R(source.interval_ns, U64),
				       R(source.command, TEXT_OR_NULL), R(source.boot_ns, U64) } },
	[CODED_PROC_START] = { REC_PROC_START,
			       .fields = { R(proc.books_ns, U64), R(proc.late_ns, U64),
					   R(proc.comm, TEXT_OR_NULL),
					   R(proc.cmdline, TEXT_OR_NULL),
					   R(proc.python, TEXT_OR_NULL),
					   R(proc.runtime, TEXT_OR_NULL),
					   R(proc.sites, TEXT_OR_NULL), R(proc.note, TEXT_OR_NULL),
					   R(proc.cpu_cnt, U32), R(proc.parent, U32),
					   R(proc.parent_comm, TEXT_OR_NULL),
					   R(proc.where.ns_pid, U32),
					   R(proc.where.part[WHERE_CGROUP], TEXT_OR_NULL),
					   R(proc.where.part[WHERE_CONTAINER], TEXT_OR_NULL),
					   R(proc.where.part[WHERE_ENGINE], TEXT_OR_NULL),
					   R(proc.where.part[WHERE_NAME], TEXT_OR_NULL),
					   R(proc.where.part[WHERE_POD], TEXT_OR_NULL),
					   R(proc.where.part[WHERE_POD_NAME], TEXT_OR_NULL),
					   R(proc.where.part[WHERE_UNIT], TEXT_OR_NULL) } },
	[CODED_NOTE] = { REC_NOTE, .fields = { R(note.text, TEXT), R(note.halted, BOOL) } },
	[CODED_GIL] = { REC_GIL, .fields = { R(gil.cond, U64), R(gil.interpreter, I64),
					     R(gil.interval_ns, U64) } },
	[CODED_HOLDER] = { REC_HOLDER, .fields = { R(holder.cond, U64), R(holder.tid, U32),
						   R(holder.held, BOOL) } },
	[CODED_THREAD] = { REC_THREAD, .fields = { R(thread.tid, U32), R(thread.makeshift, BOOL),
						   R(thread.name, TEXT), R(thread.at_ns, U64) } },
	[CODED_PROC_END] = { REC_PROC_END, .fields = { R(end.end_ns, U64), R(end.by_exec, BOOL) } },
	[CODED_MODE] = { REC_MODE, .fields = { R(mode.at_ns, U64), R(mode.light, BOOL),
					       R(mode.is_auto, BOOL) } },
	[CODED_LOOKS] = { REC_LOOKS, .fields = { R(looks.cond, U64), R(looks.cnt, U64),
						 R(looks.locked_cnt, U64) } },
	[CODED_THROTTLED] = { REC_THROTTLED, .fields = { R(throttled_ns, U64) } },
	[CODED_MARK] = { REC_MARK, .fields = { R(mark.first, BOOL), R(mark.reset, BOOL),
					       R(mark.unseen, BOOL) } },
	[CODED_SELF] = { REC_SELF, .fields = { R(self.level, U32), R(self.no_pairs, BOOL),
					       R(self.late, BOOL) } },
	[CODED_END] = { REC_END, .fields = { R(run_end.why, TEXT), R(run_end.hint, TEXT) } },
	[CODED_TRIGGER] = { REC_TRIGGER, true,
			    .fields = { TR(kind, U32), TR(over, BOOL), TR(no, U64), TR(at_ns, U64),
					TR(start_ns, U64), TR(ns, U64), TR(limit_ns, U64),
					TR(gil, U64), TR(waiter_tid, U32), TR(holder_tid, U32),
					TR(waiter_stack, U32), TR(holder_stack, U32),
					TR(file, TEXT_OR_NULL), TR(waiter_cnt, U32) } },
};

_Static_assert(sizeof(enum trigger_kind) == 4, "FIELD_U32");

enum coded_kind coded__of(enum record_kind kind)
{
	if (kind == REC_STACK)
		return CODED_STACK;
	if (kind == REC_TOTALS)
		return CODED_TOTALS;
	for (int i = 0; i < CODED_CNT; i++)
		if (simple_table[i].kind == kind)
			return (enum coded_kind)i;
	return CODED_NONE;
}

static void put_text(struct sbuf *out, const char *s)
{
	varint__put(out, strlen(s));
	sbuf__puts(out, s);
}

static void put_field(const struct simple_field *f, const void *obj, struct sbuf *out)
{
	const char *at = (const char *)obj + f->off, *text;

	switch (f->type) {
	case FIELD_U32: varint__put(out, load_u32(at)); break;
	case FIELD_U64: varint__put(out, load_u64(at)); break;
	case FIELD_I64: varint__put_signed(out, (int64_t)load_u64(at)); break;
	case FIELD_BOOL: varint__put(out, *(const bool *)at); break;
	case FIELD_TEXT:
		memcpy(&text, at, sizeof(text));
		put_text(out, text ? text : "");
		break;
	case FIELD_TEXT_OR_NULL:
		memcpy(&text, at, sizeof(text));
		varint__put(out, text != NULL);
		if (text)
			put_text(out, text);
		break;
	}
}

int simple__put(const struct record *r, struct sbuf *body)
{
	enum coded_kind kind = coded__of(r->kind);
	const struct simple_field *f = simple_table[kind].fields;
	const void *obj = simple_table[kind].in_trigger ? (const void *)r->trigger : r;

	if (!f->used)
		return -EINVAL;
	varint__put(body, r->pid);
	for (; f < simple_table[kind].fields + FIELDS_PER_KIND && f->used; f++)
		put_field(f, obj, body);
	return body->oom ? -ENOMEM : 0;
}

const char *coded__text(struct cursor *c, struct arena *a)
{
	size_t len = cursor__cnt(c);
	const uint8_t *bytes = cursor__bytes(c, len);
	char *text = bytes ? arena__alloc(a, len + 1, 1) : NULL;

	if (text)
		clean_text((const char *)bytes, len, text, len + 1);
	c->bad |= !text;
	return text;
}

static void get_field(const struct simple_field *f, struct cursor *c, struct arena *a, void *obj)
{
	char *at = (char *)obj + f->off;
	const char *text = NULL;
	uint64_t v;
	uint32_t small;

	switch (f->type) {
	case FIELD_U32:
		small = cursor__u32(c);
		memcpy(at, &small, sizeof(small));
		break;
	case FIELD_U64:
	case FIELD_I64:
		v = f->type == FIELD_U64 ? cursor__u64(c) : (uint64_t)cursor__i64(c);
		memcpy(at, &v, sizeof(v));
		break;
	case FIELD_BOOL: *(bool *)at = cursor__u64(c) != 0; break;
	case FIELD_TEXT:
		text = coded__text(c, a);
		memcpy(at, &text, sizeof(text));
		break;
	case FIELD_TEXT_OR_NULL:
		if (cursor__u64(c))
			text = coded__text(c, a);
		memcpy(at, &text, sizeof(text));
		break;
	}
}

/* Of an older writer, which did not have it. */
static void miss_field(const struct simple_field *f, void *obj)
{
	const char *none = "";

	if (f->type == FIELD_TEXT)
		memcpy((char *)obj + f->off, &none, sizeof(none));
}

int simple__get(enum coded_kind kind, struct cursor *body, struct arena *a, struct trigger *t,
		struct record *ret)
{
	const struct simple_field *f;
	void *obj;

	if (kind >= CODED_CNT || !simple_table[kind].fields[0].used)
		return -EINVAL;
	*ret = (struct record){ .kind = simple_table[kind].kind, .pid = cursor__u32(body) };
	obj = ret;
	if (simple_table[kind].in_trigger) {
		*t = (struct trigger){ 0 };
		ret->trigger = obj = t;
	}
	f = simple_table[kind].fields;
	for (; f < simple_table[kind].fields + FIELDS_PER_KIND && f->used; f++) {
		if (cursor__left(body))
			get_field(f, body, a, obj);
		else
			miss_field(f, obj);
	}
	if (ret->kind == REC_TRIGGER && t->kind >= TRIGGER_KINDS)
		return -EBADMSG;
	return body->bad ? -EBADMSG : 0;
}

void coded__put(struct sbuf *out, enum coded_kind kind, const struct sbuf *body)
{
	varint__put(out, kind);
	varint__put(out, body->len);
	sbuf__add(out, sbuf__str(body), body->len);
	out->oom |= body->oom;
}

int coded__simple(const struct record *r, struct sbuf *out)
{
	__cleanup(sbuf__free) struct sbuf body = { 0 };
	int err = simple__put(r, &body);

	if (err)
		return err;
	coded__put(out, coded__of(r->kind), &body);
	return out->oom ? -ENOMEM : 0;
}
