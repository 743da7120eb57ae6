/* SPDX-License-Identifier: BSD-2-Clause */
/* summary_impl.h - the insides of summary.h: values of JSON objects, and what is larger than a value */
#ifndef GILTOP_CODEC_SUMMARY_IMPL_H
#define GILTOP_CODEC_SUMMARY_IMPL_H

#include <jansson.h>
#include <stdint.h>

#include "user/base/arena.h"

struct snap_proc;
struct snap_thread;

/* A time or a count of o, which may be anything: NS_UNKNOWN, or 0, where there is none that makes sense. */
uint64_t summary__ns(const json_t *o, const char *key);
uint64_t summary__cnt(const json_t *o, const char *key);
uint32_t summary__id(const json_t *o, const char *key); /* a pid, a line; 0: none */
const char *summary__str(struct arena *a, const json_t *o, const char *key); /* clean; "": none */

/* summary_stacks.c. list: of threads, th: p's own. 0 or -ENOMEM. */
int summary__put_pools(struct arena *a, const json_t *list, struct snap_proc *p,
		       struct snap_thread *th);
/* list: NULL or anything else: no stacks are known. The threads and pools are there. */
int summary__put_stacks(struct arena *a, const json_t *list, struct snap_proc *p);

#endif
