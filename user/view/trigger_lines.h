/* SPDX-License-Identifier: BSD-2-Clause */
/* trigger_lines.h - long waits and holds, and whatever else the user wanted to be told of, in words */
#ifndef GILTOP_VIEW_TRIGGER_LINES_H
#define GILTOP_VIEW_TRIGGER_LINES_H

#include <stddef.h>

struct sbuf;
struct trigger_event;

/* "hold", "wait", "delay", "signal", "key", "end": as in the JSON and in the list. */
const char *trigger_event__kind(const struct trigger_event *e);
/* "14:03:07.512 +12.345s"; without the time of day where that is not known. */
void trigger_lines__when(const struct trigger_event *e, struct sbuf *out);
/* What happened, without threads' places: "MainThread (4242) has held the GIL for 102ms". */
void trigger_lines__what(const struct trigger_event *e, struct sbuf *out);
/* All of it in one line without a newline: when, what, where, for whom, the file. */
void trigger_lines__line(const struct trigger_event *e, struct sbuf *out);
/* The same with both stacks, innermost first, a line a frame. */
void trigger_lines__block(const struct trigger_event *e, struct sbuf *out);

#endif
