/* SPDX-License-Identifier: BSD-2-Clause */
/* sym.c - from a frame as walked (code object, instruction) to function, file and line
 *
 * A code object does not change in what matters here, but it can be freed, and its address be used by
 * another one. So what is kept is only believed while the object in memory still has the same name,
 * and the same file, table and first line (as pointers: two reads a round). Lines are decoded from the kept
 * table when asked for. Strings are kept once each and not moved or freed within a round, so that frames
 * can point to them.
 */
#include "user/python/sym.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/hmap.h"
#include "user/base/util.h"
#include "user/python/line.h"
#include "user/python/object.h"

#define TEXT_MAX   1024
#define TABLE_MAX  (16u << 20)	/* bytes of one line table */
#define TABLES_MAX (256u << 20) /* bytes of all: then all are thrown away and read again */
#define TEXTS_MAX  (16u << 20)	/* bytes of all names: then the same, at the next round */
#define CODES_MAX  (1u << 18)
#define TLBC_MAX   4096
#define CODE_BYTES 256

/* What identifies a code object, as it is in memory. */
struct code_id {
	uint64_t name, file, lines;
	uint32_t firstlineno;
	uint32_t firsttraceable;
	uint64_t unit_cnt; /* 3.11+ */
};

struct code {
	struct code_id id;
	uint32_t round; /* compared with memory in this one */
	uint32_t since; /* .. and first in that */
	const char *name, *file;
	uint8_t *table;
	size_t table_len;
};

struct pysym {
	const struct py_process *p;
	const struct py_objects *o;
	uint32_t round;
	size_t table_bytes;
	struct hmap codes;   /* address -> struct code */
	struct hmap strings; /* hash -> char * */
	struct pysym_stats stats;
};

struct pysym *pysym__new(const struct py_process *p)
{
	struct pysym *ps = calloc(1, sizeof(*ps));

	if (!ps)
		return NULL;
	ps->p = p;
	ps->o = &py_process__runtime(p)->obj;
	ps->round = 1;
	return ps;
}

static void code_free(void *code)
{
	struct code *c = code;

	free(c->table);
	free(c);
}

static void drop_codes(struct pysym *ps)
{
	hmap__free_all(&ps->codes, code_free);
	ps->table_bytes = 0;
}

static void drop_all(struct pysym *ps)
{
	drop_codes(ps);
	hmap__free_all(&ps->strings, free);
	ps->stats.text_bytes = 0;
}

void pysym__free(struct pysym *ps)
{
	if (!ps)
		return;
	drop_all(ps);
	free(ps);
}

void pysym__next_round(struct pysym *ps)
{
	ps->round++;
	if (ps->stats.text_bytes > TEXTS_MAX)
		drop_all(ps);
}

const struct pysym_stats *pysym__stats(const struct pysym *ps)
{
	return &ps->stats;
}

/* The kept copy of s; NULL: no memory. */
static const char *keep_text(struct pysym *ps, const char *s)
{
	uint64_t h = hash_bytes(HASH_START, s, strlen(s)), i = 0;
	char *kept;

	while ((kept = hmap__get(&ps->strings, h, i))) {
		if (!strcmp(kept, s))
			return kept;
		i++;
	}
	kept = strdup(s);
	if (kept && hmap__put(&ps->strings, h, i, kept)) {
		free(kept);
		return NULL;
	}
	ps->stats.text_bytes += kept ? strlen(s) + 1 : 0;
	return kept;
}

static int read_id(const struct pysym *ps, uint64_t addr, struct code_id *ret)
{
	const struct py_objects *o = ps->o;
	uint64_t type = py_process__code_type(ps->p);
	struct code_id id = {};
	uint8_t raw[CODE_BYTES];
	int err;

	if (o->code_size > sizeof(raw))
		return -EFAULT;
	err = py_process__read(ps->p, addr, raw, o->code_size);
	if (err)
		return err;
	if (type && load_u64(raw + o->ob_type) != type)
		return -EFAULT;
	id.name = load_u64(raw + (o->code_qualname != PY_NONE ? o->code_qualname : o->code_name));
	id.file = load_u64(raw + o->code_filename);
	id.lines = load_u64(raw + o->code_lines);
	id.firstlineno = load_u32(raw + o->code_firstlineno);
	if (o->code_firsttraceable != PY_NONE) {
		id.firsttraceable = load_u32(raw + o->code_firsttraceable);
		id.unit_cnt = load_u64(raw + o->var_size);
	}
	/* The copies of the bytecode come and go; they are no part of what identifies it. */
	*ret = id;
	return 0;
}

static int read_table(struct pysym *ps, uint64_t bytes, struct code *c)
{
	uint64_t len;
	int err = py_process__read_ptr(ps->p, bytes + ps->o->var_size, &len);

	if (err || len > TABLE_MAX)
		return -EFAULT;
	c->table = malloc(len + 1);
	if (!c->table)
		return -ENOMEM;
	if (len && py_process__read(ps->p, bytes + ps->o->bytes_data, c->table, len))
		return -EFAULT;
	c->table_len = len;
	return 0;
}

static int read_text(struct pysym *ps, uint64_t str, const char **ret)
{
	char buf[TEXT_MAX];
	int len = py_str__read(ps->p, str, buf, sizeof(buf));

	if (len < 0)
		return -EFAULT;
	*ret = keep_text(ps, buf);
	return *ret ? 0 : -ENOMEM;
}

