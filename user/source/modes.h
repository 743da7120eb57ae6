/* SPDX-License-Identifier: BSD-2-Clause */
/* modes.h - how a process is measured, exact or light, and when that changes (part of the collector)
 *
 * Exact books take two hits of a probe for each time that the GIL is taken. What that costs is known when it has been
 * watched for a moment; mode_choice.h says whether it is too much, this carries it out: at a cut of the books, which are
 * read for it, and then the probes go; or they come, and the books are exact from then on.
 */
#ifndef GILTOP_SOURCE_MODES_H
#define GILTOP_SOURCE_MODES_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/giltop.h"
#include "user/source/mode_choice.h"

struct collector;
struct py_layout;
struct tracked;
struct totals;

/* Of one process. */
struct modes {
	struct gt_modes told; /* what its events go by */
	struct mode_choice choice;
	bool is_auto, is_light;
	bool wanted_light; /* at the next cut */
	bool tids_known;   /* whose a PyThreadState is can be told, .. */
	bool inner_tids;   /* .. by ids of its own pid namespace */
	uint64_t event_ns; /* its last one, at the last reading */
	/* Of all its waits, at the last reading; and while they are added up. */
	uint64_t wait_ns, added_ns;
	/* What was new of them, the last readings most: who waits much is worth exact books first. */
	uint64_t waited_ns;
	uint64_t hits;	  /* of ACQUIRE and RELEASE, at the last look */
	uint64_t next_ns; /* the next look is due; 0: none */
};

/* Find out how to tell whose a PyThreadState is: before the books start, into the layout for them; */
void modes__find_tids(struct tracked *t, struct collector *c, struct py_layout *layout);
/* .. later, if its interpreter was not up then. At each refresh. */
void modes__find_tids_late(struct tracked *t, struct collector *c);
/* A thread of it has been seen for the first time. */
void modes__know_thread(const struct tracked *t, struct collector *c, uint32_t tid);
/* The books of a process have started: say how it is measured, and watch it. 0 or -errno. */
int modes__start(struct tracked *t, struct collector *c);
/* Are there probes of its ACQUIRE and RELEASE that are its own, and may go? */
bool modes__has_own_exact(const struct tracked *t);
/* The timer has fired. Returns true if books are to become light: a reading is due. */
bool modes__on_timer(struct collector *c);
/* Set the timer by what is due: processes have come or gone. */
void modes__arm(struct collector *c);
/* Before a reading and after it, at its moment: books that are to become light do so. */
void modes__before_read(struct collector *c);
void modes__after_read(struct collector *c);
/* Let go of steps that no record of this process has yet to take: there is room for GT_MODE_STEPS. */
void modes__prune(struct gt_modes *m, const struct totals *all, uint32_t tgid);

#endif
