/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/sbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool sbuf_reserve(struct sbuf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 64;
	char *s;

	if (b->oom)
		return false;
	if (more > SIZE_MAX / 4 - b->len) {
		b->oom = true;
		return false;
	}
	while (cap < b->len + more + 1)
		cap *= 2;
	if (cap == b->cap)
		return true;
	s = realloc(b->s, cap);
	if (!s) {
		b->oom = true;
		return false;
	}
	b->s = s;
	b->cap = cap;
	return true;
}

void sbuf__add(struct sbuf *b, const char *s, size_t len)
{
	if (!sbuf_reserve(b, len))
		return;
	if (len) /* s may be NULL then */
		memcpy(b->s + b->len, s, len);
	b->len += len;
	b->s[b->len] = '\0';
}

char *sbuf__extend(struct sbuf *b, size_t len)
{
	char *at;

	if (!sbuf_reserve(b, len))
		return NULL;
	at = b->s + b->len;
	b->len += len;
	b->s[b->len] = '\0';
	return at;
}

void sbuf__puts(struct sbuf *b, const char *s)
{
	sbuf__add(b, s, strlen(s));
}

void sbuf__printf(struct sbuf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !sbuf_reserve(b, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

const char *sbuf__str(const struct sbuf *b)
{
	return b->s ? b->s : "";
}

void sbuf__reset(struct sbuf *b)
{
	b->len = 0;
	b->oom = false;
	if (b->s)
		b->s[0] = '\0';
}

void sbuf__free(struct sbuf *b)
{
	free(b->s);
	*b = (struct sbuf){ 0 };
}
