/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/units.h"

#include <inttypes.h>
#include <stdio.h>

#include "user/base/util.h"

static const char *put(char buf[UNITS_SZ], const char *s)
{
	snprintf(buf, UNITS_SZ, "%s", s);
	return buf;
}

const char *units__duration(uint64_t ns, char buf[UNITS_SZ])
{
	/* A value moves to the next unit once it would print as 1000 (s: as 1000 s, m: as 100 m). */
	static const struct {
		double ns, below;
		const char *name;
	} units[] = {
		{ 1, 999.5, "ns" },	  { 1e3, 999.5, "us" }, { 1e6, 999.5, "ms" },
		{ 1e9, 999.5, "s" },	  { 60e9, 99.5, "m" },	{ 3600e9, 99.5, "h" },
		{ 86400e9, 9999.5, "d" },
	};

	if (ns == NS_UNKNOWN)
		return put(buf, "?");
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		double v = (double)ns / units[i].ns;

		if (v >= units[i].below)
			continue;
		snprintf(buf, UNITS_SZ, "%.*f%s", i > 0 && v < 99.95 ? 1 : 0, v, units[i].name);
		return buf;
	}
	return put(buf, "?");
}

const char *units__duration_or_none(uint64_t ns, char buf[UNITS_SZ])
{
	return ns == NS_UNKNOWN ? put(buf, "-") : units__duration(ns, buf);
}

const char *units__percent(uint64_t part, uint64_t whole, char buf[UNITS_SZ])
{
	double v;

	if (part == NS_UNKNOWN || whole == NS_UNKNOWN || whole == 0)
		return put(buf, "?");
	if (part == 0)
		return put(buf, "0");
	v = 100.0 * (double)part / (double)whole;
	if (v > 9999)
		return put(buf, ">9999");
	snprintf(buf, UNITS_SZ, "%.*f", v < 99.95 ? 1 : 0, v);
	return buf;
}

const char *units__percent_word(uint64_t part, uint64_t whole, char buf[UNITS_SZ])
{
	double v;

	if (part == NS_UNKNOWN || whole == NS_UNKNOWN || whole == 0)
		return put(buf, "?%");
	v = 100.0 * (double)part / (double)whole;
	if (part && v < 0.05)
		return put(buf, "<0.1%");
	snprintf(buf, UNITS_SZ, "%.*f%%", part && v < 9.95 ? 1 : 0, v > 99999 ? 99999 : v);
	return buf;
}

const char *units__count(double v, char buf[UNITS_SZ])
{
	static const char suffix[] = " kMGTPE";
	size_t i = 0;

	if (!(v >= 0) || v > 1e20)
		return put(buf, "?");
	while (v >= 999.5 && suffix[i + 1]) {
		v /= 1000;
		i++;
	}
	/* One decimal where it says something: 3.2, 1.9k; but 7 and 23k. */
	snprintf(buf, UNITS_SZ, "%.*f%.*s", v < 9.95 && (i || v != (double)(int)v) ? 1 : 0, v,
		 i ? 1 : 0, suffix + i);
	return buf;
}

const char *units__rate(uint64_t n, uint64_t span_ns, char buf[UNITS_SZ])
{
	if (span_ns == 0 || span_ns == NS_UNKNOWN || n == NS_UNKNOWN)
		return put(buf, "?");
	return units__count((double)n * 1e9 / (double)span_ns, buf);
}

const char *units__clock(uint64_t ns, char buf[UNITS_SZ])
{
	uint64_t s = ns / 1000000000u;
	unsigned int h = (unsigned int)(s / 3600 % 24), m = (unsigned int)(s / 60 % 60);

	if (ns == NS_UNKNOWN)
		return put(buf, "?");
	if (s >= 86400)
		snprintf(buf, UNITS_SZ, "%" PRIu64 "d %02u:%02u:%02u", s / 86400, h, m,
			 (unsigned int)(s % 60));
	else
		snprintf(buf, UNITS_SZ, "%02u:%02u:%02u", h, m, (unsigned int)(s % 60));
	return buf;
}
