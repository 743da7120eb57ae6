/* SPDX-License-Identifier: BSD-2-Clause */
/* sym.c - from a frame as walked (id of a code object, place in it) to function, file and line */
#include "user/python/sym.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/budgets.h"
#include "user/base/hmap.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/python/line.h"
#include "user/python/object.h"

#define TEXT_MAX 1024
#define TLBC_MAX 4096

struct code {
	uint64_t addr;	   /* where it was seen last */
	uint64_t unit_cnt; /* 3.11+ */
	uint32_t first_line, first_unit;
	bool whole; /* nothing is cut or missing */
	bool used;  /* since the last time that room was made */
	char *name, *file;
	uint8_t *table; /* NULL: not known */
	size_t table_len;
};

struct pysym {
	const struct py_process *p;
	const struct py_objects *o;
	struct hmap codes;   /* id -> struct code */
	uint64_t lines_left; /* of BUDGET_LINES_BYTES */
	struct pysym_stats stats;
};

struct pysym *pysym__new(const struct py_process *p)
{
	struct pysym *ps = calloc(1, sizeof(*ps));

	if (!ps)
		return NULL;
	ps->p = p;
	ps->o = &py_process__runtime(p)->obj;
	ps->lines_left = BUDGET_LINES_BYTES;
	return ps;
}

void pysym__refill(struct pysym *ps)
{
	ps->lines_left = BUDGET_LINES_BYTES;
}

/* May so many bytes of a table be looked at? */
static bool afford(struct pysym *ps, size_t len)
{
	if (len > ps->lines_left)
		return false;
	ps->lines_left -= len;
	return true;
}

static void code_free(void *code)
{
	struct code *c = code;

	if (!c)
		return;
	free(c->name);
	free(c->file);
	free(c->table);
	free(c);
}

void pysym__free(struct pysym *ps)
{
	if (!ps)
		return;
	hmap__free_all(&ps->codes, code_free);
	free(ps);
}

const struct pysym_stats *pysym__stats(const struct pysym *ps)
{
	return &ps->stats;
}

static size_t code_bytes(const struct code *c)
{
	return strlen(c->name) + strlen(c->file) + 2 + c->table_len;
}

void pysym__begin(struct pysym *ps)
{
	struct hmap kept = { 0 };

	if (ps->codes.cnt <= BUDGET_CODES && ps->stats.bytes <= BUDGET_CODE_BYTES)
		return;
	ps->stats.bytes = 0;
	for (size_t i = 0; i < ps->codes.cap; i++) {
		const struct hmap_slot *slot = &ps->codes.slots[i];
		struct code *c = slot->value;

		if (!c)
			continue;
		/* Half of the room at most stays taken, however many are in use. */
		if (!c->used || ps->stats.bytes > BUDGET_CODE_BYTES / 2 ||
		    kept.cnt > BUDGET_CODES / 2 || hmap__put(&kept, slot->a, 0, c)) {
			code_free(c);
			continue;
		}
		c->used = false;
		ps->stats.bytes += code_bytes(c);
	}
	hmap__free(&ps->codes);
	ps->codes = kept;
}

/* ---- learning what a code object is called ---- */

/* The text that was kept of a str. NULL: no memory. */
static char *text_of(const struct py_text *t, const uint8_t *chars, bool from_end)
{
	bool cut = t->kept < t->bytes;
	char utf8[4 * PY_FILE_BYTES], clean[4 * PY_FILE_BYTES];
	size_t len = 0;

	if (t->kind != 1 && t->kind != 2 && t->kind != 4)
		return strdup("?");
	if (cut && from_end) {
		memcpy(utf8, "..", 2);
		len = 2;
	}
	len += py_chars_to_utf8(chars, t->kept / t->kind, t->kind, utf8 + len, sizeof(utf8) - 4);
	if (cut && !from_end) {
		memcpy(utf8 + len, "..", 2);
		len += 2;
	}
	clean_text(utf8, len, clean, sizeof(clean));
	return strdup(clean);
}

static struct code *code_from(const struct py_code *k)
{
	struct code *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->addr = k->addr;
	c->unit_cnt = k->extra;
	c->first_line = k->first_line;
	c->first_unit = k->first_unit;
	c->name = text_of(&k->name, k->name_text, false);
	c->file = text_of(&k->file, k->file_text, true);
	if (k->lines_len < PY_LINES_BYTES && !k->unread) {
		c->table_len = (size_t)k->lines_len;
		c->table = malloc(c->table_len + 1);
		if (c->table)
			memcpy(c->table, k->lines_data, c->table_len);
	}
	if (!c->name || !c->file) {
		code_free(c);
		return NULL;
	}
	c->whole = c->table && k->name.kept == k->name.bytes && k->file.kept == k->file.bytes;
	return c;
}

static void read_table(struct pysym *ps, uint64_t bytes, struct code *c)
{
	uint64_t len;

	if (py_process__read_ptr(ps->p, bytes + ps->o->var_size, &len) || len > BUDGET_LINE_TABLE ||
	    !afford(ps, len))
		return;
	free(c->table);
	c->table = malloc(len + 1);
	c->table_len = (size_t)len;
	if (!c->table || !len || !py_process__read(ps->p, bytes + ps->o->bytes_data, c->table, len))
		return;
	free(c->table);
	c->table = NULL;
}

static void read_text(const struct pysym *ps, uint64_t str, char **ret)
{
	char buf[TEXT_MAX], *copy;
	int len = py_str__read(ps->p, str, buf, sizeof(buf));

	copy = len < 0 ? NULL : strdup(buf);
	if (!copy)
		return;
	free(*ret);
	*ret = copy;
}

