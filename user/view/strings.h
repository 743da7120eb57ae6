/* SPDX-License-Identifier: BSD-2-Clause */
/* strings.h - each text once, by a number: for formats with a table of them */
#ifndef GILTOP_VIEW_STRINGS_H
#define GILTOP_VIEW_STRINGS_H

#include <stddef.h>
#include <stdint.h>

#include "user/base/arena.h"
#include "user/base/hmap.h"

#define STRINGS_NONE UINT32_MAX

/* Zero-initialise. */
struct strings {
	struct arena texts;
	struct hmap by_hash; /* (hash, nth) -> number plus 1 */
	const char **list;
	size_t cnt, cap;
	int err; /* -ENOMEM once there was none */
};

/* Its number, from 0 on in the order of their coming; STRINGS_NONE: no memory, which it remembers. */
uint32_t strings__no(struct strings *st, const char *s);
uint32_t strings__no_of(struct strings *st, const char *s, size_t len); /* its first len bytes */
void strings__free(struct strings *st);

#endif
