/* SPDX-License-Identifier: BSD-2-Clause */
/* ui.h - the live view without a terminal: what is shown, what a key changes, how it is drawn
 *
 * Pure: no clock, no I/O, no ncurses. Data come with ui__update, keys with ui__key, and ui__draw
 * makes a frame of any size from the state; so whole sessions run in the tests.
 * The one thing that is worked out beforehand is the order of the rows: on new data and on keys.
 */
#ifndef GILTOP_TUI_UI_H
#define GILTOP_TUI_UI_H

#include "tui/canvas.h"
#include "tui/keymap.h"
#include "tui/stack_sum.h"
#include "tui/tui.h"
#include "user/picture/snapshot.h"
#include "user/picture/timeline.h"
#include "user/view/columns.h"

enum ui_screen {
	UI_THREADS,
	UI_TIMELINE,
	UI_BLAME,
	UI_MATRIX,
	UI_LATENCY,
	UI_PROCS,
	UI_TAB_CNT,
	UI_DETAIL = UI_TAB_CNT, /* one thread */
	UI_TREE,		/* the call tree of one function */
	UI_PICK,		/* choose a process */
	UI_SCREEN_CNT,
};

enum ui_overlay { UI_OVER_NONE, UI_OVER_HELP, UI_OVER_SORT };
enum ui_prompt { UI_PROMPT_NONE, UI_PROMPT_SEARCH, UI_PROMPT_FILTER };

#define UI_TEXT_SZ 64
#define UI_PAST	   256
#define UI_OCTAVES (GT_HIST_OCTAVES + 2) /* below, the octaves, above */

/* One interval of the past, of the GIL in the header. */
struct ui_past {
	float held;    /* 0..1, < 0: not known */
	float waiting; /* mean number of waiters */
	uint32_t waits[UI_OCTAVES];
};

struct ui_state {
	int h, w;
	bool unicode;

	/* data; not owned */
	const struct snapshot *interval, *total;
	const struct timeline *timeline;
	const struct tui_pick *picks;
	size_t pick_cnt;
	const uint32_t *tids; /* -t: only these threads; tid_cnt 0: all */
	size_t tid_cnt, limit;

	enum ui_screen screen, back; /* back: where Esc leads from a drill-down */
	enum ui_overlay overlay;
	bool cumulative, paused, grouped, pane;
	uint64_t interval_ns;
	uint32_t focus_pid; /* only this process; 0: all */
	int gil;	    /* id of the GIL in the header; -1: the busiest */

	/* threads: a selection once made follows its thread */
	int sort_col, sort_menu;
	bool sort_desc;
	struct column_row *rows;
	size_t row_cnt, row_cap;
	uint32_t sel_pid, sel_tid;
	bool sel_set;
	size_t sel[UI_SCREEN_CNT]; /* selected row; on screens without one, the first line shown */

	/* timeline */
	int zoom;	    /* index into the table of spans of time */
	uint64_t scroll_ns; /* so far back from now */

	/* matrix */
	int mat_row, mat_col;

	/* blame */
	enum stack_view view;
	enum snap_stack_kind kind;
	struct stack_table stacks;
	struct stack_tree tree;
	struct snap_frame tree_frame; /* strings are copies in tree_text */
	char tree_text[2][256];

	uint32_t detail_pid, detail_tid;

	enum ui_prompt prompt;
	char search[UI_TEXT_SZ], filter[UI_TEXT_SZ];
	bool search_failed;
	char message[256];
	size_t help_top;

	struct ui_past past[UI_PAST];
	size_t past_cnt, past_next;
};

/* 0 or -ENOMEM. */
int ui__init(struct ui_state *ui, const struct tui_opts *opts, bool unicode);
void ui__deinit(struct ui_state *ui);
void ui__resize(struct ui_state *ui, int h, int w);
void ui__update(struct ui_state *ui, const struct snapshot *interval, const struct snapshot *total,
		const struct timeline *timeline);
enum tui_action ui__key(struct ui_state *ui, int key);
/* Draws into all of the canvas; its size need not be that of ui__resize. */
void ui__draw(const struct ui_state *ui, struct canvas *c);
bool ui__wants_spans(const struct ui_state *ui);
void ui__message(struct ui_state *ui, const char *text);

/* ---- for the screens ---- */

/* What is shown: one interval, or the total. NULL before the first data. */
const struct snapshot *ui__snap(const struct ui_state *ui);
/* The past, i intervals ago; i < past_cnt. */
const struct ui_past *ui__past(const struct ui_state *ui, size_t i);
/* The process of the header: the one in focus, or else the one with the busiest GIL; or NULL. */
const struct snap_proc *ui__proc(const struct ui_state *ui);
/* The GIL of the header, or NULL. */
const struct snap_gil *ui__gil(const struct ui_state *ui, const struct snap_proc *p);
const struct snap_proc *ui__find_proc(const struct snapshot *s, uint32_t pid);
/* Is text empty, or in s somewhere, without regard to case? */
bool ui__matches(const char *text, const char *s);
/* The thread of the drill-down in s, or NULL; *ret_proc: its process or NULL. */
const struct snap_thread *ui__detail_thread(const struct ui_state *ui, const struct snapshot *s,
					    const struct snap_proc **ret_proc);
/* Threads and waits of a GIL (NULL: all) of p, added up. hold: of holds. */
void ui__sum_hist(const struct snap_proc *p, const struct snap_gil *g, bool hold,
		  struct gt_hist *ret);
/* Processes that are shown: the one in focus, or all. */
void ui__shown_procs(const struct ui_state *ui, const struct snap_proc **ret, size_t *ret_cnt);
/* The time that the timeline shows. */
uint64_t ui__zoom_ns(const struct ui_state *ui);
/* Mark the selected row as one that the user chose: it follows its thread from now on. */
void ui__pin(struct ui_state *ui);
void ui__goto(struct ui_state *ui, enum ui_screen screen);
/* The search that is being typed has found nothing yet, and the data are new. */
void ui__search_again(struct ui_state *ui);
/* The octave of a histogram bucket: index into ui_past.waits. */
size_t ui__octave(unsigned int bucket);
/* Work out the rows anew. */
void ui__refresh(struct ui_state *ui);
/* The rows that one can move among on this screen. */
size_t ui__row_cnt(const struct ui_state *ui);

struct screen_ops {
	const char *name, *short_name; /* in the footer */
	void (*draw)(const struct ui_state *ui, struct canvas *c, struct rect body);
	/* NULL: nothing of its own. True if it did something. */
	bool (*key)(struct ui_state *ui, enum key_action action);
	/* How many can be selected, or how far it scrolls; NULL: neither. */
	size_t (*rows)(const struct ui_state *ui);
	/* Text of a row, for search. */
	void (*text)(const struct ui_state *ui, size_t row, char *buf, size_t sz);
};

extern const struct screen_ops *const ui_screens[UI_SCREEN_CNT];
extern const struct screen_ops screen_threads, screen_timeline, screen_blame, screen_matrix,
	screen_latency, screen_procs, screen_detail, screen_tree, screen_pick;

#endif
