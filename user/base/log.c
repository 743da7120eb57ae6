/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/base/put.h"
#include "user/base/sbuf.h"

#define HELD_MAX (64 * 1024)

static struct {
	int level;
	bool held;
	struct sbuf kept;
	size_t dropped_cnt; /* lines before those kept */
} log_state = { .level = LOG_INFO };

void log__set_level(int level)
{
	log_state.level = level;
}

int log__level(void)
{
	return log_state.level;
}

void log__hold(bool hold)
{
	size_t done;

	log_state.held = hold;
	if (hold || !log_state.kept.len)
		return;
	if (log_state.dropped_cnt)
		dprintf(STDERR_FILENO, "giltop: %zu earlier messages are not kept\n",
			log_state.dropped_cnt);
	log_state.dropped_cnt = 0;
	(void)put__all(STDERR_FILENO, sbuf__str(&log_state.kept), log_state.kept.len, &done);
	sbuf__free(&log_state.kept);
}

/* The first lines go, as many as it takes. */
static void drop_oldest(struct sbuf *kept)
{
	while (kept->len > HELD_MAX) {
		size_t line = (size_t)(strchrnul(kept->s, '\n') - kept->s) + 1;

		line = line < kept->len ? line : kept->len;
		kept->len -= line;
		memmove(kept->s, kept->s + line, kept->len + 1);
		log_state.dropped_cnt++;
	}
}

void log__printf(enum log_level level, const char *fmt, ...)
{
	char line[2048];
	va_list ap;

	if ((int)level > log_state.level)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (!log_state.held) {
		char all[sizeof(line) + 16];
		int len = snprintf(all, sizeof(all), "giltop: %s", line);
		size_t done;

		(void)put__all(STDERR_FILENO, all, (size_t)len, &done);
		return;
	}
	sbuf__printf(&log_state.kept, "giltop: %s", line);
	drop_oldest(&log_state.kept);
}
