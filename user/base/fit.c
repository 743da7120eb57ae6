/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/fit.h"

#include <stdint.h>
#include <string.h>

#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"

#define WIDE_FROM 0x1100
#define CUT	  "~"

/* The character at s: its length, and how many columns it takes. */
static size_t next_char(const char *s, size_t *columns)
{
	uint32_t c = 0;
	size_t len = utf8_decode((const unsigned char *)s, strnlen(s, 4), &c);

	*columns = c >= WIDE_FROM ? 2 : 1;
	return len ? len : 1;
}

size_t fit__columns(const char *s)
{
	size_t sum = 0, w;

	for (; *s; s += next_char(s, &w), sum += w)
		;
	return sum;
}

size_t fit__prefix(const char *s, size_t columns)
{
	size_t at = 0, sum = 0, w;

	while (s[at]) {
		size_t len = next_char(s + at, &w);

		if (sum + w > columns)
			break;
		sum += w;
		at += len;
	}
	return at;
}

void fit__middle(const char *s, size_t columns, struct sbuf *out)
{
	size_t sum = fit__columns(s), cut = strlen(CUT), head, w;

	if (sum <= columns || columns <= cut) {
		sbuf__add(out, s, fit__prefix(s, columns));
		return;
	}
	head = (columns - cut + 1) / 2;
	sbuf__add(out, s, fit__prefix(s, head));
	sbuf__puts(out, CUT);
	for (; sum > columns - cut - head; sum -= w)
		s += next_char(s, &w);
	sbuf__puts(out, s);
}

/* The length of the word at s. */
static size_t word_len(const char *s)
{
	return strcspn(s, " ");
}

static void put_word(const char *s, size_t len, size_t columns, struct sbuf *out)
{
	__cleanup(sbuf__free) struct sbuf word = { 0 };

	sbuf__add(&word, s, len);
	fit__middle(sbuf__str(&word), columns, out);
	out->oom |= word.oom;
}

static size_t word_columns(const char *s, size_t len)
{
	size_t sum = 0, w;

	for (size_t at = 0; at < len; at += next_char(s + at, &w), sum += w)
		;
	return sum;
}

size_t fit__wrap(const char *s, size_t first, const char *indent, size_t columns, size_t max,
		 struct sbuf *out)
{
	size_t lines = 1, used = first, start = first, cut = strlen(CUT);

	for (s += strspn(s, " "); *s && max; s += strspn(s, " ")) {
		size_t len = word_len(s), w = word_columns(s, len), gap = used > start;
		/* The last line keeps room for the cut, unless this is the last word. */
		size_t keep = lines == max && s[len + strspn(s + len, " ")] ? cut : 0;

		if (used > start && used + gap + w + keep > columns) {
			if (lines == max) {
				sbuf__puts(out, CUT);
				break;
			}
			sbuf__puts(out, "\n");
			sbuf__puts(out, indent);
			lines++;
			used = start = strlen(indent);
			continue;
		}
		sbuf__puts(out, gap ? " " : "");
		put_word(s, len, columns - used - gap - keep, out);
		used += gap + (w < columns - used - gap - keep ? w : columns - used - gap - keep);
		s += len;
	}
	sbuf__puts(out, "\n");
	return lines;
}
