/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/decimal.h"

#include "user/base/digits.h"

void decimal__put_u64(FILE *f, uint64_t v)
{
	char buf[DIGITS_MAX];

	fwrite_unlocked(buf, 1, (size_t)(digits__u64(buf, v) - buf), f);
}

void decimal__put_ms(FILE *f, uint64_t ns)
{
	char buf[DIGITS_MAX], *end = digits__decimal(buf, ns, 6);

	while (end[-1] == '0')
		end--;
	if (end[-1] == '.')
		end--;
	fwrite_unlocked(buf, 1, (size_t)(end - buf), f);
}
