/* SPDX-License-Identifier: BSD-2-Clause */
/* playback.h - a recording's records into a model, to where the player wants to be (tui/player.h)
 *
 * After playback__open and playback__go the model is as it was when that interval had ended, and the picture can be made;
 * then the mark is to be sent to the sinks (session__mark). Forward the records go on; back, and far ahead, all begins anew
 * with a fresh model.
 */
#ifndef GILTOP_APP_PLAYBACK_H
#define GILTOP_APP_PLAYBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/player.h"
#include "user/books/sink.h"

struct model;
struct recording;
struct snapshot;

/* What is of no interest may be NULL. */
struct playback_user {
	void *ctx;
	/* All begins anew; spans come that ended after known_from_ns. */
	void (*fresh)(void *ctx, uint64_t known_from_ns);
	/* An interval has ended that will not be shown. */
	void (*pass)(void *ctx, const struct snapshot *interval);
	/* A record on the way on: not when all is played anew. */
	void (*see)(void *ctx, const struct record *r);
};

/* Zero-initialise. */
struct playback {
	struct sink sink; /* first; before the model among the sinks */
	struct recording *r;
	struct sinks *sinks;
	struct model *model;
	const struct playback_user *user;
	size_t at;	    /* the interval where it is: its place among all of the file */
	bool at_end;	    /* nothing comes after this */
	bool lost;	    /* whoever shows it has not seen what was before: go there anew */
	bool anew;	    /* all is played from the start */
	uint64_t pass_ns;   /* then intervals that ended before this are not told of */
	uint64_t span_ns;   /* of the time before a moment that is gone to, spans are wanted */
	bool shown_next;    /* the mark that comes is of an interval that is shown */
	unsigned int level; /* enum self_level, at this moment */
};

/* At its first interval. 0; -ENODATA: there is none; -errno. The recording is not the playback's. */
int playback__open(struct playback *b, struct recording *r, struct sinks *sinks,
		   const struct playback_user *user);
void playback__close(struct playback *b);
/* 0; 1: it has not moved, as it is there already; -errno: it has not, or not so far. */
int playback__go(struct playback *b, const struct player_step *step);
/* For the player: see player_file. */
void playback__describe(const struct playback *b, struct player_file *ret);
/* When it is to be shown that this was told of: within the interval that it is about. */
uint64_t playback__trigger_ns(const struct recording *r, size_t i);

#endif
