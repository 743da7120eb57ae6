/* SPDX-License-Identifier: BSD-2-Clause */
/* draw.h - pieces that several screens draw with: bars, sparklines, states, notes, histograms, boxes
 *
 * They are given values, and know nothing of what is shown or chosen (ui.h).
 */
#ifndef GILTOP_TUI_DRAW_H
#define GILTOP_TUI_DRAW_H

#include "tui/canvas.h"
#include "tui/past.h"
#include "user/picture/snapshot.h"
#include "user/picture/timeline.h"

/* A bar of at most w cells for v of max (0 or more); eighths of a cell where Unicode is at hand. */
void draw__bar(struct canvas *c, int y, int x, int w, enum role role, double v, double max);
/* The newest w intervals of the past, newest right: how much of full each is. */
void draw__spark(struct canvas *c, int y, int x, int w, enum role role, const struct past *past,
		 bool waiting, double full);
/* Timeline cells with their roles. */
void draw__cells(struct canvas *c, int y, int x, const enum tl_cell *cells, size_t n);
enum role draw__state_role(enum snap_state state);
/* The stacked bar of columns__bar in colours. */
void draw__stack_bar(struct canvas *c, int y, int x, int w, const struct snap_thread *t);
/* How full, 0..1, as one character of a shade: ' ' only for exactly 0. */
uint32_t draw__shade(const struct canvas *c, double v);
/* A few words in the middle of an empty body. */
void draw__note(struct canvas *c, struct rect r, const char *text);
/* Words broken into lines; returns how many lines it took, at most r.h. */
int draw__paragraph(struct canvas *c, struct rect r, enum role role, const char *text);
/* A frame in w cells: "dumps encoder.py:257"; the line number is never cut (cells__place). NULL: of
 * stacks that were not kept.
 */
void draw__frame(struct canvas *c, int y, int x, int w, enum role role, const struct snap_frame *f);
/* A thread's name in w cells, shortened in the middle. */
void draw__name(struct canvas *c, int y, int x, int w, enum role role, const char *name);
/* Label, figure: "p99 " "38.2ms"; returns the cells used, with two blanks behind. */
int draw__figure(struct canvas *c, int y, int x, int max, const char *label, enum role role,
		 const char *value);
/* A histogram by octaves (several to a line if there are more than lines), with its percentiles in the
 * first line. h NULL or empty: says so, if they were seen at all.
 */
void draw__hist(struct canvas *c, struct rect r, const char *title, enum role role,
		const struct gt_hist *h, uint64_t max_ns, bool seen);
/* Time across, octaves of the waits up: how they were spread in each interval of the past. */
void draw__heat(struct canvas *c, struct rect r, const struct past *past, uint64_t interval_ns);
/* How much part is of whole, "38.2", ending at cell x + w - 1. */
void draw__percent(struct canvas *c, int y, int x, int w, enum role role, uint64_t part,
		   uint64_t whole);
/* A share with its mark (snap_looks__mark) before it: "~38.2". */
void draw__share(struct canvas *c, int y, int x, int w, enum role role, uint64_t part,
		 uint64_t whole, const char *mark);
/* A box in the middle of the sheet; returns its inside. */
struct rect draw__box(struct canvas *c, int h, int w, const char *title);

#endif
