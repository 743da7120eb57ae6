/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/player.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "user/base/parse.h"
#include "user/base/util.h"

#define SEC_NS 1000000000ull
#define NORMAL 2 /* of speeds */

/* Of an interval of a second at the slowest, four seconds; at the fastest it is drawn ten times a second. */
static const struct {
	const char *name;
	uint64_t num, den; /* 0: as fast as it can */
} speeds[] = {
	{ "1/4x", 1, 4 }, { "1/2x", 1, 2 }, { "1x", 1, 1 },   { "2x", 2, 1 },	{ "4x", 4, 1 },
	{ "8x", 8, 1 },	  { "16x", 16, 1 }, { "32x", 32, 1 }, { "64x", 64, 1 }, { "max", 0, 1 },
};
_Static_assert(ARRAY_SIZE(speeds) == PLAYER_SPEED_MAX + 1, "the last one has no limit");

void player__open(struct player *p, const struct player_file *file, uint64_t from_ns)
{
	*p = (struct player){ .on = true,
			      .file = *file,
			      .from_ns = from_ns,
			      .at_ns = file->first_ns,
			      .speed = NORMAL,
			      .since = { .speed = -1 } };
	if (!p->file.interval_ns)
		p->file.interval_ns = SEC_NS;
	if (p->file.end_ns < p->file.first_ns)
		p->file.end_ns = p->file.first_ns;
	if (p->file.start_ns > p->file.first_ns)
		p->file.start_ns = p->file.first_ns;
}

const char *player__speed_name(const struct player *p)
{
	return speeds[p->speed].name;
}

/* ---- what the user wants ---- */

static uint64_t clamp(const struct player *p, uint64_t ns)
{
	return ns < p->file.first_ns ? p->file.first_ns : ns > p->file.end_ns ? p->file.end_ns : ns;
}

static void want(struct player *p, enum player_go go, uint64_t to_ns)
{
	p->wanted = (struct player_step){ go, 0, clamp(p, to_ns) };
}

void player__seek(struct player *p, uint64_t to_ns)
{
	want(p, PLAYER_AT, to_ns);
}

static void toggle(struct player *p)
{
	p->paused = !p->paused;
	if (p->paused || !p->at_end)
		return;
	want(p, PLAYER_AT, p->file.first_ns);
}

static const char *step_back(struct player *p)
{
	p->paused = true;
	if (p->at_ns <= p->file.first_ns)
		return "this is its first interval";
	want(p, PLAYER_AT, p->at_ns - 1);
	return NULL;
}

static const char *step_on(struct player *p)
{
	p->paused = true;
	if (p->at_end)
		return "this is its last interval";
	p->wanted = (struct player_step){ PLAYER_FORWARD, 1, 0 };
	return NULL;
}

/* To the interval that is nearest to there, but to another one: none is quite as long as it should be. */
static const char *jump(struct player *p, bool on)
{
	uint64_t tenth = (p->file.end_ns - player__begin_ns(p)) / 10;
	uint64_t half = p->file.interval_ns / 2;

	if (tenth < p->file.interval_ns)
		tenth = p->file.interval_ns;
	if (on && p->at_end)
		return "this is its last interval";
	if (!on && p->at_ns <= p->file.first_ns)
		return "this is its first interval";
	if (on)
		want(p, PLAYER_COVER, p->at_ns + tenth - half);
	else
		want(p, PLAYER_AT, p->at_ns > tenth ? p->at_ns - tenth + half : 0);
	return NULL;
}

/* Those of the interval on the screen are seen: the one before, the one after. */
static const char *to_trigger(struct player *p, bool next)
{
	const uint64_t *at = p->file.trigger_ns;
	size_t n = p->file.trigger_cnt, i = 0;

	p->paused = true;
	if (!n)
		return "no trigger is in it";
	if (next) {
		while (i < n && at[i] <= p->at_ns)
			i++;
		if (i == n)
			return "no trigger comes after this";
	} else {
		while (i < n && at[i] <= p->from_ns)
			i++;
		if (!i)
			return "no trigger was before this";
		i--;
	}
	want(p, PLAYER_COVER, at[i]);
	return NULL;
}

const char *player__command(struct player *p, enum player_command what)
{
	switch (what) {
	case PLAYER_TOGGLE: toggle(p); break;
	case PLAYER_PAUSE: p->paused = true; break;
	case PLAYER_STEP_BACK: return step_back(p);
	case PLAYER_STEP_ON: return step_on(p);
	case PLAYER_JUMP_BACK: return jump(p, false);
	case PLAYER_JUMP_ON: return jump(p, true);
	case PLAYER_TO_START: want(p, PLAYER_AT, p->file.first_ns); break;
	case PLAYER_TO_END: want(p, PLAYER_COVER, p->file.end_ns); break;
	case PLAYER_TRIGGER_PREV: return to_trigger(p, false);
	case PLAYER_TRIGGER_NEXT: return to_trigger(p, true);
	case PLAYER_FASTER: p->speed += p->speed < PLAYER_SPEED_MAX; break;
	case PLAYER_SLOWER: p->speed -= p->speed > 0; break;
	}
	return NULL;
}

