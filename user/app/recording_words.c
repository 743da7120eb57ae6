/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/recording_words.h"

#include <time.h>

#include "user/base/log.h"
#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/source/recording.h"

void recording_words__say_cut(const struct recording *r, const char *path)
{
	char span[UNITS_SZ];

	if (!recording__is_cut(r))
		return;
	units__duration(recording__now_ns(r) - recording__start_ns(r), span);
	if (recording__is_damaged(r))
		pr_warn("%s is damaged: what comes after %s is not in this\n", path, span);
	else
		pr_warn("%s was not closed (giltop was killed, or still writes): its last whole "
			"part ends "
			"after %s\n",
			path, span);
}

void recording_words__time(const struct recording *r, uint64_t ns, bool date, struct sbuf *out)
{
	uint64_t mono, real;
	char text[32];
	time_t at;
	struct tm tm;

	recording__clock(r, &mono, &real);
	at = (time_t)((real - mono + ns) / 1000000000);
	localtime_r(&at, &tm);
	strftime(text, sizeof(text), date ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S", &tm);
	sbuf__puts(out, text);
}

void recording_words__span(const struct recording *r, struct sbuf *out)
{
	char span[UNITS_SZ];

	sbuf__puts(out, "is of ");
	recording_words__time(r, recording__first_ns(r), true, out);
	sbuf__puts(out, " to ");
	recording_words__time(r, recording__end_ns(r), false, out);
	units__duration(recording__end_ns(r) - recording__first_ns(r), span);
	sbuf__printf(out, " (%s)", span);
}
