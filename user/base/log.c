/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/sbuf.h"

#define HELD_MAX (64 * 1024)

static struct {
	int level;
	bool held;
	struct sbuf kept;
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
	log_state.held = hold;
	if (hold || !log_state.kept.len)
		return;
	fputs(sbuf__str(&log_state.kept), stderr);
	sbuf__free(&log_state.kept);
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
		fprintf(stderr, "giltop: %s", line);
		return;
	}
	if (log_state.kept.len < HELD_MAX)
		sbuf__printf(&log_state.kept, "giltop: %s", line);
}
