/* SPDX-License-Identifier: BSD-2-Clause */
/* line.c - CPython's three line number tables: code unit -> source line */
#include "user/python/line.h"

#include <stdbool.h>

/* Up to 3.9, co_lnotab (Objects/lnotab_notes.txt): pairs of u8 bytes of bytecode, s8 lines. */
static int64_t find_lnotab(const uint8_t *t, size_t len, int64_t line, int64_t addr)
{
	int64_t at = 0;

	for (size_t i = 0; i + 1 < len; i += 2) {
		at += t[i];
		if (at > addr)
			break;
		line += (int8_t)t[i + 1];
	}
	return line;
}

/* 3.10, co_linetable: pairs of u8 length of a range, s8 lines; -128: the range has no line. */
static int64_t find_linetable(const uint8_t *t, size_t len, int64_t line, int64_t addr)
{
	int64_t end = 0;

	for (size_t i = 0; i + 1 < len; i += 2) {
		int8_t delta = (int8_t)t[i + 1];

		end += t[i];
		if (delta != -128)
			line += delta;
		if (addr < end)
			return delta == -128 ? 0 : line;
	}
	return 0;
}

struct reader {
	const uint8_t *p, *end;
};

/* 6 bits a byte, least significant first, bit 6: more. */
static uint32_t get_varint(struct reader *r)
{
	uint32_t v = 0;

	for (unsigned int shift = 0; r->p < r->end; shift += 6) {
		uint8_t b = *r->p++;

		if (shift < 32)
			v |= (uint32_t)(b & 63) << shift;
		if (!(b & 64))
			break;
	}
	return v;
}

static int64_t get_svarint(struct reader *r)
{
	uint32_t v = get_varint(r);

	return v & 1 ? -(int64_t)(v >> 1) : (int64_t)(v >> 1);
}

/* 3.11+, co_linetable (InternalDocs/code_objects.md, "Source code locations"): an entry starts with a
 * byte with bit 7 set: 4 bits of kind, 3 bits of length in code units; columns follow.
 */
static int64_t find_location(const uint8_t *t, size_t len, int64_t line, int64_t unit)
{
	struct reader r = { t, t + len };
	int64_t end = 0;

	while (r.p < r.end) {
		uint8_t b = *r.p++;
		unsigned int kind = b >> 3 & 15;
		bool none = kind == 15;

		end += (b & 7) + 1;
		if (kind == 13 || kind == 14)
			line += get_svarint(&r);
		else if (kind >= 10 && kind <= 12)
			line += kind - 10;
		if (unit < end)
			return none ? 0 : line;
		/* The columns: the next byte with bit 7 starts the next entry. */
		while (r.p < r.end && !(*r.p & 0x80))
			r.p++;
	}
	return 0;
}

uint32_t py_line__find(enum py_line_table kind, const uint8_t *table, size_t len,
		       uint32_t firstlineno, int32_t unit)
{
	int64_t line = 0;

	if (unit < 0)
		return firstlineno;
	switch (kind) {
	case PY_LINES_LNOTAB: line = find_lnotab(table, len, firstlineno, 2 * (int64_t)unit); break;
	case PY_LINES_LINETABLE:
		line = find_linetable(table, len, firstlineno, 2 * (int64_t)unit);
		break;
	case PY_LINES_LOCATIONS: line = find_location(table, len, firstlineno, unit); break;
	}
	return line > 0 && line <= INT32_MAX ? (uint32_t)line : 0;
}
