/* SPDX-License-Identifier: BSD-2-Clause */
/* ui.h - the live view without a terminal: what is shown, what a key changes, how it is drawn
 *
 * Pure: no clock, no I/O, no ncurses. Data come with ui__update, keys with ui__key, and ui__draw
 * makes a frame of any size from the state; so whole sessions run in the tests.
 * The one thing that is worked out beforehand is the order of the rows: on new data and on keys.
 *
 * Here is what all screens have in common. What only one of them knows is in its own file, behind a
 * struct screen_ops.
 */
#ifndef GILTOP_TUI_UI_H
#define GILTOP_TUI_UI_H

#include "tui/canvas.h"
#include "tui/keymap.h"
#include "tui/past.h"
#include "tui/player.h"
#include "tui/tui_opts.h"
#include "user/picture/snapshot.h"
#include "user/picture/timeline.h"
#include "user/picture/trigger_list.h"

/* All screens. To add one: write its file, with its ops at the end, and a row here. The tabs come
 * first, in the order of their number keys; the others are opened from a screen (ui__open).
 */
#define UI_SCREENS(TAB, OTHER)                                                                     \
	TAB(UI_THREADS, screen_threads)                                                            \
	TAB(UI_TIMELINE, screen_timeline)                                                          \
	TAB(UI_BLAME, screen_blame)                                                                \
	TAB(UI_MATRIX, screen_matrix)                                                              \
	TAB(UI_LATENCY, screen_latency)                                                            \
	TAB(UI_PROCS, screen_procs)                                                                \
	TAB(UI_EVENTS, screen_events)                                                              \
	OTHER(UI_EVENT, screen_event)                                                              \
	OTHER(UI_DETAIL, screen_detail)                                                            \
	OTHER(UI_TREE, screen_tree)                                                                \
	OTHER(UI_PICK, screen_pick)

#define UI_ID(id, ops)	id,
#define UI_ONE(id, ops) +1
#define UI_NIL(id, ops)
enum ui_screen {
	UI_SCREENS(UI_ID, UI_ID) UI_SCREEN_CNT,
	UI_TAB_CNT = UI_SCREENS(UI_ONE, UI_NIL),
};

enum ui_overlay { UI_OVER_NONE, UI_OVER_HELP, UI_OVER_SORT, UI_OVER_SETUP };
enum ui_prompt { UI_PROMPT_NONE, UI_PROMPT_SEARCH, UI_PROMPT_FILTER, UI_PROMPT_TIME };

#define UI_TEXT_SZ 64

struct screen {
	const struct screen_ops *ops;
	void *state; /* its own: ops->state_sz bytes */
	size_t sel;  /* selected row; on screens without one, the first line shown */
	size_t cnt;  /* rows to select, or lines that one can scroll; set by refresh */
	bool spans;  /* it shows a timeline; set by refresh */
};

/* Whom the header is about: it stays, so that what one reads is about one process for a while. */
struct ui_head {
	uint32_t pid;	    /* 0: none yet */
	unsigned int lower; /* refreshes in a row that another one was clearly busier */
	bool was_used;	    /* it has used its GIL since it was chosen */
};

/* A pool that the user has folded or unfolded. */
struct ui_fold {
	uint64_t pool; /* hash of process and name; 0: none */
	int how;       /* enum group */
};
#define UI_FOLDS 32 /* the last ones */

struct ui_state {
	int h, w;
	bool unicode;

	/* data; not owned */
	const struct snapshot *interval, *total;
	const struct timeline *timeline;
	const struct trigger_list *events; /* NULL: none are kept */
	struct tui_triggers triggers;
	const uint32_t *tids; /* -t: only these threads; tid_cnt 0: all */
	size_t tid_cnt, limit;

	struct screen screens[UI_SCREEN_CNT];
	enum ui_screen screen, tab; /* tab: shown, or where Esc leads from what it opened */
	bool cumulative, paused; /* paused: ui__set_paused */
	struct player player;	 /* if it is a recording */
	uint64_t interval_ns;
	uint32_t focus_pid;	     /* only this process; 0: all */
	struct ui_head head;	     /* without a focus: the process of the header */
	int gil;		     /* id of the GIL in the header; -1: the busiest */
	struct past past;	     /* of that GIL */
	uint64_t zoom_ns, scroll_ns; /* the time that timelines show, and how far back from now */

	/* threads: their order, and the one that the user chose: the selection follows it */
	int sort_col;
	bool sort_desc, by_proc;
	int group; /* of a pool's threads: enum group (view.h) */
	struct ui_fold folds[UI_FOLDS];
	size_t fold_next;
	bool my_code; /* time goes to the nearest frame outside libraries */
	uint32_t sel_pid;
	uint64_t sel_id; /* its tid; of a pool's row a hash of its name, see thread_list.c */
	bool sel_set;

	/* What can be kept: of these, sort, group and my_code are above while it runs (setup.c). */
	struct tui_settings set;
	struct tui_settings saved, opened; /* as kept, and as it was when the setup was opened */

	enum ui_overlay overlay;
	size_t help_top, setup_sel;
	int sort_menu; /* the selected column */
	enum ui_prompt prompt;
	char search[UI_TEXT_SZ], filter[UI_TEXT_SZ], time[UI_TEXT_SZ];
	char searched[UI_TEXT_SZ]; /* the search before */
	bool search_failed;
	char message[256];
};

