/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/decimal.h"

#include <string.h>

size_t decimal__u64(char buf[DECIMAL_SZ], uint64_t v)
{
	char digits[20];
	size_t n = 0;

	do
		digits[n++] = (char)('0' + v % 10);
	while (v /= 10);
	for (size_t i = 0; i < n; i++)
		buf[i] = digits[n - 1 - i];
	return n;
}

size_t decimal__ms(char buf[DECIMAL_SZ], uint64_t ns)
{
	size_t n = decimal__u64(buf, ns / 1000000);
	uint32_t rest = (uint32_t)(ns % 1000000);

	if (!rest)
		return n;
	buf[n++] = '.';
	for (uint32_t unit = 100000; rest; unit /= 10) {
		buf[n++] = (char)('0' + rest / unit);
		rest %= unit;
	}
	return n;
}

void decimal__put_u64(FILE *f, uint64_t v)
{
	char buf[DECIMAL_SZ];

	fwrite_unlocked(buf, 1, decimal__u64(buf, v), f);
}

void decimal__put_ms(FILE *f, uint64_t ns)
{
	char buf[DECIMAL_SZ];

	fwrite_unlocked(buf, 1, decimal__ms(buf, ns), f);
}