/* ---- what is due ---- */

/* Where it should be by the clock. */
static uint64_t due_ns(const struct player *p, uint64_t wall_ns)
{
	uint64_t wall = wall_ns > p->since.wall_ns ? wall_ns - p->since.wall_ns : 0;
	int speed = p->since.speed;

	if (speed < 0 || !speeds[speed].num)
		return p->at_ns;
	return p->since.pos_ns + wall / speeds[speed].den * speeds[speed].num;
}

/* It cannot keep up, or giltop was stopped meanwhile: what is more than a second late is not made up for. */
static void keep_up(struct player *p, uint64_t wall_ns)
{
	uint64_t late = SEC_NS * speeds[p->speed].num / speeds[p->speed].den + p->file.interval_ns;

	if (due_ns(p, wall_ns) <= p->at_ns + late)
		return;
	p->since.wall_ns = wall_ns;
	p->since.pos_ns = p->at_ns + p->file.interval_ns;
}

struct player_step player__next(struct player *p, uint64_t wall_ns)
{
	struct player_step step = p->wanted;
	uint64_t due;

	if (step.go != PLAYER_STAY || p->paused) {
		p->wanted = (struct player_step){ 0 };
		p->since.speed = -1;
		return step;
	}
	if (p->at_end)
		return step;
	if (p->since.speed != p->speed) {
		p->since.pos_ns = due_ns(p, wall_ns);
		p->since.wall_ns = wall_ns;
		p->since.speed = p->speed;
	}
	if (!speeds[p->speed].num)
		return (struct player_step){ PLAYER_FORWARD, UINT64_MAX, 0 };
	keep_up(p, wall_ns);
	due = due_ns(p, wall_ns);
	if (due < p->at_ns + p->file.interval_ns)
		return step;
	return (struct player_step){ PLAYER_FORWARD, (due - p->at_ns) / p->file.interval_ns, 0 };
}

void player__moved(struct player *p, uint64_t from_ns, uint64_t at_ns, bool at_end)
{
	p->from_ns = from_ns;
	p->at_ns = at_ns;
	p->at_end = at_end;
	p->paused |= at_end;
	if (at_ns > p->file.end_ns) /* it has grown */
		p->file.end_ns = at_ns;
}

int player__wait_ms(const struct player *p, uint64_t wall_ns)
{
	uint64_t due, left;

	if (p->wanted.go != PLAYER_STAY)
		return 0;
	if (p->paused || p->at_end)
		return -1;
	if (p->since.speed != p->speed || !speeds[p->speed].num)
		return 0;
	due = due_ns(p, wall_ns);
	if (due >= p->at_ns + p->file.interval_ns)
		return 0;
	left = (p->at_ns + p->file.interval_ns - due) * speeds[p->speed].den / speeds[p->speed].num;
	return left > 1000 * SEC_NS ? 1000000 : (int)(left / 1000000) + 1;
}

/* ---- times ---- */

static time_t day_of(const struct player *p, uint64_t ns, struct tm *ret)
{
	int64_t real = (int64_t)p->file.real_ns + (int64_t)(ns - p->file.mono_ns);
	time_t t = (time_t)(real / (int64_t)SEC_NS);

	localtime_r(&t, ret);
	return t;
}

const char *player__day_time(const struct player *p, uint64_t ns, char buf[16])
{
	struct tm tm;

	buf[0] = '\0';
	if (!p->file.real_ns)
		return buf;
	day_of(p, ns, &tm);
	strftime(buf, 16, "%H:%M:%S", &tm);
	return buf;
}

/* "1:30", "14:03:07.5": how many parts, or 0. */
static int clock_parts(const char *text, uint64_t part[3], uint64_t *frac_ns)
{
	int n = 0;

	*frac_ns = 0;
	for (;;) {
		int digits = 0;

		part[n] = 0;
		for (; *text >= '0' && *text <= '9' && digits < 6; digits++)
			part[n] = part[n] * 10 + (uint64_t)(*text++ - '0');
		if (!digits)
			return 0;
		n++;
		if (*text != ':' || n == 3)
			break;
		text++;
	}
	if (*text == '.')
		for (uint64_t unit = SEC_NS / 10; *++text >= '0' && *text <= '9'; unit /= 10)
			*frac_ns += (uint64_t)(*text - '0') * unit;
	for (int i = 1; i < n; i++)
		if (part[i] > 59)
			return 0;
	return *text || n < 2 ? 0 : n;
}