/* Where parts were swapped out when it was met, its id says nothing of them: it is the one if it looks the same. (Who
 * frees a str writes to it.) Reading it here brings it back, and with it the right id.
 */
static uint64_t id_in_memory(const struct pysym *ps, const struct py_code *k)
{
	const struct py_layout *l = &py_process__runtime(ps->p)->layout;
	uint64_t name, file;

	if (!k->unread)
		return k->id;
	if (py_process__read_ptr(ps->p, k->addr + l->object_head + l->code_name, &name) ||
	    py_process__read_ptr(ps->p, k->addr + l->object_head + l->code_file, &file) ||
	    name != k->name.str || file != k->file.str)
		return 0;
	return py_process__code_id(ps->p, k->addr);
}

/* All of it from memory, if it is still there: the same before and after. NULL: it is not, or no memory. */
static struct code *code_from_memory(struct pysym *ps, const struct py_code *k)
{
	uint64_t id = id_in_memory(ps, k);
	struct py_code now;
	struct code *c;

	if (!id || !k->addr || py_process__code(ps->p, k->addr, id, &now))
		return NULL;
	c = code_from(&now);
	if (!c || c->whole)
		return c;
	if (now.name.kept < now.name.bytes)
		read_text(ps, now.name.str, &c->name);
	if (now.file.kept < now.file.bytes)
		read_text(ps, now.file.str, &c->file);
	if (!c->table)
		read_table(ps, now.lines, c);
	if (c->table && py_process__code_id(ps->p, k->addr) == id) {
		c->whole = true;
		return c;
	}
	code_free(c);
	return NULL;
}

static int keep(struct pysym *ps, uint64_t id, struct code *c)
{
	void *old = NULL;

	if (hmap__swap(&ps->codes, id, 0, c, &old)) {
		code_free(c);
		return -ENOMEM;
	}
	if (old)
		ps->stats.bytes -= code_bytes(old);
	code_free(old);
	c->used = true;
	ps->stats.bytes += code_bytes(c);
	ps->stats.codes++;
	return 0;
}

bool pysym__wants(const struct pysym *ps, uint64_t id)
{
	const struct code *c = hmap__get(&ps->codes, id, 0);

	return !c || !c->whole;
}

int pysym__learn(struct pysym *ps, const struct py_code *code)
{
	struct code *known = hmap__get(&ps->codes, code->id, 0);
	struct code *c = code_from(code), *all = NULL;

	if (!c)
		return -ENOMEM;
	if (!c->whole)
		all = code_from_memory(ps, code);
	if (all) {
		code_free(c);
		c = all;
	} else if (known || code->unread) { /* no better than what is known, or nothing */
		code_free(c);
		return 0;
	}
	return keep(ps, code->id, c);
}

static struct code *find_code(struct pysym *ps, uint64_t id, uint64_t addr)
{
	struct code *c = hmap__get(&ps->codes, id, 0);
	struct py_code k;

	if (!c && addr && !py_process__code(ps->p, addr, id, &k) && !pysym__learn(ps, &k))
		c = hmap__get(&ps->codes, id, 0);
	return c;
}

/* ---- lines ---- */

/* Where the bytecode starts that instr is in: the code object's own, or a thread's copy of it
 * (3.14+ free-threaded, struct _PyCodeArray { Py_ssize_t size; char *entries[]; }).
 */
static uint64_t bytecode_base(const struct pysym *ps, const struct code *c, uint64_t instr)
{
	uint64_t own = c->addr + ps->o->code_bytecode, bytes = 2 * c->unit_cnt;
	uint64_t tlbc, cnt, base;

	if (ps->o->code_tlbc == PY_NONE || instr - own < bytes)
		return own;
	if (py_process__read_ptr(ps->p, c->addr + ps->o->code_tlbc, &tlbc) ||
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

static int64_t find_unit(const struct pysym *ps, const struct code *c, uint64_t where)
{
	int64_t in_code;
	uint64_t instr;

	if (ps->o->code_bytecode == PY_NONE)
		return (int32_t)where >> ps->o->lasti_shift;
	in_code = (int64_t)(where << (64 - PY_WHERE_OWNER_SHIFT)) >> (64 - PY_WHERE_OWNER_SHIFT);
	instr = c->addr + (uint64_t)in_code;
	return (int64_t)(instr - bytecode_base(ps, c, instr)) >> 1;
}

int pysym__resolve(struct pysym *ps, const struct py_frame_ref *ref, uint64_t addr,
		   struct pysym_frame *ret)
{
	bool has_units = ps->o->code_bytecode != PY_NONE;
	unsigned int owner = (unsigned int)(ref->where >> PY_WHERE_OWNER_SHIFT);
	struct code *c = find_code(ps, ref->id, addr);
	int64_t unit;

	if (!c) {
		ps->stats.unreadable++;
		return -EFAULT;
	}
	c->used = true;
	unit = find_unit(ps, c, ref->where);
	/* Beyond its bytecode: torn, or a copy of the bytecode that is gone. */
	if (unit < -1 || unit > INT32_MAX || (has_units && unit > (int64_t)c->unit_cnt)) {
		ps->stats.unreadable++;
		return -EFAULT;
	}
	/* _PyFrame_IsIncomplete() */
	if (has_units && owner != PY_OWNED_BY_GENERATOR && unit < (int64_t)(int32_t)c->first_unit)
		return -ENOENT;
	ret->name = c->name;
	ret->file = c->file;
	ret->line = 0;
	if (unit >= 0 && (!c->table || !afford(ps, c->table_len)))
		ps->stats.no_line++;
	else
		ret->line = py_line__find(ps->o->line_table, c->table, c->table_len, c->first_line,
					  (int32_t)unit);
	return 0;
}
