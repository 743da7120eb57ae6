/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/parse.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"

int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret)
{
	unsigned long long v;
	char *end;

	if (!s || *s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	v = strtoull(s, &end, 10);
	if (*end)
		return -EINVAL;
	if (errno || v < min || v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}

int parse_decimal(const char *s, double max, double *ret)
{
	double v;
	char *end;

	if (!s || !*s || s[strspn(s, "0123456789.")])
		return -EINVAL;
	v = strtod(s, &end);
	if (end == s || *end)
		return -EINVAL;
	if (v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}

int parse_size(const char *s, uint64_t *ret)
{
	static const struct {
		const char *suffix;
		unsigned int shift;
	} units[] = { { "K", 10 },   { "M", 20 },   { "G", 30 },
		      { "KiB", 10 }, { "MiB", 20 }, { "GiB", 30 } };
	unsigned long long v;
	char *end;

	if (!s || *s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	v = strtoull(s, &end, 10);
	for (size_t i = 0; i < ARRAY_SIZE(units) && !errno; i++) {
		if (strcmp(end, units[i].suffix))
			continue;
		if (!v || v > UINT64_MAX >> 1 >> units[i].shift)
			return -ERANGE;
		*ret = v << units[i].shift;
		return 0;
	}
	return errno ? -ERANGE : -EINVAL;
}

int parse_duration(const char *s, uint64_t *ret_ns)
{
	static const struct {
		const char *suffix;
		double ns;
	} units[] = {
		{ "", 1e9 }, { "s", 1e9 },  { "ms", 1e6 },   { "us", 1e3 },
		{ "ns", 1 }, { "m", 60e9 }, { "min", 60e9 }, { "h", 3600e9 },
	};
	double v;
	char *end;

	if (!s || !((*s >= '0' && *s <= '9') || *s == '.'))
		return -EINVAL;
	errno = 0;
	v = strtod(s, &end);
	if (errno || end == s || !isfinite(v) || strpbrk(s, "xXpPeE"))
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(end, units[i].suffix))
			continue;
		v *= units[i].ns;
		if (v < 1 || v > 1e9 * 86400 * 365)
			return -ERANGE;
		*ret_ns = (uint64_t)(v + 0.5);
		return 0;
	}
	return -EINVAL;
}
