/* SPDX-License-Identifier: BSD-2-Clause */
/* singles.h - the ring of events one by one, of which a part may be taken: tens of thousands come a second */
#ifndef GILTOP_PROBE_SINGLES_H
#define GILTOP_PROBE_SINGLES_H

#include <stddef.h>

#include "bpf/giltop.h"

struct singles;

/* Of the ring buffer behind fd. NULL + errno. */
struct singles *singles__open(int fd);
void singles__close(struct singles *s);
/* Take the oldest ones out, max at most. Returns how many. */
size_t singles__take(struct singles *s, struct gt_single *ret, size_t max);

#endif
