/* SPDX-License-Identifier: BSD-2-Clause */
/* tui_opts.h - what the session tells the live view, and what a key asks of the session */
#ifndef GILTOP_TUI_OPTS_H
#define GILTOP_TUI_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/tui_settings.h"

enum tui_action {
	TUI_NONE,
	TUI_QUIT,
	TUI_RESET,	      /* start the books anew */
	TUI_INTERVAL_CHANGED, /* tui__interval_ns() says to what */
	TUI_PAUSE_CHANGED,    /* tui__is_paused(): while it is, do not call tui__update */
	TUI_TOTALS_CHANGED,   /* tui__wants_totals() */
	TUI_SUSPEND,	      /* ^Z */
	TUI_PICK_PID,	      /* the user wants to choose another process */
	TUI_WRITE,	      /* write the screen to a file: tui__text */
	TUI_MY_CODE,	      /* tui__my_code() says whether time goes to the user's own code */
	TUI_SETTINGS,	      /* the user has changed what is kept: tui__settings */
	TUI_HANDLED,	      /* a key that concerns only the view */
	/* Done by the tui itself, never seen by the session: */
	TUI_REDRAW, /* the terminal shows garbage: draw all of it again */
	TUI_PICKED, /* a process was chosen (tui__pick) */
};

/* What is told of (the screen of events); 0: nothing of that kind. */
struct tui_triggers {
	uint64_t on_wait_ns, on_hold_ns;
	double on_delay_pct;
};

struct tui_opts {
	struct tui_triggers triggers;
	bool ascii;		      /* no Unicode even if the locale has it */
	bool plain;		      /* no colours; NO_COLOR is the caller's to read */
	struct tui_settings settings; /* to start with */
	struct tui_settings saved;    /* as they are kept: without what the command line says */
	uint64_t interval_ns;
	const char *sort;      /* name of a thread column, or NULL: as the settings say */
	const uint32_t *tids;  /* only these threads, if tid_cnt; must live as long as the tui */
	size_t tid_cnt, limit; /* limit: only the first so many threads; 0: all */
};

/* A process to choose. Strings need only live during the call. */
struct tui_pick {
	uint32_t pid;
	const char *version; /* "3.11", or "" */
	const char *comm;
	const char *cmdline;
};

#endif
