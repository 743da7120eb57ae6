/* SPDX-License-Identifier: BSD-2-Clause */
/* canvas.h - a sheet of cells, each a character and the meaning of its colour
 *
 * Views draw here and know nothing of terminals: the same frame goes to ncurses, to a text file and
 * to the golden frames of the tests. Everything is clipped: drawing outside is allowed and has no
 * effect. A wide character takes two cells; half of one is never left behind.
 */
#ifndef GILTOP_TUI_CANVAS_H
#define GILTOP_TUI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sbuf;

enum role {
	ROLE_NORMAL,
	ROLE_DIM,   /* rules, labels, what does not matter now */
	ROLE_TITLE, /* the name of what is shown */
	ROLE_HEAD,  /* table headings */
	ROLE_HOLD,  /* the four states, the same everywhere */
	ROLE_WAIT,
	ROLE_YIELD,
	ROLE_RELEASED,
	ROLE_KEY, /* a key that can be pressed */
	ROLE_VERDICT,
	ROLE_WARN, /* losses, what cannot be trusted */
	ROLE_CNT,
};

struct cell {
	uint32_t ch;   /* 0: the right half of the wide character before */
	uint32_t mark; /* a combining mark on top, or 0 */
	uint8_t role;
	uint8_t selected; /* shown in reverse */
	uint32_t hit;	  /* what a click here means: HIT_ of the kind, and a number; 0: nothing */
};

/* Kinds of things to click, above their numbers. */
enum canvas_hit {
	HIT_ROW = 1 << 24,    /* a row of the list, or of the overlay, that is shown */
	HIT_COLUMN = 2 << 24, /* the heading of a column of the thread table */
	HIT_KEY = 3 << 24,    /* a key that is pressed by it (keymap.h) */
	HIT_KIND = 0x7f << 24,
};

struct canvas {
	int h, w;
	bool unicode; /* may hold more than ASCII */
	struct cell *cells;
};

struct rect {
	int y, x, h, w;
};

/* What is left of r below its first lines. */
static inline struct rect rect__below(struct rect r, int lines)
{
	return (struct rect){ r.y + lines, r.x, r.h - lines, r.w };
}

/* 0 or -ENOMEM; h and w are made 1 at least. */
int canvas__init(struct canvas *c, int h, int w, bool unicode);
void canvas__deinit(struct canvas *c);
int canvas__resize(struct canvas *c, int h, int w); /* 0 or -ENOMEM (then as before); clears */
void canvas__clear(struct canvas *c);
/* The cell at y, x, or NULL outside. */
struct cell *canvas__at(const struct canvas *c, int y, int x);

/* Set one cell; what was half of a wide character there becomes blank on both sides. */
void canvas__put(struct canvas *c, int y, int x, enum role role, uint32_t ch);
/* Text in at most max cells (negative: up to the edge); returns the cells used. Cut with '~'. */
int canvas__puts(struct canvas *c, int y, int x, int max, enum role role, const char *s);
int canvas__printf(struct canvas *c, int y, int x, int max, enum role role, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
/* The same, ending at cell x + max - 1. */
void canvas__puts_right(struct canvas *c, int y, int x, int max, enum role role, const char *s);
void canvas__fill(struct canvas *c, struct rect r, enum role role, uint32_t ch);
/* A line across; drawn as U+2500 or '-'. */
void canvas__rule(struct canvas *c, int y, int x, int w);
/* Mark w cells as selected. */
void canvas__select(struct canvas *c, int y, int x, int w);
/* Say what a click on w cells means; drawing over them does not change it. */
void canvas__hit(struct canvas *c, int y, int x, int w, uint32_t hit);

/* Rows as text, right side trimmed, each with a newline. */
void canvas__to_text(const struct canvas *c, struct sbuf *out);
/* One letter a cell for its role (see canvas.c), '.' for normal; selected in upper case. */
void canvas__to_roles(const struct canvas *c, struct sbuf *out);

#endif
