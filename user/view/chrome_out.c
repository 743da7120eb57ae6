/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/chrome_out.h"

#include <errno.h>
#include <string.h>

#include "user/base/digits.h"
#include "user/base/util.h"

/* Written at once from so many bytes on: with one more line it fits into the buffer of a stream (BUFSIZ), which is one write. */
#define LINES_MAX (BUFSIZ / 2)

void chrome_out__text(struct chrome_out *o, const char *text)
{
	sbuf__puts(&o->lines, text);
}

void chrome_out__u64(struct chrome_out *o, const char *key, uint64_t v)
{
	char buf[DIGITS_MAX];

	chrome_out__text(o, key);
	sbuf__add(&o->lines, buf, (size_t)(digits__u64(buf, v) - buf));
}

void chrome_out__us(struct chrome_out *o, const char *key, uint64_t ns)
{
	char buf[DIGITS_MAX + 2];

	chrome_out__text(o, key);
	sbuf__add(&o->lines, buf, (size_t)(digits__decimal(buf, ns, 3) - buf));
}

void chrome_out__escape(struct sbuf *out, const char *s)
{
	while (*s) {
		size_t len = strcspn(s, "\"\\");

		sbuf__add(out, s, len);
		s += len;
		if (!*s)
			break;
		sbuf__puts(out, "\\");
		sbuf__add(out, s++, 1);
	}
}

void chrome_out__str(struct chrome_out *o, const char *key, const char *s)
{
	chrome_out__text(o, key);
	chrome_out__text(o, "\"");
	chrome_out__escape(&o->lines, s);
	chrome_out__text(o, "\"");
}

int chrome_out__flush(struct chrome_out *o)
{
	size_t len = o->lines.len;

	if (o->lines.oom)
		return -ENOMEM;
	if (len && fwrite(o->lines.s, 1, len, o->out) != len)
		return errno ? -errno : -EIO;
	sbuf__reset(&o->lines);
	return fflush(o->out) ? -errno : 0;
}

int chrome_out__end(struct chrome_out *o)
{
	return o->lines.len < LINES_MAX && !o->lines.oom ? 0 : chrome_out__flush(o);
}

void chrome_out__free(struct chrome_out *o)
{
	sbuf__free(&o->lines);
}
