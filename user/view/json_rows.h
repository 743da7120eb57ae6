/* SPDX-License-Identifier: BSD-2-Clause */
/* json_rows.h - a thread and a GIL as json.c writes them: null where a number is not known */
#ifndef GILTOP_VIEW_JSON_ROWS_H
#define GILTOP_VIEW_JSON_ROWS_H

#include <stdint.h>
#include <stdio.h>

struct json_out;
struct snap_frame;
struct snap_gil;
struct snap_proc;
struct snap_thread;
struct trigger_event;

/* An id or a line, null for 0: not known; so is the id of threads that were folded together. */
void json_rows__put_known(struct json_out *j, const char *key, uint32_t v);
void json_rows__put_frame(struct json_out *j, const char *key, const struct snap_frame *f);
/* json_event.c: a record of its own. 0 or -errno. */
int json_rows__put_event(FILE *out, const struct trigger_event *e);
/* An object in a list: t of p, or a sum of p's threads; g of p. */
void json_rows__put_thread(struct json_out *j, const struct snap_proc *p,
			   const struct snap_thread *t);
void json_rows__put_gil(struct json_out *j, const struct snap_proc *p, const struct snap_gil *g);

#endif
