/* SPDX-License-Identifier: BSD-2-Clause */
/* features.h - what this kernel can do: tried, not guessed from a version; a row each
 *
 * To add one: an id, and its row in features.c; doctor shows it from there.
 */
#ifndef GILTOP_PROBE_FEATURES_H
#define GILTOP_PROBE_FEATURES_H

#include <stdbool.h>

enum feature {
	FEATURE_BTF,
	FEATURE_RINGBUF,
	FEATURE_MULTI,	/* uprobe_multi links whose pid means a process */
	FEATURE_COOKIE, /* a program can tell its probe points apart */
	FEATURE_CNT,
};

struct feature_desc {
	const char *name;
	bool needed; /* without it giltop does not work */
	/* why: one line, whatever the answer. Without the privileges to load a program it is no. */
	bool (*try)(const char **why);
};

extern const struct feature_desc feature_table[FEATURE_CNT];

/* Tried once. why as above; may be NULL. */
bool feature__has(enum feature f, const char **why);

#endif
