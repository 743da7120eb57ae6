/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/header.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/cells.h"
#include "tui/draw.h"
#include "tui/player_bar.h"
#include "user/base/text.h"
#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/judge/verdict.h"

/* What narrows what is shown. */
static void put_narrowed(const struct ui_state *ui, struct sbuf *out)
{
	if (ui->tid_cnt)
		sbuf__printf(out, "[-t: %zu thread%s] ", ui->tid_cnt, ui->tid_cnt > 1 ? "s" : "");
	if (ui->limit)
		sbuf__printf(out, "[-l %zu] ", ui->limit);
	if (*ui->filter)
		sbuf__printf(out, "[filter: %s] ", ui->filter);
}

static void put_python(const struct snap_proc *p, const struct canvas *c, struct sbuf *out)
{
	if (!p)
		return;
	sbuf__printf(out, "Python %s", p->python);
	if (c->w >= 120)
		sbuf__printf(out, " (%s)", p->sites);
	if (*snap_proc__mode_word(p))
		sbuf__printf(out, "  %s", snap_proc__mode_word(p));
}

static void put_process(const struct snapshot *s, const struct snap_proc *p, struct sbuf *out)
{
	if (s && p && s->proc_cnt > 1) /* as it stands on the screen of processes */
		sbuf__printf(out, "%zu of %zu: ", (size_t)(p - s->procs) + 1, s->proc_cnt);
	if (p)
		sbuf__printf(out, "pid %u %s", p->pid,
			     *p->cmdline ? command_short(p->cmdline)
			     : *p->comm	 ? p->comm
					 : "?");
	else
		sbuf__puts(out, "waiting for the first data");
}

/* Where in the recording it is. What stands beside that, as far as there is room: what is narrowed, the process, its
 * Python.
 */
static void draw_played(const struct ui_state *ui, const struct snapshot *s,
			const struct snap_proc *p, struct canvas *c, int y, int x)
{
	__cleanup(sbuf__free) struct sbuf left = { 0 }, narrowed = { 0 }, python = { 0 };
	int left_w, least, w, end;

	put_process(s, p, &left);
	put_narrowed(ui, &narrowed);
	if (ui->cumulative)
		sbuf__puts(&narrowed, "totals ");
	left_w = cells__width(sbuf__str(&left), c->unicode);
	least = c->w >= 100 ? 30 : 16;
	x += left_w < least ? left_w : least;
	w = cells__width(sbuf__str(&narrowed), c->unicode);
	if (x + w + 24 > c->w)
		w = 0;
	x += 2;
	end = c->w - player_bar__draw(&ui->player, c, y, x + w, c->w - x - w) - 1;
	end -= w;
	canvas__puts(c, y, end, w, ROLE_DIM, sbuf__str(&narrowed));
	x -= 2 + (left_w < least ? left_w : least);
	put_python(p, c, &python);
	w = cells__width(sbuf__str(&python), c->unicode);
	if (x + left_w + 2 + w + 1 <= end) {
		end -= w + 1;
		canvas__puts(c, y, end, w, ROLE_DIM, sbuf__str(&python));
	}
	canvas__puts(c, y, x, end - x - 1, ROLE_NORMAL, sbuf__str(&left));
}

/* "3 events, last 12s ago", where there is room for it: all of it, or the first half. Returns the cells used. */
static int draw_events(const struct ui_state *ui, const struct snapshot *s, struct canvas *c, int y,
		       int right, int room)
{
	const struct trigger_event *e = ui->events ? trigger_list__at(ui->events, 0) : NULL;
	uint64_t cnt = e ? trigger_list__ever_cnt(ui->events) : 0, ago;
	char text[96], short_text[48], buf[UNITS_SZ], n[UNITS_SZ];
	int w;

	if (!cnt || !s)
		return 0;
	ago = s->now_ns > e->t.at_ns ? s->now_ns - e->t.at_ns : 0;
	snprintf(short_text, sizeof(short_text), "%s event%s", units__count((double)cnt, n),
		 cnt > 1 ? "s" : "");
	snprintf(text, sizeof(text), "%s, last %s ago", short_text, units__duration(ago, buf));
	w = (int)strlen(text);
	if (w + 2 > room)
		w = (int)strlen(short_text);
	if (w + 2 > room)
		return 0;
	canvas__puts_right(c, y, right - w, w, ROLE_WARN,
			   w == (int)strlen(text) ? text : short_text);
	return w + 2;
}

