/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/at.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "user/base/parse.h"
#include "user/source/recording.h"

#define SECOND_NS 1000000000u

/* "1:30" and "0:01:30" are ns after the start. */
static int parse_clock(const char *text, uint64_t *ret_ns)
{
	unsigned int h = 0, m, s;
	char end;

	if (text[strspn(text, "0123456789:")])
		return -EINVAL;
	if (sscanf(text, "%2u:%2u:%2u%c", &h, &m, &s, &end) != 3) {
		h = 0;
		if (sscanf(text, "%3u:%2u%c", &m, &s, &end) != 2)
			return -EINVAL;
	} else if (m > 59) {
		return -EINVAL;
	}
	if (s > 59)
		return -EINVAL;
	*ret_ns = ((uint64_t)h * 3600 + (uint64_t)m * 60 + s) * SECOND_NS;
	return 0;
}

static bool is_time_of_day(const char *text)
{
	return strlen(text) == 8 && text[2] == ':' && text[5] == ':';
}

bool at__is_valid(const char *text)
{
	uint64_t ns;

	return !parse_clock(text, &ns) || !parse_duration(text, &ns) || !strcmp(text, "0");
}

/* That time of day, on the day that the recording begins, or the next one if it goes on past midnight. */
static uint64_t of_day(uint64_t ns, const struct recording *r)
{
	uint64_t mono, real, start;
	time_t begin;
	struct tm tm;
	int64_t diff;

	recording__clock(r, &mono, &real);
	start = recording__start_ns(r);
	begin = (time_t)((real - mono + start) / SECOND_NS);
	localtime_r(&begin, &tm);
	diff = (int64_t)(ns / SECOND_NS) - (tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec);
	if (diff < -43200)
		diff += 86400;
	return (uint64_t)((int64_t)start + diff * SECOND_NS);
}

int at__find(const char *text, const struct recording *r, uint64_t *ret_ns)
{
	uint64_t ns = 0;

	if (parse_clock(text, &ns) && parse_duration(text, &ns) && strcmp(text, "0"))
		return -EINVAL;
	*ret_ns = is_time_of_day(text) ? of_day(ns, r) : recording__start_ns(r) + ns;
	/* No interval is quite a second: they are named by the second that they end in. */
	if (recording__interval_ns(r) >= SECOND_NS && !(ns % SECOND_NS))
		*ret_ns += SECOND_NS - 1;
	return 0;
}
