/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/at.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "user/base/parse.h"
#include "user/source/recording.h"

#define SECOND_NS 1000000000ll
#define DAY_NS	  (86400 * SECOND_NS)

/* What was said: ns after the start, or (of_day) after midnight. */
struct moment {
	bool of_day;
	bool whole; /* a second, not a part of one */
	uint64_t ns;
};

/* "1:30", "14:03:07", "14:03:07.512": the parts before and behind the point. */
static int parse_clock(const char *text, struct moment *ret)
{
	unsigned int h = 0, m, s;
	size_t len = strspn(text, "0123456789:");
	char clock[16], end;
	uint64_t frac = 0;

	if (!len || len >= sizeof(clock) || (text[len] && text[len] != '.'))
		return -EINVAL;
	snprintf(clock, sizeof(clock), "%.*s", (int)len, text);
	ret->of_day = len == 8 && clock[2] == ':' && clock[5] == ':';
	if (sscanf(clock, "%2u:%2u:%2u%c", &h, &m, &s, &end) == 3) {
		if (m > 59 || h > 23)
			return -EINVAL;
	} else if (sscanf(clock, "%3u:%2u%c", &m, &s, &end) != 2) {
		return -EINVAL;
	}
	if (text[len]) { /* parse_duration() knows what ".512s" is */
		char part[24];

		snprintf(part, sizeof(part), "%ss", text + len);
		if (strlen(text + len) > 10 ||
		    (parse_duration(part, &frac) && strtod(part, NULL) != 0))
			return -EINVAL;
	}
	if (s > 59)
		return -EINVAL;
	ret->whole = !text[len];
	ret->ns = ((uint64_t)h * 3600 + (uint64_t)m * 60 + s) * (uint64_t)SECOND_NS + frac;
	return 0;
}

static int parse(const char *text, struct moment *ret)
{
	*ret = (struct moment){ 0 };
	text += *text == '+'; /* as lines of events have it */
	if (!parse_clock(text, ret))
		return 0;
	*ret = (struct moment){ 0 };
	if (parse_duration(text, &ret->ns) && strcmp(text, "0") && strcmp(text, "0s"))
		return -EINVAL;
	ret->whole = ret->ns % (uint64_t)SECOND_NS == 0;
	return 0;
}

bool at__is_valid(const char *text)
{
	struct moment m;

	return !parse(text, &m);
}

/* That time of day, from the start of the file on. */
static uint64_t of_day(const struct moment *m, const struct recording *r)
{
	uint64_t mono, real, from = recording__first_ns(r);
	int64_t start, diff;
	time_t begin;
	struct tm tm;

	recording__clock(r, &mono, &real);
	real = real - mono + from;
	begin = (time_t)(real / (uint64_t)SECOND_NS);
	localtime_r(&begin, &tm);
	start = (tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec) * SECOND_NS +
		(int64_t)(real % (uint64_t)SECOND_NS);
	diff = (int64_t)m->ns - start;
	if (diff < -SECOND_NS) /* of the next day */
		diff += DAY_NS;
	return diff < 0 ? from : from + (uint64_t)diff;
}

int at__find(const char *text, const struct recording *r, uint64_t *ret_ns)
{
	size_t cnt = recording__interval_cnt(r), n = 0;
	struct moment m;
	bool by_second;
	uint64_t at;

	if (parse(text, &m) || !cnt)
		return -EINVAL;
	at = m.of_day ? of_day(&m, r) : recording__start_ns(r) + m.ns;
	/* A whole second: the interval that ends in it, as the clock on the screen names it. */
	by_second = m.whole && recording__interval_ns(r) >= (uint64_t)SECOND_NS;
	if (at + SECOND_NS < recording__first_ns(r) || at > recording__end_ns(r) + SECOND_NS)
		return -ERANGE;
	while (n + 1 < cnt && (by_second ? recording__interval_end_ns(r, n + 1) < at + SECOND_NS
					 : recording__interval_end_ns(r, n) < at))
		n++;
	*ret_ns = recording__interval_end_ns(r, n);
	return 0;
}
