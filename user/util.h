/* SPDX-License-Identifier: BSD-2-Clause */
/* util.h - scope guards, growing strings, checked numbers, clean text */
#ifndef GILTOP_UTIL_H
#define GILTOP_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Scope guards: __cleanup(closep) int fd = open(..); */
#define __cleanup(fn) __attribute__((cleanup(fn)))
void closep(int *fd);	/* closes if >= 0 */
void fclosep(FILE **f); /* closes if not NULL */
void freep(void *p);	/* p: address of a pointer from malloc */

const char *errstr(
	int err); /* "ENOENT: No such file .."; takes errno or -errno; thread-local buffer */

/* A growing string. Zero-initialise; sbuf__free at the end. After a failed allocation it stays as it
 * was and remembers (oom): check once at the end.
 */
struct sbuf {
	char *s; /* NUL-terminated; NULL while empty */
	size_t len, cap;
	bool oom;
};
void sbuf__add(struct sbuf *b, const char *s, size_t len);
void sbuf__puts(struct sbuf *b, const char *s);
void sbuf__printf(struct sbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *sbuf__str(const struct sbuf *b); /* never NULL */
void sbuf__reset(struct sbuf *b);
void sbuf__free(struct sbuf *b);

/* Whole-string numbers. 0 or -EINVAL / -ERANGE; *ret untouched on failure. */
int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret);
/* "10", "10s", "1.5s", "500ms", "2m", "250us" -> ns; a bare number is seconds. */
int parse_duration(const char *s, uint64_t *ret_ns);

/* Make target-owned text safe to show: valid UTF-8 only, control and bidi bytes become '?', at most
 * out_sz - 1 bytes, cut at a character. Returns the length. in need not be NUL-terminated.
 */
size_t clean_text(const char *in, size_t in_len, char *out, size_t out_sz);
/* The same in place. */
void clean_in_place(char *s);
/* Of clean text: how many bytes its first characters take, at most max_chars of them and max_bytes bytes; *ret_chars
 * (if not NULL): how many they are. Never half a character.
 */
size_t text_prefix(const char *s, size_t max_chars, size_t max_bytes, size_t *ret_chars);

uint64_t now_ns(void); /* CLOCK_MONOTONIC */

/* Grow an array of n elements to hold at least one more: *cap is kept; 0 or -ENOMEM. */
int array_grow(void *parr, size_t n, size_t *cap, size_t elem_sz);

/* Read a whole small file (e.g. in /proc) into b; at most max bytes. 0 or -errno. */
int read_file(int dirfd, const char *path, size_t max, struct sbuf *b);

#endif
