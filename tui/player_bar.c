/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/player_bar.h"

#include <stdio.h>
#include <string.h>

#include "tui/cells.h"
#include "user/base/units.h"
#include "user/base/util.h"

/* What there is of it, by how much room that needs: the first that fits. */
static const struct {
	bool total, day_time;
	int cells; /* of the bar */
} sizes[] = {
	{ true, true, 30 }, { true, true, 20 }, { true, true, 10 },
	{ true, true, 0 },  { true, false, 0 }, { false, false, 0 },
};

/* Tenths of a second where intervals are shorter than one. */
static const char *clock_text(const struct player *p, uint64_t ns, char buf[UNITS_SZ])
{
	uint64_t since = ns > p->file.start_ns ? ns - p->file.start_ns : 0;

	units__clock(since, buf);
	if (p->file.interval_ns < 1000000000u) {
		size_t len = strlen(buf);

		snprintf(buf + len, UNITS_SZ - len, ".%u", (unsigned int)(since / 100000000 % 10));
	}
	return buf;
}

void player_bar__text(const struct player *p, bool unicode, char *buf, size_t sz)
{
	const char *sign = p->at_end   ? (unicode ? "■" : "#")
			   : p->paused ? (unicode ? "‖" : "=")
				       : (unicode ? "▶" : ">");
	const char *word = p->at_end ? "end" : p->paused ? "paused" : player__speed_name(p);
	char at[UNITS_SZ];

	snprintf(buf, sz, "%s %s  %s", sign, word, clock_text(p, p->at_ns, at));
}

static int cell_of(const struct player *p, uint64_t ns, int w)
{
	uint64_t span = p->file.end_ns - player__begin_ns(p);
	uint64_t since = ns > player__begin_ns(p) ? ns - player__begin_ns(p) : 0;
	int at = span ? (int)((double)since / (double)span * w) : 0;

	return at >= w ? w - 1 : at;
}

/* Played, the position, what is to come, and the triggers. */
static void draw_cells(const struct player *p, struct canvas *c, int y, int x, int w)
{
	int at = cell_of(p, p->at_ns, w);

	for (int i = 0; i < w; i++)
		canvas__put(c, y, x + i, i < at ? ROLE_NORMAL : ROLE_DIM,
			    c->unicode ? (i < at ? 0x2501 : 0x2500) : (i < at ? '=' : '-'));
	for (size_t i = 0; i < p->file.trigger_cnt; i++)
		canvas__put(c, y, x + cell_of(p, p->file.trigger_ns[i], w), ROLE_WARN,
			    c->unicode ? 0x253b : '!');
	canvas__put(c, y, x + at, ROLE_TITLE, c->unicode ? 0x25cf : 'O');
	canvas__select(c, y, x + at, 1);
}

int player_bar__draw(const struct player *p, struct canvas *c, int y, int x, int w)
{
	char text[160], state[64], total[UNITS_SZ], day[16];
	int used = 0, cells = 0;

	player_bar__text(p, c->unicode, state, sizeof(state));
	clock_text(p, p->file.end_ns, total);
	player__day_time(p, p->at_ns, day);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		bool with_day = sizes[i].day_time && *day;

		snprintf(text, sizeof(text), "%s%s%s%s%s", state, sizes[i].total ? " / " : "",
			 sizes[i].total ? total : "", with_day ? "  " : "", with_day ? day : "");
		cells = sizes[i].cells;
		used = cells__width(text, c->unicode) + (cells ? cells + 2 : 0);
		if (used <= w)
			break;
	}
	used = used > w ? w : used;
	canvas__puts(c, y, x + w - used, used, p->paused ? ROLE_WARN : ROLE_NORMAL, text);
	if (cells)
		draw_cells(p, c, y, x + w - cells, cells);
	return used;
}