/* Read what id points to. The id is read again at the end: freed meanwhile? */
static struct code *code_new(struct pysym *ps, uint64_t addr, const struct code_id *id, int *err)
{
	struct code *c = calloc(1, sizeof(*c));
	struct code_id again;

	if (!c) {
		*err = -ENOMEM;
		return NULL;
	}
	c->id = *id;
	c->round = c->since = ps->round;
	*err = read_text(ps, id->name, &c->name);
	if (!*err)
		*err = read_text(ps, id->file, &c->file);
	if (!*err)
		*err = read_table(ps, id->lines, c);
	if (!*err && (read_id(ps, addr, &again) || memcmp(&again, id, sizeof(again))))
		*err = -EFAULT;
	if (*err) {
		code_free(c);
		return NULL;
	}
	return c;
}

/* Put c in place of what was kept for addr. */
static int keep_code(struct pysym *ps, uint64_t addr, struct code *old, struct code *c)
{
	ps->stats.codes++;
	ps->table_bytes += c->table_len;
	if (!old)
		return hmap__put(&ps->codes, addr, 0, c);
	ps->stats.reused++;
	ps->table_bytes -= old->table_len;
	free(old->table);
	*old = *c;
	free(c);
	return 0;
}

/* Names are freed and their addresses used again just as code objects are. */
static bool is_same(const struct pysym *ps, const struct code *old, const struct code_id *id)
{
	char buf[TEXT_MAX];

	return !memcmp(id, &old->id, sizeof(*id)) &&
	       py_str__read(ps->p, id->name, buf, sizeof(buf)) >= 0 && !strcmp(buf, old->name);
}

static int find_code(struct pysym *ps, uint64_t addr, struct code **ret)
{
	struct code *old = hmap__get(&ps->codes, addr, 0), *c;
	struct code_id id;
	int err;

	if (old && old->round == ps->round) {
		*ret = old;
		return 0;
	}
	err = read_id(ps, addr, &id);
	if (old && (err || is_same(ps, old, &id))) {
		/* Gone, maybe with its process: the stack is of the past, when it was there. */
		if (err)
			ps->stats.stale++;
		else
			old->round = ps->round;
		*ret = old;
		return 0;
	}
	c = err ? NULL : code_new(ps, addr, &id, &err);
	if (!c) {
		ps->stats.unreadable++;
		return err == -ENOMEM ? err : -EFAULT;
	}
	if (ps->codes.cnt >= CODES_MAX || ps->table_bytes > TABLES_MAX) {
		drop_codes(ps);
		old = NULL;
	}
	err = keep_code(ps, addr, old, c);
	if (err) {
		code_free(c);
		return err;
	}
	*ret = old ? old : c;
	return 0;
}

uint32_t pysym__since(struct pysym *ps, uint64_t code)
{
	struct code *c;

	return find_code(ps, code, &c) ? 0 : c->since;
}

uint32_t pysym__round(const struct pysym *ps)
{
	return ps->round;
}

/* Where the bytecode starts that instr is in: the code object's own, or a thread's copy of it
 * (3.14+ free-threaded, struct _PyCodeArray { Py_ssize_t size; char *entries[]; }).
 */
static uint64_t bytecode_base(const struct pysym *ps, const struct code *c, uint64_t addr,
			      uint64_t instr)
{
	uint64_t own = addr + ps->o->code_bytecode, bytes = 2 * c->id.unit_cnt;
	uint64_t tlbc, cnt, base;

	if (ps->o->code_tlbc == PY_NONE || instr - own < bytes)
		return own;
	if (py_process__read_ptr(ps->p, addr + ps->o->code_tlbc, &tlbc) ||
	    py_process__read_ptr(ps->p, tlbc, &cnt))
		return own;
	for (uint64_t i = 0; i < cnt && i < TLBC_MAX; i++) {
		if (py_process__read_ptr(ps->p, tlbc + 8 + 8 * i, &base))
			break;
		if (base && instr - base < bytes)
			return base;
	}
	return own;
}

static int64_t find_unit(const struct pysym *ps, const struct code *c,
			 const struct py_frame_ref *ref)
{
	uint64_t instr = ref->where & ((1ull << PY_WHERE_OWNER_SHIFT) - 1);

	if (ps->o->code_bytecode == PY_NONE)
		return (int32_t)instr >> ps->o->lasti_shift;
	return (int64_t)(instr - bytecode_base(ps, c, ref->code, instr)) >> 1;
}

int pysym__resolve(struct pysym *ps, const struct py_frame_ref *ref, struct pysym_frame *ret)
{
	unsigned int owner = (unsigned int)(ref->where >> PY_WHERE_OWNER_SHIFT);
	struct code *c;
	int64_t unit;
	int err = find_code(ps, ref->code, &c);

	if (err)
		return err;
	unit = find_unit(ps, c, ref);
	/* Beyond its bytecode: the address was used by another code object when this was walked. */
	if (unit < -1 || unit > INT32_MAX || (c->id.unit_cnt && unit > (int64_t)c->id.unit_cnt)) {
		ps->stats.unreadable++;
		return -EFAULT;
	}
	/* _PyFrame_IsIncomplete() */
	if (c->id.unit_cnt && owner != PY_OWNED_BY_GENERATOR &&
	    unit < (int64_t)(int32_t)c->id.firsttraceable)
		return -ENOENT;
	ret->name = c->name;
	ret->file = c->file;
	ret->line = py_line__find(ps->o->line_table, c->table, c->table_len, c->id.firstlineno,
				  (int32_t)unit);
	return 0;
}
