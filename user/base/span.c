/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/span.h"

#include <string.h>

bool span__same(struct span a, struct span b)
{
	return a.len == b.len && !memcmp(a.s, b.s, a.len);
}

bool span__is(struct span s, const char *word)
{
	return span__same(s, (struct span){ word, strlen(word) });
}

bool span__cut_start(struct span *s, const char *word)
{
	size_t len = strlen(word);

	if (s->len < len || memcmp(s->s, word, len) != 0)
		return false;
	s->s += len;
	s->len -= len;
	return true;
}

bool span__cut_end(struct span *s, const char *word)
{
	size_t len = strlen(word);

	if (s->len < len || memcmp(s->s + s->len - len, word, len) != 0)
		return false;
	s->len -= len;
	return true;
}

bool span__all_of(struct span s, const char *chars)
{
	for (size_t i = 0; i < s.len; i++)
		if (!s.s[i] || !strchr(chars, s.s[i]))
			return false;
	return true;
}

struct span span__cut_at(struct span *s, char sep)
{
	const char *end = s->len ? memchr(s->s, sep, s->len) : NULL;
	struct span first = { s->s, end ? (size_t)(end - s->s) : s->len };

	s->s += first.len + (end != NULL);
	s->len -= first.len + (end != NULL);
	return first;
}
