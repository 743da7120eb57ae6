/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/looks.h"

#include <stddef.h>
#include <string.h>

#include "user/base/parse.h"

/* Colours of the 256 and of the eight; -1: the terminal's own. */
struct palette {
	short c256, c8;
};

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE };

static const struct palette dark[ROLE_CNT] = {
	[ROLE_NORMAL] = { -1, -1 },	[ROLE_DIM] = { 244, -1 },
	[ROLE_TITLE] = { -1, -1 },	[ROLE_HEAD] = { -1, -1 },
	[ROLE_HOLD] = { 33, BLUE },	[ROLE_WAIT] = { 208, RED },
	[ROLE_YIELD] = { 220, YELLOW }, [ROLE_RELEASED] = { 240, WHITE },
	[ROLE_KEY] = { 39, CYAN },	[ROLE_VERDICT] = { -1, -1 },
	[ROLE_WARN] = { 196, RED },
};

/* Nothing of yellow and cyan: they cannot be read on white. */
static const struct palette light[ROLE_CNT] = {
	[ROLE_NORMAL] = { -1, -1 },	 [ROLE_DIM] = { 240, -1 },	[ROLE_TITLE] = { -1, -1 },
	[ROLE_HEAD] = { -1, -1 },	 [ROLE_HOLD] = { 25, BLUE },	[ROLE_WAIT] = { 130, RED },
	[ROLE_YIELD] = { 162, MAGENTA }, [ROLE_RELEASED] = { 243, -1 }, [ROLE_KEY] = { 26, BLUE },
	[ROLE_VERDICT] = { -1, -1 },	 [ROLE_WARN] = { 160, RED },
};

static const unsigned int colour_attrs[ROLE_CNT] = {
	[ROLE_TITLE] = LOOK_BOLD,
	[ROLE_HEAD] = LOOK_BOLD,
	[ROLE_VERDICT] = LOOK_BOLD,
	[ROLE_WARN] = LOOK_BOLD,
};

static const unsigned int mono_attrs[ROLE_CNT] = {
	[ROLE_DIM] = LOOK_DIM,	    [ROLE_TITLE] = LOOK_BOLD,	[ROLE_HEAD] = LOOK_BOLD,
	[ROLE_HOLD] = LOOK_BOLD,    [ROLE_RELEASED] = LOOK_DIM, [ROLE_KEY] = LOOK_BOLD,
	[ROLE_VERDICT] = LOOK_BOLD, [ROLE_WARN] = LOOK_REVERSE,
};

bool looks__is_light(const char *colorfgbg)
{
	const char *bg = colorfgbg ? strrchr(colorfgbg, ';') : NULL;
	uint64_t n;

	/* The dark ones of the sixteen: black to cyan, and grey. */
	return bg && !parse_u64(bg + 1, 0, 15, &n) && n > 6 && n != 8;
}

struct look looks__of(enum role role, int scheme, int colours, const char *colorfgbg)
{
	bool is_light = scheme == TUI_SCHEME_LIGHT ||
			(scheme == TUI_SCHEME_AUTO && looks__is_light(colorfgbg));
	const struct palette *p = &(is_light ? light : dark)[role];
	struct look l = { -1, mono_attrs[role] };

	if (colours < 8 || scheme == TUI_SCHEME_MONO)
		return l;
	l = (struct look){ colours >= 256 ? p->c256 : p->c8, colour_attrs[role] };
	if (colours >= 256)
		return l;
	/* With eight colours dark blue on black is hard to read, and there is no grey. */
	if (role == ROLE_HOLD && !is_light)
		l.attrs |= LOOK_BOLD;
	if (role == ROLE_DIM || (role == ROLE_RELEASED && is_light))
		l.attrs |= LOOK_DIM;
	return l;
}