uint64_t player__begin_ns(const struct player *p)
{
	uint64_t from =
		p->file.first_ns > p->file.interval_ns ? p->file.first_ns - p->file.interval_ns : 0;

	return from > p->file.start_ns ? from : p->file.start_ns;
}

/* Intervals of a second are named by the second that they end in. */
uint64_t player__second(const struct player *p, uint64_t ns, uint64_t base_ns)
{
	if (p->file.interval_ns < SEC_NS || ns < base_ns || (ns - base_ns) % SEC_NS)
		return ns;
	return ns + SEC_NS - 1;
}

/* A second more or less is what the clock on the screen hides. */
static bool is_in(const struct player *p, uint64_t ns)
{
	return ns + SEC_NS >= player__begin_ns(p) && ns <= p->file.end_ns + SEC_NS;
}

/* The first moment of the recording with that time of day. */
static int time_of_day(const struct player *p, uint64_t h, uint64_t m, uint64_t s, uint64_t *ret)
{
	uint64_t days = (p->file.end_ns - p->file.start_ns) / SEC_NS / 86400 + 1;
	struct tm first, tm;
	time_t start;

	if (!p->file.real_ns || h > 23)
		return -ERANGE;
	start = day_of(p, p->file.start_ns, &first);
	for (uint64_t d = 0; d <= days && d < 10000; d++) {
		time_t t;
		int64_t ns;

		tm = first;
		tm.tm_mday += (int)d;
		tm.tm_hour = (int)h;
		tm.tm_min = (int)m;
		tm.tm_sec = (int)s;
		tm.tm_isdst = -1;
		t = mktime(&tm);
		if (t == (time_t)-1 || t + 1 < start)
			continue;
		ns = (int64_t)t * (int64_t)SEC_NS - (int64_t)p->file.real_ns +
		     (int64_t)p->file.mono_ns;
		if (ns > 0 && is_in(p, (uint64_t)ns)) {
			*ret = (uint64_t)ns;
			return 0;
		}
	}
	return -ERANGE;
}

static int after_start(const struct player *p, uint64_t ns, uint64_t *ret)
{
	if (ns > UINT64_MAX - p->file.start_ns || !is_in(p, p->file.start_ns + ns))
		return -ERANGE;
	*ret = player__second(p, p->file.start_ns + ns, p->file.start_ns);
	return 0;
}

/* Two parts are minutes and seconds after the start, three a time of day; what is not in the recording may be meant
 * the other way.
 */
static int clock_time(const struct player *p, int n, const uint64_t part[3], uint64_t frac_ns,
		      uint64_t *ret)
{
	uint64_t h = part[0], m = part[1], s = n == 3 ? part[2] : 0, ns, of_day = 0;
	bool day;

	ns = ((n == 3 ? h * 60 + m : h) * 60 + (n == 3 ? s : m)) * SEC_NS + frac_ns;
	day = !time_of_day(p, h, m, s, &of_day);
	if ((n == 3 && day) || after_start(p, ns, ret)) {
		if (!day)
			return -ERANGE;
		*ret = player__second(p, of_day + frac_ns, of_day);
	}
	return 0;
}

static int from_here(const struct player *p, const char *text, uint64_t *ret)
{
	uint64_t part[3], frac, ns, to;
	int n = clock_parts(text + 1, part, &frac);

	if (n)
		ns = ((n == 3 ? part[0] * 60 + part[1] : part[0]) * 60 + part[n - 1]) * SEC_NS +
		     frac;
	else if (parse_duration(text + 1, &ns))
		return -EINVAL;
	if (*text == '-')
		to = p->at_ns > ns ? p->at_ns - ns : 0;
	else
		to = p->at_ns + ns;
	/* The nearest one: no interval is quite as long as it should be. */
	*ret = clamp(p, to + p->file.interval_ns / 2);
	return 0;
}

int player__time(const struct player *p, const char *text, uint64_t *ret_ns)
{
	uint64_t part[3], frac, ns;
	size_t len = strlen(text);
	char number[16];
	double pct;
	int n, err;

	if (*text == '+' || *text == '-')
		return from_here(p, text, ret_ns);
	if (len > 1 && len < sizeof(number) && text[len - 1] == '%') {
		memcpy(number, text, len - 1);
		number[len - 1] = '\0';
		err = parse_decimal(number, 100, &pct);
		if (!err)
			*ret_ns = player__begin_ns(p) +
				  (uint64_t)((double)(p->file.end_ns - player__begin_ns(p)) * pct /
					     100);
		return err;
	}
	n = clock_parts(text, part, &frac);
	if (n)
		return clock_time(p, n, part, frac, ret_ns);
	if (!strcmp(text, "0") || !strcmp(text, "0s"))
		ns = 0;
	else if ((err = parse_duration(text, &ns)))
		return err;
	return after_start(p, ns, ret_ns);
}
