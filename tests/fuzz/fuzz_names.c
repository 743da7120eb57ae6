/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_names.c - whatever a thread, a function or a command is called: clean, cut at a character, within its room */
#include "user/base/fit.h"
#include "user/base/sbuf.h"
#include "user/picture/pools.h"
#include "user/python/object.h"

#include "tests/fuzz/fuzz.h"

#define ROOM 96

static void points_into(const char *s, const char *part)
{
	promise(part >= s && part <= s + strlen(s));
}

static void parts(const char *s, size_t columns)
{
	struct sbuf out = { 0 };
	size_t chars, len = text_prefix(s, columns, columns, &chars);
	char cut[ROOM];

	promise(len <= columns && chars <= len && len <= strlen(s));
	memcpy(cut, s, len);
	cut[len] = '\0';
	promise_clean(cut, sizeof(cut));
	points_into(s, path_base(s));
	points_into(s, path_short(s));
	points_into(s, command_short(s));
	promise(fit__prefix(s, columns) <= strlen(s));
	fit__middle(s, columns, &out);
	promise(fit__columns(sbuf__str(&out)) <= columns);
	promise_clean(sbuf__str(&out), out.len + 1);
	sbuf__free(&out);
	fit__wrap(s, columns % 8, "  ", 8 + columns, 3, &out);
	sbuf__free(&out);
}

static void pool(const char *s, size_t sz)
{
	char name[ROOM + 1];

	memset(name, 'x', sizeof(name));
	pool__of_name(s, name, sz);
	promise(name[sz] == 'x');
	promise_clean(name, sz);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	size_t room = 1 + take(&in) % ROOM, len;
	unsigned int kind = 1u << take(&in) % 3;
	char clean[ROOM], utf8[ROOM];

	len = clean_text((const char *)in.p, in.left, clean, room);
	promise(len < room && clean[len] == '\0');
	promise_clean(clean, room);
	parts(clean, room - 1);
	pool(clean, room);
	len = py_chars_to_utf8(in.p, in.left / kind, kind, utf8, room);
	promise(len <= room);
	for (size_t i = 0; i < len;) {
		uint32_t c;
		size_t n = utf8_decode((const unsigned char *)utf8 + i, len - i, &c);

		promise(n);
		i += n;
	}
	return 0;
}
