/* SPDX-License-Identifier: BSD-2-Clause */
/* player.h - a recording on the screen: where it is, how fast it plays, where the user wants it to be
 *
 * Pure: the time that passes is given. The user's keys say what is wanted (player__command, player__seek), the session does
 * it:
 *	player__open(p, &file);			the first picture is on the screen
 *	step = player__next(p, now_ns());	what is due; PLAYER_STAY: nothing
 *	player__moved(p, from, at, end);	that was done, and is on the screen
 *	wait at most player__wait_ms(p, now_ns())
 * A picture is that of an interval, which ends at a mark of the recording: the position is such an end.
 */
#ifndef GILTOP_TUI_PLAYER_H
#define GILTOP_TUI_PLAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As fast as it can: the last one. */
#define PLAYER_SPEED_MAX 9

enum player_command {
	PLAYER_TOGGLE, /* play, pause; at the end: from the start again */
	PLAYER_PAUSE,
	PLAYER_STEP_BACK, /* an interval, paused */
	PLAYER_STEP_ON,
	PLAYER_JUMP_BACK, /* a tenth of the recording */
	PLAYER_JUMP_ON,
	PLAYER_TO_START,
	PLAYER_TO_END,
	PLAYER_TRIGGER_PREV, /* to the interval with it, paused */
	PLAYER_TRIGGER_NEXT,
	PLAYER_FASTER,
	PLAYER_SLOWER,
};

enum player_go {
	PLAYER_STAY,
	PLAYER_FORWARD, /* cnt intervals, or as many of them as there are and as it can in a tenth of a second */
	PLAYER_AT,    /* to the last picture that is not after to_ns */
	PLAYER_COVER, /* to the first one that is not before it */
};

struct player_step {
	enum player_go go;
	uint64_t cnt, to_ns;
};

/* What is known of the recording. Times are those of the recording's own clock. */
struct player_file {
	uint64_t first_ns, end_ns; /* the first picture, and its end */
	uint64_t start_ns;	   /* what the user's times count from */
	uint64_t interval_ns;	   /* about, from mark to mark */
	uint64_t mono_ns,
		real_ns; /* both clocks at one moment; real_ns 0: time of day is not known */
	const uint64_t
		*trigger_ns; /* when something was seen, by time; must live as long as the player */
	size_t trigger_cnt;
};

struct player {
	bool on; /* this is a recording; else nothing here has a meaning */
	struct player_file file;
	uint64_t from_ns, at_ns; /* the interval on the screen; at_ns is the position */
	bool paused, at_end;
	int speed; /* up to PLAYER_SPEED_MAX */
	struct player_step wanted;
	/* It has played since wall_ns, from pos_ns on, at that speed; speed -1: it begins with the next look at the
	 * clock.
	 */
	struct {
		uint64_t wall_ns, pos_ns;
		int speed;
	} since;
};

/* At its first picture, from_ns to file->first_ns, playing. */
void player__open(struct player *p, const struct player_file *file, uint64_t from_ns);
/* What the user must be told of it, NULL: nothing. */
const char *player__command(struct player *p, enum player_command what);
/* Where text says: "90s" "1:30" after the start, "14:03:07" a time of day, "50%", "+10s" "-1m" from here. A whole second is all
 * of it, as the clock on the screen shows it. 0, -EINVAL: that is no time, or -ERANGE: the recording has no such moment.
 */
int player__time(const struct player *p, const char *text, uint64_t *ret_ns);
/* Where the file begins: its first interval. (What times count from may be long before that.) */
uint64_t player__begin_ns(const struct player *p);
/* The same as player__time of a moment that is known; base_ns: what it was counted from. */
uint64_t player__second(const struct player *p, uint64_t ns, uint64_t base_ns);
/* Go to the picture of this moment. */
void player__seek(struct player *p, uint64_t to_ns);
struct player_step player__next(struct player *p, uint64_t wall_ns);
void player__moved(struct player *p, uint64_t from_ns, uint64_t at_ns, bool at_end);
/* Until something is due: -1: nothing is. */
int player__wait_ms(const struct player *p, uint64_t wall_ns);

/* "1x", "1/4x", "max" */
const char *player__speed_name(const struct player *p);
/* "14:03:07" of the position, "" if it is not known. */
const char *player__day_time(const struct player *p, uint64_t ns, char buf[16]);

#endif
