/* SPDX-License-Identifier: BSD-2-Clause */
/* Every screen, at several sizes, compared with the frames in tests/golden. After a wanted change:
 *   GILTOP_GOLDEN=write build/unit/test_tui_screens
 * and look at the difference.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fake_snapshot.h"
#include "layout.h"
#include "ui.h"

/* Found from the source file's own place, so that the tests run from anywhere; -ffile-prefix-map may
 * make that relative to the top of the tree.
 */
static const char *golden_dir(void)
{
	const char *dir = getenv("GILTOP_GOLDEN_DIR");

	return dir ? dir : "tests/golden";
}

struct stage {
	struct fake now, all;
	struct timeline *timeline;
	struct ui_state ui;
};

static void stage__open(struct stage *st, bool unicode, int h, int w)
{
	struct tui_opts opts = { .interval_ns = S };

	memset(st, 0, sizeof(*st));
	fake__init(&st->now, 10 * S);
	fake__init(&st->all, 72 * S);
	st->timeline = fake__timeline(FAKE_NOW, 5 * S);
	assert_int_equal(ui__init(&st->ui, &opts, unicode), 0);
	ui__resize(&st->ui, h, w);
	/* Some history: the load grew. */
	for (unsigned int i = 0; i < 40; i++) {
		struct fake *f = &st->all;

		f->gils[0].held_ns = f->procs[0].span_ns / 1000 * (400 + i * 14);
		f->gils[0].wait_ns = f->procs[0].span_ns / 1000 * (i * 37);
		memset(f->wait, 0, sizeof(f->wait));
		fake__hist(&f->wait[0], (i % 7 + 1) * MS / 4, 300);
		ui__update(&st->ui, &f->snap, NULL, NULL);
	}
	fake__init(&st->all, 72 * S);
	ui__update(&st->ui, &st->now.snap, &st->all.snap, st->timeline);
}

static void stage__close(struct stage *st)
{
	ui__deinit(&st->ui);
	timeline__free(st->timeline);
}

static void keys(struct stage *st, const char *s)
{
	for (; *s; s++)
		ui__key(&st->ui, *s == '\n' ? UI_KEY_ENTER : *s == '\033' ? UI_KEY_ESC : *s);
}

static void check_golden(const char *name, const char *text)
{
	__cleanup(sbuf__free) struct sbuf want = { 0 };
	__cleanup(fclosep) FILE *out = NULL;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.txt", golden_dir(), name);
	if (getenv("GILTOP_GOLDEN")) {
		out = fopen(path, "w");
		assert_non_null(out);
		fputs(text, out);
		return;
	}
	assert_int_equal(read_file(-100 /* AT_FDCWD */, path, 1 << 20, &want), 0);
	if (strcmp(sbuf__str(&want), text))
		fprintf(stderr, "--- %s, now:\n%s--- wanted:\n%s", path, text, sbuf__str(&want));
	assert_string_equal(sbuf__str(&want), text);
}

static void check_frame(struct stage *st, const char *name, bool roles)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	struct canvas c;

	assert_int_equal(canvas__init(&c, st->ui.h, st->ui.w, st->ui.unicode), 0);
	ui__draw(&st->ui, &c);
	if (roles)
		canvas__to_roles(&c, &text);
	else
		canvas__to_text(&c, &text);
	canvas__deinit(&c);
	check_golden(name, sbuf__str(&text));
}

/* Each screen by the keys that lead to it. */
static const struct {
	const char *name, *keys;
} screens[] = {
	{ "threads", "1" }, { "timeline", "2" },  { "blame", "3" },    { "matrix", "4" },
	{ "latency", "5" }, { "processes", "6" }, { "detail", "1\n" }, { "tree", "3\n" },
	{ "help", "?" },    { "sort", "s" },
};

static void every_screen_looks_as_before(void **state)
{
	static const struct {
		int h, w;
		bool unicode;
	} sizes[] = { { 24, 80, true },	 { 24, 80, false }, { 12, 60, true },
		      { 12, 60, false }, { 43, 132, true }, { 43, 132, false } };
	struct stage st;
	char name[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(screens); k++) {
			stage__open(&st, sizes[i].unicode, sizes[i].h, sizes[i].w);
			keys(&st, screens[k].keys);
			snprintf(name, sizeof(name), "%s-%dx%d%s", screens[k].name, sizes[i].w,
				 sizes[i].h, sizes[i].unicode ? "" : "-ascii");
			check_frame(&st, name, false);
			stage__close(&st);
		}
	}
}

static void colours_mean_the_same_on_every_screen(void **state)
{
	struct stage st;
	char name[64];

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(screens); k++) {
		stage__open(&st, true, 24, 80);
		keys(&st, screens[k].keys);
		snprintf(name, sizeof(name), "%s-80x24-roles", screens[k].name);
		check_frame(&st, name, true);
		stage__close(&st);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_screen_looks_as_before),
		cmocka_unit_test(colours_mean_the_same_on_every_screen),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
