/* SPDX-License-Identifier: BSD-2-Clause */
/* shared.h - interpreters' files that are probed for all processes that run them (part of the collector)
 *
 * A probe of one process is asked at each hit of any process at that place: with a hundred of them each hit pays for a
 * hundred. So beyond a few processes a file's waits are probed once, for all; what sees each acquisition stays with single
 * processes, and those are few. Processes that start later have nothing to wait for (bpf/adopt.bpf.h). What ends before its
 * books could be opened is counted by what is known of its program's file.
 */
#ifndef GILTOP_SOURCE_SHARED_H
#define GILTOP_SOURCE_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/giltop.h"

struct collector;
struct gil_sites;
struct probe_attachment;
struct py_layout;
struct py_runtime;
struct target;
struct tracked;

/* Processes of a file that may have probes of ACQUIRE and RELEASE of their own at once: the kernel asks all of them at
 * each hit of one.
 */
#define SHARED_EXACT_MAX 8

/* A program by its file, with the device's number as the kernel has it. */
struct exe_id {
	uint64_t ino;
	uint32_t dev;
};

/* An interpreter's file. */
struct shared_file {
	uint32_t no;	   /* as the kernel knows it */
	uint64_t dev, ino; /* which it is */
	const struct gil_sites *sites;
	const struct py_runtime *py;
	char runtime[512];
	struct probe_attachment *att; /* NULL: its probes are not shared */
	bool exact;		      /* acquisitions and releases, too */
	uint64_t since_ns;	      /* its probes have been in place */
	uint64_t used_ns;	      /* a process of it was seen last */
};

/* Of the collector. Zero-initialise; shared__deinit. */
struct shared {
	size_t cnt;				 /* places that are, or have been, in use */
	struct shared_file *files[GT_FILES - 1]; /* NULL: free */
	/* Programs that are known to run one of them, .. */
	size_t exe_cnt, exe_cap;
	struct shared_exe {
		struct exe_id id;
		struct shared_file *file;
	} * exes;
	/* .. and those of which it is not known what they are, with how many have ended. */
	size_t unseen_cnt, unseen_cap;
	struct shared_unseen {
		struct exe_id id;
		uint64_t cnt;
	} * unseen;
	uint64_t missed_cnt, quiet_cnt; /* COUNTER_MISSED, COUNTER_QUIET */
};

/* The file of a process, shared if that is how processes are measured; layout: of this one. NULL: it has probes of its
 * own.
 */
struct shared_file *shared__of(struct collector *c, const struct target *t,
			       const struct py_layout *layout);
/* By the kernel's number; NULL. */
struct shared_file *shared__by_no(struct collector *c, uint32_t no);
/* Its program runs that interpreter; f may be NULL, then what has ended of it was missed. */
void shared__know_exe(struct collector *c, struct exe_id exe, struct shared_file *f);
/* May one more of its processes be measured exactly? */
bool shared__has_room(const struct collector *c, const struct shared_file *f);
/* Let go of files that no process runs any more: their probes keep them, on disk, too. */
void shared__let_go_idle(struct collector *c);
/* A note of a process that has ended without books. */
void shared__unseen(struct collector *c, const struct gt_note *n);
/* All probes are taken away. */
void shared__deinit(struct collector *c);

#endif
