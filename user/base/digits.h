/* SPDX-License-Identifier: BSD-2-Clause */
/* digits.h - numbers as decimal digits, where printf would be most of the time: files with millions of them */
#ifndef GILTOP_BASE_DIGITS_H
#define GILTOP_BASE_DIGITS_H

#include <stdint.h>

/* A number has at most so many, with a point in it. */
#define DIGITS_MAX 24

/* At p; returns what is behind the last one. No NUL. */
static inline char *digits__u64(char *p, uint64_t v)
{
	char buf[DIGITS_MAX];
	int n = 0;

	do {
		buf[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	while (n)
		*p++ = buf[--n];
	return p;
}

/* v / 10^places with exactly so many decimals: of ns 3 make microseconds, 6 milliseconds, without rounding. */
static inline char *digits__decimal(char *p, uint64_t v, unsigned int places)
{
	uint64_t unit = 1;
	char *end;

	for (unsigned int i = 0; i < places; i++)
		unit *= 10;
	p = digits__u64(p, v / unit);
	*p = '.';
	end = p + 1 + places;
	for (v %= unit; places; v /= 10)
		p[places--] = (char)('0' + v % 10);
	return end;
}

#endif