/* "gunicorn: worker [shop]" may be long, what comes after it must not be pushed out. */
static void draw_title(const struct ui_state *ui, const struct snapshot *s,
		       const struct snap_proc *p, struct canvas *c, int y)
{
	__cleanup(sbuf__free) struct sbuf left = { 0 }, right = { 0 };
	const struct snapshot *all = ui->total ? ui->total : s; /* since the start, or key r */
	int x = canvas__puts(c, y, 0, -1, ROLE_TITLE, "giltop") + 2, right_w, room;
	char buf[UNITS_SZ];

	if (ui->player.on) {
		draw_played(ui, s, p, c, y, x);
		return;
	}
	put_narrowed(ui, &right);
	put_python(p, c, &right);
	if (s && c->w >= 100)
		sbuf__printf(&right, "  measured %s",
			     units__clock(all->now_ns - all->start_ns, buf));
	sbuf__printf(&right, ui->cumulative ? "  totals" : "  every %s",
		     units__duration(ui->interval_ns, buf));
	right_w = cells__width(sbuf__str(&right), c->unicode) + (ui->paused ? 7 : 0);
	put_process(s, p, &left);
	room = c->w - x - right_w - 2;
	if (room < 12) {
		canvas__puts(c, y, x, c->w - x, ROLE_NORMAL, sbuf__str(&left));
		return;
	}
	room -= draw_events(ui, s, c, y, c->w - right_w - 2,
			    room - cells__width(sbuf__str(&left), c->unicode));
	canvas__puts(c, y, x, room, ROLE_NORMAL, sbuf__str(&left));
	if (ui->paused)
		canvas__puts(c, y, c->w - right_w, 6, ROLE_WARN, "PAUSED");
	right_w -= ui->paused ? 7 : 0;
	canvas__puts_right(c, y, c->w - right_w, right_w, ROLE_DIM, sbuf__str(&right));
}

/* giltop's own cost, and whether its figures are whole: never left out. What was lost once stays there, however
 * short the interval.
 */
static int trust_figures(const struct ui_state *ui, const struct snapshot *s, struct sbuf *out)
{
	char a[UNITS_SZ], b[UNITS_SZ];
	uint64_t span = s->now_ns - s->start_ns;
	const struct snapshot *all = ui->total ? ui->total : s;

	sbuf__printf(out, "self %s", units__percent_word(s->self_cpu_ns, span, a));
	sbuf__printf(out, "  lost %s", units__count((double)all->lost_events, b));
	if (all->lost_detail)
		sbuf__printf(out, " (detail %s)", units__count((double)all->lost_detail, b));
	if (all->stats[COUNTER_REFRESH_LATE])
		sbuf__printf(out, "  late %s",
			     units__count((double)all->stats[COUNTER_REFRESH_LATE], b));
	if (s->self_level)
		sbuf__printf(out, "  does less (%u)", s->self_level);
	if (all->violations)
		sbuf__printf(out, "  checks failed %s", units__count((double)all->violations, b));
	return all->lost_events || all->lost_detail || all->violations || s->self_level;
}

/* "3.4"; "~1.4" estimated; "-" not known */
static const char *load_text(const struct snap_gil *g, uint64_t span_ns, char buf[UNITS_SZ])
{
	double load = snap_gil__load(g, span_ns);

	if (isnan(load) && span_ns)
		snprintf(buf, UNITS_SZ, "-");
	else if (isnan(load))
		snprintf(buf, UNITS_SZ, "?");
	else
		snprintf(buf, UNITS_SZ, "%s%.1f", isnan(snap_gil__held(g, span_ns).err) ? "" : "~",
			 load);
	return buf;
}

/* "load 3.4", "load ~1.4"; where it is not known how much the GIL is held, "waiting 1.2". */
static int draw_load(const struct snap_gil *g, uint64_t span_ns, struct canvas *c, int y, int x,
		     int w)
{
	char buf[UNITS_SZ];

	if (isnan(snap_gil__load(g, span_ns))) {
		snprintf(buf, sizeof(buf), "%.1f", snap_gil__least_load(g, span_ns));
		return draw__figure(c, y, x, w, "waiting", ROLE_NORMAL, buf);
	}
	return draw__figure(c, y, x, w, "load", ROLE_NORMAL, load_text(g, span_ns, buf));
}

