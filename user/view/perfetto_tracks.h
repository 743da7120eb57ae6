/* SPDX-License-Identifier: BSD-2-Clause */
/* perfetto_tracks.h - the tracks of a Perfetto trace: made when they are first needed, called by their last names at the end */
#ifndef GILTOP_VIEW_PERFETTO_TRACKS_H
#define GILTOP_VIEW_PERFETTO_TRACKS_H

#include <stdint.h>

#include "bpf/giltop.h"
#include "user/base/hmap.h"

struct perfetto_out;
struct state_gil;
struct state_proc;
struct state_thread;
struct states;

/* Zero-initialise. */
struct perfetto_tracks {
	uint64_t base; /* the first uuid */
	size_t cnt;
	struct hmap uuids; /* (what, of whom) -> uuid */
	struct hmap names; /* (thread) -> what it was called when its track was made */
};

/* Their numbers differ from those of other traces, which may be in the same file: seed. */
void perfetto_tracks__begin(struct perfetto_tracks *t, uint64_t seed);
/* The uuid of the track; made, with those above it, if it is not there. 0 or -errno. */
int perfetto_tracks__proc(struct perfetto_tracks *t, struct perfetto_out *o,
			  const struct state_proc *p, uint64_t *ret);
int perfetto_tracks__thread(struct perfetto_tracks *t, struct perfetto_out *o,
			    const struct state_thread *th, uint64_t *ret);
int perfetto_tracks__gil(struct perfetto_tracks *t, struct perfetto_out *o,
			 const struct state_thread *th, const struct state_gil *g, uint64_t *ret);
int perfetto_tracks__short(struct perfetto_tracks *t, struct perfetto_out *o,
			   const struct state_thread *th, const struct state_gil *g,
			   enum gt_state kind, uint64_t *ret);
int perfetto_tracks__waiters(struct perfetto_tracks *t, struct perfetto_out *o,
			     const struct state_gil *g, uint64_t *ret);
/* Tell of the threads that are called otherwise by now. */
int perfetto_tracks__rename(struct perfetto_tracks *t, struct perfetto_out *o,
			    const struct states *s);
void perfetto_tracks__free(struct perfetto_tracks *t);

#endif
