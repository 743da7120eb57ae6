/* SPDX-License-Identifier: BSD-2-Clause */
/* blame_lines.h - the lines in which the GIL is held while others wait, added up over all threads
 *
 * Lines of Python: what native code does below one is that line's.
 */
#ifndef GILTOP_VIEW_BLAME_LINES_H
#define GILTOP_VIEW_BLAME_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "user/picture/snapshot.h"

struct view_opts;

struct blame_line {
	const struct snap_frame *frame; /* NULL: "[other]", what found no room */
	const struct snap_frame
		*caller;    /* who called it most, by the waiting; NULL: nobody, or not known */
	uint64_t ns, cnt;   /* waiting that it inflicted; looks that saw it */
	uint64_t caller_ns; /* .. called by caller */
	size_t caller_cnt;  /* how many different callers, lines of them */
};

/* The max largest, of the threads that the options want; how many there are in all to *ret_cnt (if not NULL). Returns how
 * many were written; 0 also when there is no memory.
 */
size_t blame_lines__top(const struct snap_proc *p, const struct view_opts *o,
			struct blame_line *ret, size_t max, size_t *ret_cnt);
/* The whole of which they are parts: all waiting for the GILs of the process. */
uint64_t blame_lines__all_ns(const struct snap_proc *p);

#endif
