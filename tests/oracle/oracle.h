/* SPDX-License-Identifier: BSD-2-Clause */
/* oracle.h - layout of the shared file between the traced process and the judge
 *
 * The harness makes the file (any size, sparse; the size is the capacity), fills magic, version, sizes
 * and chunk_cnt, and names it in the environment variable GILTOP_ORACLE of the process. The process
 * maps it shared and appends events while `enabled` is 1. The harness flips `enabled` only while every
 * thread of the process is blocked off the GIL, so no event is under way then, and reads the file
 * whenever it likes: no cooperation is needed. All integers are in the machine's own byte order.
 *
 *   offset 0          struct oracle_header, padded to ORACLE_HEADER_SZ
 *   ORACLE_HEADER_SZ  chunk 0, chunk 1, .. of ORACLE_CHUNK_SZ bytes each, handed out in order
 *
 * If GILTOP_ORACLE names a folder, each process, program and forked child makes a file of its own there: PID.0, PID.1 if
 * PID calls exec, .. So a supervisor and its workers can be judged.
 *
 * A chunk belongs to one thread; a thread takes a new one when its last is full. So the events of a
 * thread, in order of time, are the events of its chunks in order of their index.
 * oracle_log.py is the reader (class OracleFile).
 */
#ifndef GILTOP_ORACLE_H
#define GILTOP_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#define ORACLE_ENV "GILTOP_ORACLE"
/* With a folder in ORACLE_ENV: events are recorded from the start of each process on. */
#define ORACLE_ON_ENV "GILTOP_ORACLE_ON"
/* Set for -fno-plt builds, where the calls themselves are slow to probe: a signal is noted when it has returned
 * (gil->mutex is still held), as giltop does there. Waits are probed all the same: see the judge.
 */
#define ORACLE_LATE_ENV	    "GILTOP_ORACLE_LATE"
#define ORACLE_MAGIC	    "GTORACLE"
#define ORACLE_VERSION	    3
#define ORACLE_HEADER_SZ    4096
#define ORACLE_CHUNK_SZ	    4096
#define ORACLE_CHUNK_EVENTS ((ORACLE_CHUNK_SZ - 16) / 16)
#define ORACLE_GILS_MAX	    32

struct oracle_header {
	char magic[8];
	uint32_t version;
	uint32_t pid;	     /* 0: free; the first process that claims the file writes its pid */
	uint32_t enabled;    /* harness: 1 = events are recorded */
	uint32_t chunk_cnt;  /* harness: how many chunks the file has room for */
	uint32_t next_chunk; /* chunks handed out so far */
	uint32_t gil_cnt;    /* GILs seen so far */
	uint64_t lost;	     /* events that found no room: the judge must refuse the file */
	uint64_t foreign;    /* condition variable calls of the interpreter that fit no GIL */
	uint64_t on_ns;	     /* harness: CLOCK_MONOTONIC when enabled went to 1 .. */
	uint64_t off_ns;     /* .. and back to 0 */
	uint64_t late;	     /* ORACLE_LATE_ENV was set */
	uint64_t gil_cond[ORACLE_GILS_MAX]; /* address of gil->cond, by GIL number */
};

enum oracle_kind {
	ORACLE_WAIT = 1,  /* about to block in take_gil; again once per switch interval */
	ORACLE_ACQUIRE,	  /* the GIL is this thread's now */
	ORACLE_RELEASE,	  /* .. and now it is not */
	ORACLE_YIELD,	  /* about to block in drop_gil until somebody else has taken it */
	ORACLE_YIELD_END, /* that wait returned */
	ORACLE_AFTER,	  /* a wait is over: ORACLE_ACQUIRE follows, unless the thread is ended */
};

/* One event. The clock is read on both sides of the place where a probe may be: when the lock call before
 * each of these calls has returned, and at the call (for YIELD_END and late signals: when the call has returned,
 * and at the unlock call after it; for AFTER: at the lock call after it). `word` has the later one, spread_ns is the time between the two.
 */
struct oracle_event {
	uint64_t
		word; /* CLOCK_MONOTONIC ns << 8 | GIL number << 3 | enum oracle_kind; 56 bits: 2 years */
	uint64_t spread_ns;
};

#define ORACLE_WORD(ns, gil, kind) ((uint64_t)(ns) << 8 | (uint64_t)(gil) << 3 | (uint64_t)(kind))

struct oracle_chunk {
	uint32_t tid;
	uint32_t event_cnt; /* written after the event */
	uint64_t pad;
	struct oracle_event event[ORACLE_CHUNK_EVENTS];
};

_Static_assert(sizeof(struct oracle_header) <= ORACLE_HEADER_SZ, "file format");
_Static_assert(sizeof(struct oracle_chunk) == ORACLE_CHUNK_SZ, "file format");

/* oracle_file.c; NULL: there is none for this process, and it goes on without. */
bool oracle_file__is_folder(const char *path);
struct oracle_header *oracle_file__claim(const char *path, bool late);
struct oracle_header *oracle_file__make(const char *folder, bool late);

#endif
