/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tui_looks.c - every role can be read, on black and on white, and states are told apart by all */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tui/looks.h"
#include "user/base/util.h"

struct rgb {
	double r, g, b; /* linear, 0..1 */
};

/* sRGB to light, by a polynomial that is as good. */
static double linear(int v)
{
	double s = v / 255.0;

	return s * (s * (s * 0.305306011 + 0.682171111) + 0.012522878);
}

static double cube_root(double v)
{
	double x = 1;

	for (int i = 0; v > 0 && i < 60; i++)
		x -= (x * x * x - v) / (3 * x * x);
	return v > 0 ? x : 0;
}

/* xterm's 256 colours from 16 on: a cube and greys. */
static struct rgb rgb_of(short n)
{
	static const int steps[] = { 0, 95, 135, 175, 215, 255 };
	int c = n - 16;

	assert_true(n >= 16 && n < 256);
	if (n >= 232)
		return (struct rgb){ linear(8 + (n - 232) * 10), linear(8 + (n - 232) * 10),
				     linear(8 + (n - 232) * 10) };
	return (struct rgb){ linear(steps[c / 36]), linear(steps[c / 6 % 6]),
			     linear(steps[c % 6]) };
}

static double luminance(struct rgb c)
{
	return 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b;
}

/* As WCAG defines it: 1 (none) to 21; 4.5 is asked for text, 3 for signs. */
static double contrast(double a, double b)
{
	return a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05);
}

static void roles_are_readable_on_their_background(void **state)
{
	static const struct {
		int scheme;
		double background;
	} all[] = { { TUI_SCHEME_LIGHT, 1 }, { TUI_SCHEME_DARK, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		for (int role = 0; role < ROLE_CNT; role++) {
			struct look l = looks__of((enum role)role, all[i].scheme, 256, NULL);
			double want = role == ROLE_RELEASED ? 2.8 : 4.5;

			if (l.fg >= 0)
				assert_true(contrast(luminance(rgb_of(l.fg)), all[i].background) >=
					    want);
		}
	}
}

/* What a person without one kind of cones sees (Vienot 1999: protanopia, deuteranopia), linear. */
static struct rgb seen(struct rgb c, int kind)
{
	if (kind == 1)
		return (struct rgb){ 0.11238 * c.r + 0.88762 * c.g, 0.11238 * c.r + 0.88762 * c.g,
				     0.00401 * c.r - 0.00401 * c.g + c.b };
	if (kind == 2)
		return (struct rgb){ 0.29275 * c.r + 0.70725 * c.g, 0.29275 * c.r + 0.70725 * c.g,
				     -0.02234 * c.r + 0.02234 * c.g + c.b };
	return c;
}

/* Yellow against blue is what all see: how blue, 0..1 on the scale of the eye. */
static double blueness(struct rgb c)
{
	return cube_root(c.b) - cube_root((c.r + c.g) / 2);
}

static void holding_and_waiting_differ_for_the_colour_blind(void **state)
{
	(void)state;
	for (int scheme = TUI_SCHEME_DARK; scheme <= TUI_SCHEME_LIGHT; scheme++) {
		struct rgb hold = rgb_of(looks__of(ROLE_HOLD, scheme, 256, NULL).fg);
		struct rgb wait = rgb_of(looks__of(ROLE_WAIT, scheme, 256, NULL).fg);

		for (int kind = 0; kind < 3; kind++)
			assert_true(blueness(seen(hold, kind)) - blueness(seen(wait, kind)) > 0.5);
	}
}

static void on_white_nothing_is_yellow_or_cyan(void **state)
{
	(void)state;
	for (int role = 0; role < ROLE_CNT; role++) {
		short fg = looks__of((enum role)role, TUI_SCHEME_LIGHT, 8, NULL).fg;

		assert_true(fg == -1 || fg == 1 || fg == 4 || fg == 5);
	}
}

static void without_colours_weight_tells_what_matters(void **state)
{
	static const int colours[] = { -1, 0, 2, 256 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(colours); i++) {
		int scheme = colours[i] == 256 ? TUI_SCHEME_MONO : TUI_SCHEME_LIGHT;

		for (int role = 0; role < ROLE_CNT; role++)
			assert_int_equal(looks__of((enum role)role, scheme, colours[i], NULL).fg,
					 -1);
		assert_int_equal(looks__of(ROLE_HOLD, scheme, colours[i], NULL).attrs, LOOK_BOLD);
		assert_int_equal(looks__of(ROLE_WAIT, scheme, colours[i], NULL).attrs, 0);
		assert_int_equal(looks__of(ROLE_WARN, scheme, colours[i], NULL).attrs,
				 LOOK_REVERSE);
	}
}

static void the_background_is_read_from_colorfgbg(void **state)
{
	static const char *const light[] = { "0;15", "0;default;15", "0;7", "1;11", ";15" };
	static const char *const dark[] = { "15;0", "7;8",	"15;default;0", "15;default", "",
					    "15",   "0;999999", "0;-1",		"0;15x",      ";" };

	(void)state;
	assert_false(looks__is_light(NULL));
	for (size_t i = 0; i < ARRAY_SIZE(light); i++)
		assert_true(looks__is_light(light[i]));
	for (size_t i = 0; i < ARRAY_SIZE(dark); i++)
		assert_false(looks__is_light(dark[i]));
	/* Only where nothing else was chosen. */
	assert_int_equal(looks__of(ROLE_HOLD, TUI_SCHEME_AUTO, 256, "0;15").fg,
			 looks__of(ROLE_HOLD, TUI_SCHEME_LIGHT, 256, NULL).fg);
	assert_int_equal(looks__of(ROLE_HOLD, TUI_SCHEME_DARK, 256, "0;15").fg,
			 looks__of(ROLE_HOLD, TUI_SCHEME_AUTO, 256, NULL).fg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_are_readable_on_their_background),
		cmocka_unit_test(holding_and_waiting_differ_for_the_colour_blind),
		cmocka_unit_test(on_white_nothing_is_yellow_or_cyan),
		cmocka_unit_test(without_colours_weight_tells_what_matters),
		cmocka_unit_test(the_background_is_read_from_colorfgbg),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
