/* SPDX-License-Identifier: BSD-2-Clause */
/* chrome_out.h - JSON of trace events in pieces, written in whole lines, whenever giltop is killed
 *
 * Pieces are put one behind the other; keys come with their quotes and colon. What runs out of memory says so at the next end
 * or flush.
 */
#ifndef GILTOP_VIEW_CHROME_OUT_H
#define GILTOP_VIEW_CHROME_OUT_H

#include <stdint.h>
#include <stdio.h>

#include "user/base/sbuf.h"

/* Zero-initialise but for out. */
struct chrome_out {
	FILE *out;
	struct sbuf lines; /* whole ones that are not written yet, and the one that is being made */
};

void chrome_out__text(struct chrome_out *o, const char *text); /* as it is */
void chrome_out__u64(struct chrome_out *o, const char *key, uint64_t v);
void chrome_out__us(struct chrome_out *o, const char *key, uint64_t ns); /* 1500: 1.500 */
void chrome_out__str(struct chrome_out *o, const char *key, const char *s);
/* What JSON reserves; the text is clean (snapshot.h). */
void chrome_out__escape(struct sbuf *out, const char *s);
/* A line ends here. 0 or -errno, as the next one. */
int chrome_out__end(struct chrome_out *o);
/* All that is there goes out, through the stream's buffer, too, so that no line is left there half. */
int chrome_out__flush(struct chrome_out *o);
void chrome_out__free(struct chrome_out *o);

#endif
