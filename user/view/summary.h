/* SPDX-License-Identifier: BSD-2-Clause */
/* summary.h - the text that goes into a ticket: what was measured, what it means, what to do
 *
 * Pure. At most SUMMARY_LINES lines of at most SUMMARY_COLUMNS columns, whatever things are called: names are cut
 * in the middle, sentences are wrapped.
 */
#ifndef GILTOP_VIEW_SUMMARY_H
#define GILTOP_VIEW_SUMMARY_H

#include "user/picture/snapshot.h"

#define SUMMARY_LINES	15
#define SUMMARY_COLUMNS 80

struct sbuf;
struct view_opts;

enum summary_form { SUMMARY_TEXT, SUMMARY_MARKDOWN };

/* Each line with its newline; nothing if there is no process. Check out->oom. */
void summary__put(const struct snapshot *total, const struct view_opts *o, enum summary_form form,
		  struct sbuf *out);

#endif