/* 0 or -ENOMEM (then ui__deinit is due all the same). */
int ui__init(struct ui_state *ui, const struct tui_opts *opts, bool unicode);
void ui__deinit(struct ui_state *ui);
void ui__resize(struct ui_state *ui, int h, int w);
/* Another total in the place of that of the last ui__update. */
void ui__set_total(struct ui_state *ui, const struct snapshot *total);
void ui__update(struct ui_state *ui, const struct snapshot *interval, const struct snapshot *total,
		const struct timeline *timeline);
/* An interval that is not shown itself, before the next ui__update: of it the past is kept. */
void ui__pass(struct ui_state *ui, const struct snapshot *interval);
/* The past is another one: what comes is of an earlier time. */
void ui__forget(struct ui_state *ui);
/* The player has done what it wanted. */
void ui__moved(struct ui_state *ui, uint64_t from_ns, uint64_t at_ns, bool at_end);
/* What the user wanted to be told of: it may have changed. */
void ui__set_events(struct ui_state *ui, const struct trigger_list *events);
enum tui_action ui__key(struct ui_state *ui, int key);
enum ui_mouse { UI_MOUSE_CLICK, UI_MOUSE_DOUBLE, UI_MOUSE_WHEEL_UP, UI_MOUSE_WHEEL_DOWN };
/* The mouse did this on a cell with this hit (canvas.h). */
enum tui_action ui__mouse(struct ui_state *ui, enum ui_mouse what, uint32_t hit);
/* Draws into all of the canvas; its size need not be that of ui__resize. */
void ui__draw(const struct ui_state *ui, struct canvas *c);
bool ui__wants_spans(const struct ui_state *ui);
/* The name of a screen with a number key; NULL: there are no more. */
const char *ui__tab_name(size_t i);

/* ---- for the screens ---- */

/* What another screen is opened on; it copies what it keeps. */
struct ui_subject {
	uint32_t pid, tid;
	const char *pool;		/* a pool's row of this name, not a thread; or NULL */
	const struct snap_frame *frame; /* NULL: all functions */
	uint64_t event;			/* its number */
	const struct tui_pick *picks;	/* these must live as long as the screen */
	size_t pick_cnt;
};

/* All but keys and draw may be missing. */
struct screen_ops {
	const char *name, *short_name, *help; /* of a tab: in the footer and in the help */
	/* It stands alone: these instead of header and footer, and Esc quits. */
	const char *question;
	unsigned int keys; /* groups of keys (keymap.h) */
	size_t state_sz;   /* zeroed at first */
	void (*deinit)(struct screen *s);
	void (*open)(struct screen *s, const struct ui_subject *what);
	/* Work out the rows: after open, new data, another size and keys, while it is shown.
	 * Pointers into a snapshot are good until the next one.
	 */
	void (*refresh)(struct ui_state *ui, struct screen *s);
	void (*draw)(const struct ui_state *ui, const struct screen *s, struct canvas *c,
		     struct rect body);
	/* TUI_NONE: this key is not its own. */
	enum tui_action (*key)(struct ui_state *ui, struct screen *s, enum key_action action);
	/* Enter, while a row is selected. */
	enum tui_action (*enter)(struct ui_state *ui, struct screen *s);
	/* Text of a row, for search. */
	void (*text)(const struct ui_state *ui, const struct screen *s, size_t row, char *buf,
		     size_t sz);
	/* The user moved the selection; found: by a search. */
	void (*chose)(struct ui_state *ui, const struct screen *s, bool found);
};

#define UI_DECLARE(id, ops) extern const struct screen_ops ops;
UI_SCREENS(UI_DECLARE, UI_DECLARE)

/* What is shown: one interval, or the total. NULL before the first data. */
const struct snapshot *ui__snap(const struct ui_state *ui);
/* The process of the header: the one in focus; else the busiest one when it was chosen, until it has ended or another is
 * clearly busier for some refreshes; or NULL.
 */
const struct snap_proc *ui__proc(const struct ui_state *ui);
/* The GIL of the header, or NULL. */
const struct snap_gil *ui__gil(const struct ui_state *ui, const struct snap_proc *p);
const struct snap_proc *ui__find_proc(const struct snapshot *s, uint32_t pid);
/* Processes of s (NULL: none) that are shown: the one in focus, or all. */
struct shown_procs {
	const struct snap_proc *procs;
	size_t cnt;
};
struct shown_procs ui__shown_procs(const struct ui_state *ui, const struct snapshot *s);
/* Is text empty, or in s somewhere, without regard to case? */
bool ui__matches(const char *text, const char *s);
/* The keys that the screen has now. */
unsigned int ui__keys(const struct ui_state *ui);
void ui__set_paused(struct ui_state *ui, bool paused);
/* Show only this process; 0: all. */
void ui__focus(struct ui_state *ui, uint32_t pid);
/* Sort threads by this column, if it has an order. */
void ui__sort_by(struct ui_state *ui, int col);
/* As many steps on in a table of times that grow; false: there are no more. */
bool ui__step(const unsigned int *ms, int cnt, int step, uint64_t *ns);
/* Show a screen as it was left. */
void ui__goto(struct ui_state *ui, enum ui_screen screen);
/* Show it from its first row, about this. */
void ui__open(struct ui_state *ui, enum ui_screen screen, const struct ui_subject *what);
/* Select the next row, from start on, that has what is searched for. */
void ui__search(struct ui_state *ui, size_t start);
/* Work out the rows of the screen that is shown anew. */
void ui__refresh(struct ui_state *ui);

#endif