/* What only exact stretches tell. */
static void draw_handovers(const struct snap_gil *g, struct canvas *c, int y, int x, int w)
{
	const char *label = c->w >= 76 ? "hand-overs" : "h/o";
	char buf[UNITS_SZ];
	int used;

	if (!g->observed_ns) {
		draw__figure(c, y, x, w, label, ROLE_DIM, "-");
		return;
	}
	units__rate(g->switches, g->observed_ns, buf);
	strcat(buf, "/s");
	used = draw__figure(c, y, x, w, label, ROLE_NORMAL, buf);
	if (g->switches)
		draw__figure(c, y, x + used, w - used, "gap", ROLE_NORMAL,
			     units__duration(g->gap_wall_ns / g->switches, buf));
}

static void draw_gil(const struct ui_state *ui, const struct snapshot *s, const struct snap_proc *p,
		     const struct snap_gil *g, struct canvas *c, int y)
{
	__cleanup(sbuf__free) struct sbuf trust = { 0 };
	char buf[UNITS_SZ];
	int x, end = c->w, bar;
	double held;
	bool bad;

	if (!s)
		return;
	bad = trust_figures(ui, s, &trust);
	end -= cells__width(sbuf__str(&trust), c->unicode);
	canvas__puts(c, y, end, -1, bad ? ROLE_WARN : ROLE_DIM, sbuf__str(&trust));
	end -= 2;
	if (p && p->gil_cnt > 1 && g)
		x = canvas__printf(c, y, 0, end, ROLE_TITLE, "GIL %u of %zu", g->id, p->gil_cnt);
	else
		x = canvas__puts(c, y, 0, end, ROLE_TITLE, "GIL");
	if (!g || !p->span_ns) {
		canvas__puts(c, y, x + 2, end - x - 2, ROLE_DIM,
			     p && !p->alive ? "the process has ended" : "not used yet");
		return;
	}
	x += 2;
	x += canvas__puts(c, y, x, end - x, ROLE_DIM, "held ");
	held = snap_gil__held(g, p->span_ns).share;
	x += canvas__printf(c, y, x, end - x, isnan(held) ? ROLE_DIM : ROLE_NORMAL, "%5s%s ",
			    snap_gil__held_percent(g, p->span_ns, buf), isnan(held) ? " " : "%");
	/* The bar takes what the figures leave, within reason. */
	bar = (end - x) - (c->w >= 100 ? 52 : c->w >= 76 ? 32 : 13);
	bar = bar < 6 ? 6 : bar > 24 ? 24 : bar;
	if (x + bar < end) {
		canvas__fill(c, (struct rect){ y, x, 1, bar }, ROLE_DIM, c->unicode ? 0x2591 : '.');
		draw__bar(c, y, x, bar, ROLE_HOLD, isnan(held) ? 0 : held, 1);
		x += bar + 2;
	}
	x += draw_load(g, p->span_ns, c, y, x, end - x);
	draw_handovers(g, c, y, x, end - x);
}

static void draw_sparks(const struct ui_state *ui, struct canvas *c, int y)
{
	int label = 5, half = c->w / 2 - 1, w;
	double most = 0;
	char buf[32];

	for (size_t i = 0; i < ui->past.cnt && (int)i < half; i++)
		if ((double)past__at(&ui->past, i)->waiting > most)
			most = (double)past__at(&ui->past, i)->waiting;
	canvas__puts(c, y, 0, label, ROLE_DIM, "held");
	draw__spark(c, y, label, half - label, ROLE_HOLD, &ui->past, false, 1);
	if (most < 0.05)
		snprintf(buf, sizeof(buf), "waiting");
	else
		snprintf(buf, sizeof(buf), "waiting 0..%.1f", most);
	w = canvas__puts(c, y, half + 2, -1, ROLE_DIM, buf) + 1;
	draw__spark(c, y, half + 2 + w, c->w - half - 2 - w, ROLE_WAIT, &ui->past, true, most);
}

/* How many lines of w cells it takes. */
static int lines_of(const char *text, bool unicode, int w)
{
	char buf[1024];
	int n = 0;

	while (cells__wrap(&text, unicode, w, buf, sizeof(buf)))
		n++;
	return n;
}

/* As much as fits into so many lines. What the user must know goes first where there is no headline to say it. Returns the
 * lines used.
 */
