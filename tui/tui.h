/* SPDX-License-Identifier: BSD-2-Clause */
/* tui.h - the live view: screens on the terminal, driven by the session's loop
 *
 * The session owns the loop, stdin, timers and signals; this only reads what is there and draws.
 *
 *   t = tui__new(&opts);
 *   on new data:     tui__update(t, interval, total, timeline);
 *   stdin readable:  while ((action = tui__input(t)) != TUI_NONE) ..
 *   SIGWINCH:        tui__resize(t);
 *   before waiting:  ms = tui__draw(t); wait at most ms (0: nothing to wait for)
 *   TUI_SUSPEND:     tui__suspend(t); raise(SIGSTOP); tui__resume(t);
 *   tui__free(t);
 *
 * While the screen is up messages are held back (log.h). Call setlocale(LC_ALL, "") at start.
 */
#ifndef GILTOP_TUI_H
#define GILTOP_TUI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/tui_opts.h"
#include "user/picture/timeline.h"

struct player;
struct sbuf;
struct snapshot;
struct tui;

/* Can there be a live view here? 0, -ENOTTY or -ENODEV: as tui__new would say. Changes nothing. */
int tui__can_run(void);
/* NULL and errno: ENOTTY if stdin or stdout is no terminal, ENODEV if the terminal cannot place the
 * cursor, ENOMEM. The terminal is in raw mode until tui__free.
 */
struct tui *tui__new(const struct tui_opts *opts);
/* Restores the terminal in any case, then writes what log.h held back. NULL is fine. */
void tui__free(struct tui *t);
/* New data. Nothing is copied: all three must live until the next call or tui__free. timeline and
 * total may be NULL.
 */
void tui__update(struct tui *t, const struct snapshot *interval, const struct snapshot *total,
		 const struct timeline *timeline);
/* One key, without waiting. TUI_NONE: there is none (more). A lost terminal is TUI_QUIT. */
enum tui_action tui__input(struct tui *t);
enum tui_action tui__key(struct tui *t, int key); /* as if it had been pressed; codes: keymap.h */
void tui__resize(struct tui *t);		  /* asks the terminal for its size */
/* Draws if something changed, at most 10 times a second. Returns ms until the next try, 0: none. */
int tui__draw(struct tui *t);
void tui__suspend(struct tui *t); /* gives the terminal back */
void tui__resume(struct tui *t);
/* A recording is played: by a player that player__open has made; an interval that is not shown; all begins anew; what the
 * player wanted is done.
 */
void tui__set_player(struct tui *t, const struct player *player);
struct player *tui__player(struct tui *t);
void tui__pass(struct tui *t, const struct snapshot *interval);
void tui__forget(struct tui *t);
void tui__moved(struct tui *t, uint64_t from_ns, uint64_t at_ns, bool at_end);
bool tui__is_paused(const struct tui *t);
/* All of the total is shown. Else its threads and GILs are all that is used of it: it may lack pairs, stacks and chains. */
bool tui__wants_totals(const struct tui *t);
/* Another total, e.g. one that lacks nothing, in the place of that of the last tui__update. */
void tui__set_total(struct tui *t, const struct snapshot *total);
bool tui__wants_spans(const struct tui *t); /* the timeline is visible */
uint64_t tui__interval_ns(const struct tui *t);
int tui__group(const struct tui *t); /* enum group (view.h) */
bool tui__my_code(const struct tui *t);
/* What is to be kept, after TUI_SETTINGS; good until the next call. */
const struct tui_settings *tui__settings(const struct tui *t);
/* The name of a screen, as in the footer; NULL: there are no more. */
const char *tui__screen_name(size_t i);
/* What is on the screen now, as plain text. */
void tui__text(struct tui *t, struct sbuf *ret);
/* One line at the bottom until the next key, e.g. "the process has ended". */
/* What the user wanted to be told of: there may be something new. l must live as long as it does; NULL: none. */
struct trigger_list;
void tui__events(struct tui *t, const struct trigger_list *l);
void tui__message(struct tui *t, const char *text);

/* Let the user choose a process; its own small loop. The pid, 0 if the user gave up, or -errno (see
 * tui__new). May be called while no tui exists.
 */
int64_t tui__pick(const struct tui_opts *opts, const struct tui_pick *procs, size_t cnt);

#endif
