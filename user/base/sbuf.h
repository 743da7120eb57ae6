/* SPDX-License-Identifier: BSD-2-Clause */
/* sbuf.h - growing strings */
#ifndef GILTOP_BASE_SBUF_H
#define GILTOP_BASE_SBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* A growing string. Zero-initialise; sbuf__free at the end. After a failed allocation it stays as it
 * was and remembers (oom): check once at the end.
 */
struct sbuf {
	char *s; /* NUL-terminated; NULL while empty */
	size_t len, cap;
	bool oom;
};
void sbuf__add(struct sbuf *b, const char *s, size_t len);
/* Make it len bytes longer, which are to be written: where they are; NULL: no memory. */
char *sbuf__extend(struct sbuf *b, size_t len);
void sbuf__puts(struct sbuf *b, const char *s);
void sbuf__printf(struct sbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *sbuf__str(const struct sbuf *b); /* never NULL */
void sbuf__reset(struct sbuf *b);
void sbuf__free(struct sbuf *b);

#endif
