/* SPDX-License-Identifier: BSD-2-Clause */
/* log.h - messages to stderr, one line each, held back while the screen is up */
#ifndef GILTOP_BASE_LOG_H
#define GILTOP_BASE_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_WARN = 0, /* all that -q leaves */
	LOG_INFO,     /* default */
	LOG_VERBOSE,  /* -v */
	LOG_DEBUG,    /* -vv: libbpf's own words too */
};

/* The level, and what is held, are this program's only globals that change. */
void log__set_level(int level); /* -1: nothing at all */
int log__level(void);
/* While held, messages are kept (the last of them, 64 KiB in whole lines); letting go writes them to stderr, and says
 * how many came before.
 */
void log__hold(bool hold);
void log__printf(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define pr_warn(...) log__printf(LOG_WARN, __VA_ARGS__)
#define pr_info(...) log__printf(LOG_INFO, __VA_ARGS__)
#define pr_verb(...) log__printf(LOG_VERBOSE, __VA_ARGS__)

#endif
