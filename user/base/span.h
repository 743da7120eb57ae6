/* SPDX-License-Identifier: BSD-2-Clause */
/* span.h - a part of a text that is not its own: not NUL-terminated */
#ifndef GILTOP_BASE_SPAN_H
#define GILTOP_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>

struct span {
	const char *s;
	size_t len;
};

bool span__same(struct span a, struct span b);
bool span__is(struct span s, const char *word);
/* Take word off its start, or its end; false: it is not there. */
bool span__cut_start(struct span *s, const char *word);
bool span__cut_end(struct span *s, const char *word);
/* Is each of its characters one of these? */
bool span__all_of(struct span s, const char *chars);
/* Take off what is before the first sep, and sep; all of it where there is none. */
struct span span__cut_at(struct span *s, char sep);

#endif