static int draw_who(const struct snapshot *s, const struct snap_proc *p, const struct snap_gil *g,
		    bool with_note, struct canvas *c, struct rect r)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };

	for (int d = 0; d < VERDICT_DETAIL_CNT; d++) {
		sbuf__reset(&text);
		if (with_note && *p->note)
			sbuf__printf(&text, "[%s] ", p->note);
		verdict__who(s, p, g, (enum verdict_detail)d, &text);
		if (lines_of(sbuf__str(&text), c->unicode, r.w) <= r.h)
			break;
	}
	if (r.h == 1) {
		canvas__puts(c, r.y, r.x, r.w, ROLE_VERDICT, sbuf__str(&text));
		return 1;
	}
	return draw__paragraph(c, r, ROLE_VERDICT, sbuf__str(&text));
}

/* What can be done, as long as there is room for a whole sentence. */
static void draw_advice(const struct snap_proc *p, const struct snap_gil *g, struct canvas *c,
			struct rect r)
{
	struct sbuf advice[3] = { { 0 }, { 0 }, { 0 } };
	size_t n = verdict__advice(p, g, advice, ARRAY_SIZE(advice));

	for (size_t i = 0; i < n; i++) {
		int lines = lines_of(sbuf__str(&advice[i]), c->unicode, r.w);

		/* The first one is what counts: rather its beginning than nothing. */
		if (lines > r.h && i)
			break;
		r = rect__below(r, draw__paragraph(c, r, ROLE_NORMAL, sbuf__str(&advice[i])));
	}
	for (size_t i = 0; i < ARRAY_SIZE(advice); i++)
		sbuf__free(&advice[i]);
}

/* With the note behind it, or before it where it would be cut off. */
static void put_headline(const struct snap_proc *p, const struct snap_gil *g,
			 const struct canvas *c, struct sbuf *out)
{
	verdict__headline(p, g, out);
	if (!*p->note)
		return;
	sbuf__printf(out, "  [%s]", p->note);
	if (cells__width(sbuf__str(out), c->unicode) <= c->w)
		return;
	sbuf__reset(out);
	sbuf__printf(out, "[%s] ", p->note);
	verdict__headline(p, g, out);
}

void header__draw(const struct ui_state *ui, struct canvas *c, const struct layout *l)
{
	const struct snapshot *s = ui__snap(ui);
	const struct snap_proc *p = ui__proc(ui);
	const struct snap_gil *g = ui__gil(ui, p);
	__cleanup(sbuf__free) struct sbuf text = { 0 };

	draw_title(ui, s, p, c, l->title);
	draw_gil(ui, s, p, g, c, l->gil);
	if (l->spark >= 0)
		draw_sparks(ui, c, l->spark);
	if (l->headline >= 0 && p) {
		bool bad = verdict__level(p, g) == VERDICT_BOTTLENECK;

		put_headline(p, g, c, &text);
		canvas__puts(c, l->headline, 0, c->w, bad ? ROLE_WAIT : ROLE_VERDICT,
			     sbuf__str(&text));
	}
	if (p) {
		struct rect r = { l->who, 0, l->who_h, c->w };
		int used = draw_who(s, p, g, l->headline < 0, c, r);

		if (l->advice_h)
			draw_advice(p, g, c,
				    (struct rect){ r.y + used, 0, r.h + l->advice_h - used, c->w });
	}
	if (l->rule >= 0)
		canvas__rule(c, l->rule, 0, c->w);
}

void header__draw_line(const struct ui_state *ui, struct canvas *c)
{
	const struct snapshot *s = ui__snap(ui);
	const struct snap_proc *p = ui__proc(ui);
	const struct snap_gil *g = ui__gil(ui, p);
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	char buf[UNITS_SZ], load[UNITS_SZ];

	if (ui->player.on) {
		char played[96];

		player_bar__text(&ui->player, c->unicode, played, sizeof(played));
		sbuf__printf(&text, "%s  ", played);
	}
	if (!p || !g)
		sbuf__puts(&text, "GIL ? (no data yet)");
	else
		sbuf__printf(&text, "GIL %s held, load %s", snap_gil__held_word(g, p->span_ns, buf),
			     load_text(g, p->span_ns, load));
	if (p && *p->note)
		sbuf__printf(&text, " [%s]", p->note);
	if (p && g && verdict__sufferer(p, g)) {
		sbuf__puts(&text, "; ");
		verdict__who(s, p, g, VERDICT_SHORT, &text);
	}
	canvas__puts(c, 0, 0, c->w, ROLE_NORMAL, sbuf__str(&text));
}
