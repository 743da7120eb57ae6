/* SPDX-License-Identifier: BSD-2-Clause */
/* Several processes: whom the header is about, and until when. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <string.h>

#include "tests/unit/tui_stage.h"
#include "user/base/sbuf.h"

struct act {
	struct stage st;
	struct snap_gil gils[3];
};

/* Three processes, 4242 .. 4244, that have shown nothing yet. */
static void open_three(struct act *a)
{
	struct tui_opts opts = { .interval_ns = S };
	struct snapshot *s = &a->st.now.snap;

	memset(a, 0, sizeof(*a));
	fake__init(&a->st.now, S);
	assert_int_equal(ui__init(&a->st.ui, &opts, true), 0);
	ui__resize(&a->st.ui, 24, 80);
	for (size_t i = 0; i < 3; i++) {
		struct snap_proc *p = &a->st.now.procs[i];

		*p = a->st.now.procs[0];
		p->pid = 4242 + (uint32_t)i;
		p->gil_cnt = 1;
		p->gils = &a->gils[i];
	}
	s->proc_cnt = 3;
}

/* A refresh: the GILs' loads in hundredths. Returns whom the header is about. */
static uint32_t refresh(struct act *a, unsigned int x, unsigned int y, unsigned int z)
{
	const unsigned int loads[] = { x, y, z };

	for (size_t i = 0; i < 3; i++) {
		uint64_t ns = a->st.now.procs[0].span_ns / 100 * loads[i];

		a->gils[i] = (struct snap_gil){ .held_ns = ns / 2,
						.wait_ns = ns - ns / 2,
						.observed_ns = a->st.now.procs[0].span_ns };
	}
	ui__update(&a->st.ui, &a->st.now.snap, NULL, NULL);
	return ui__proc(&a->st.ui)->pid;
}

static void the_header_stays_with_one_of_two_busy_ones(void **state)
{
	struct act a;

	(void)state;
	open_three(&a);
	assert_int_equal(refresh(&a, 0, 170, 160), 4243);
	for (unsigned int i = 0; i < 50; i++)
		assert_int_equal(refresh(&a, 0, 150 + i % 2 * 20, 170 - i % 2 * 20), 4243);
	/* nor does it leave one whose next request has not come yet */
	for (unsigned int i = 0; i < 50; i++)
		assert_int_equal(refresh(&a, 0, i % 2 * 100, 100 - i % 2 * 100), 4243);
	stage__close(&a.st);
}

static void a_clearly_busier_one_takes_the_header_over_after_some_refreshes(void **state)
{
	struct act a;
	unsigned int n = 0;

	(void)state;
	open_three(&a);
	assert_int_equal(refresh(&a, 20, 100, 0), 4243);
	assert_int_equal(refresh(&a, 20, 100, 0), 4243);
	while (refresh(&a, 20, 100, 300) == 4243)
		n++;
	assert_in_range(n, 3, 10);
	assert_int_equal(ui__proc(&a.st.ui)->pid, 4244);
	assert_int_equal(a.st.ui.past.cnt, 1); /* the history is of this one alone */
	stage__close(&a.st);
}

static void an_idle_supervisor_gives_the_header_to_its_first_busy_child(void **state)
{
	struct act a;

	(void)state;
	open_three(&a);
	a.st.now.snap.proc_cnt = 1;
	assert_int_equal(refresh(&a, 0, 0, 0), 4242);
	a.st.now.snap.proc_cnt = 3;
	assert_int_equal(refresh(&a, 0, 0, 0), 4242);
	assert_int_equal(refresh(&a, 1, 0, 90), 4244);
	assert_int_equal(refresh(&a, 1, 100, 90), 4244);
	stage__close(&a.st);
}

static void the_header_leaves_one_that_has_ended(void **state)
{
	struct act a;

	(void)state;
	open_three(&a);
	assert_int_equal(refresh(&a, 0, 170, 160), 4243);
	a.st.now.procs[1].alive = false;
	assert_int_equal(refresh(&a, 0, 170, 160), 4244);
	stage__close(&a.st);
}

static void whom_the_user_picked_the_header_stays_with(void **state)
{
	struct act a;

	(void)state;
	open_three(&a);
	assert_int_equal(refresh(&a, 10, 170, 160), 4243);
	keys(&a.st, "6jj\n");
	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(refresh(&a, 10, 300, 0), 4244);
	keys(&a.st, "\033");
	assert_int_equal(a.st.ui.focus_pid, 0);
	assert_int_equal(refresh(&a, 10, 170, 160), 4244);
	stage__close(&a.st);
}

static void the_header_says_which_one_of_how_many(void **state)
{
	struct act a;
	struct canvas c;
	struct sbuf text = { 0 };

	(void)state;
	open_three(&a);
	refresh(&a, 10, 170, 160);
	assert_int_equal(canvas__init(&c, 24, 80, true), 0);
	ui__draw(&a.st.ui, &c);
	canvas__to_text(&c, &text);
	assert_non_null(strstr(sbuf__str(&text), "2 of 3: pid 4243 "));
	sbuf__free(&text);
	canvas__deinit(&c);
	stage__close(&a.st);
}

/* What the screen shows at most is worth knowing, too: is it late, and what is left out for its own cost. */
static void the_header_says_when_giltop_is_late_or_does_less(void **state)
{
	struct stage st;
	struct canvas c;
	struct sbuf text = { 0 };

	(void)state;
	stage__open(&st, true, 24, 80);
	assert_int_equal(canvas__init(&c, 24, 80, true), 0);
	ui__draw(&st.ui, &c);
	canvas__to_text(&c, &text);
	assert_null(strstr(sbuf__str(&text), "lost 0  late"));
	assert_null(strstr(sbuf__str(&text), "does less"));
	sbuf__reset(&text);
	st.now.snap.self_level = 2;
	st.now.snap.stats[COUNTER_REFRESH_LATE] = 1;
	st.all.snap.stats[COUNTER_REFRESH_LATE] = 7; /* since the start: it stays there */
	ui__update(&st.ui, &st.now.snap, &st.all.snap, st.timeline);
	ui__draw(&st.ui, &c);
	canvas__to_text(&c, &text);
	assert_non_null(strstr(sbuf__str(&text), "late 7  does less (2)"));
	sbuf__free(&text);
	canvas__deinit(&c);
	stage__close(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_header_stays_with_one_of_two_busy_ones),
		cmocka_unit_test(a_clearly_busier_one_takes_the_header_over_after_some_refreshes),
		cmocka_unit_test(an_idle_supervisor_gives_the_header_to_its_first_busy_child),
		cmocka_unit_test(the_header_leaves_one_that_has_ended),
		cmocka_unit_test(whom_the_user_picked_the_header_stays_with),
		cmocka_unit_test(the_header_says_which_one_of_how_many),
		cmocka_unit_test(the_header_says_when_giltop_is_late_or_does_less),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
