/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/json_out.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "user/base/decimal.h"
#include "user/base/units.h"

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c != 0x7f && c != '"' && c != '\\';
}

/* Keys are most of the text: what needs no care goes in one piece. */
static void put_string(struct json_out *j, const char *s)
{
	putc('"', j->out);
	while (*s) {
		size_t len = 0;

		while (is_plain((unsigned char)s[len]))
			len++;
		fwrite(s, 1, len, j->out);
		s += len;
		if (*s == '"' || *s == '\\')
			fprintf(j->out, "\\%c", *s++);
		else if (*s)
			fprintf(j->out, "\\u%04x", (unsigned char)*s++);
	}
	putc('"', j->out);
}

static void put_key(struct json_out *j, const char *key)
{
	if (j->need_comma)
		putc(',', j->out);
	j->need_comma = true;
	if (!key)
		return;
	put_string(j, key);
	putc(':', j->out);
}

void json__open(struct json_out *j, const char *key, char bracket)
{
	put_key(j, key);
	putc(bracket, j->out);
	j->need_comma = false;
}

void json__close(struct json_out *j, char bracket)
{
	putc(bracket, j->out);
	j->need_comma = true;
}

void json__str(struct json_out *j, const char *key, const char *s)
{
	put_key(j, key);
	put_string(j, s);
}

void json__u64(struct json_out *j, const char *key, uint64_t v)
{
	put_key(j, key);
	fprintf(j->out, "%" PRIu64, v);
}

void json__ns(struct json_out *j, const char *key, uint64_t ns)
{
	if (ns == NS_UNKNOWN)
		json__null(j, key);
	else
		json__u64(j, key, ns);
}

void json__ms(struct json_out *j, const char *key, uint64_t ns)
{
	put_key(j, key);
	decimal__put_ms(j->out, ns);
}

void json__real(struct json_out *j, const char *key, double v)
{
	put_key(j, key);
	if (isfinite(v))
		fprintf(j->out, "%.6g", v);
	else
		fputs("null", j->out);
}

void json__bool(struct json_out *j, const char *key, bool v)
{
	put_key(j, key);
	fputs(v ? "true" : "false", j->out);
}

void json__null(struct json_out *j, const char *key)
{
	put_key(j, key);
	fputs("null", j->out);
}

int json__end(struct json_out *j)
{
	putc('\n', j->out);
	j->need_comma = false;
	return fflush(j->out) ? -errno : 0;
}
