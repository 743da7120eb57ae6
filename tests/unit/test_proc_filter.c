/* SPDX-License-Identifier: BSD-2-Clause */
/* test_proc_filter.c - which processes the filters of -a want */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/opts_stage.h"
#include "user/base/cgroup.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/target/proc_filter.h"

#define ID "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"

/* KIND WORDS, as on a command line; up to three of them. */
struct said {
	enum filter_kind kind;
	const char *words;
};

static struct proc_filter filter_of(const struct said *given, size_t cnt)
{
	struct proc_filter f = { 0 };
	struct sbuf why = { 0 };

	for (size_t i = 0; i < cnt && given[i].words; i++)
		assert_int_equal(proc_filter__add(&f, given[i].kind, given[i].words), 0);
	assert_int_equal(proc_filter__check(&f, &why), 0);
	assert_int_equal(why.len, 0);
	return f;
}

static struct proc_facts a_gunicorn(struct where *w)
{
	*w = (struct where){ 0 };
	snprintf(w->part[WHERE_CONTAINER], WHERE_SZ, "%s", ID);
	snprintf(w->part[WHERE_NAME], WHERE_SZ, "web-1");
	snprintf(w->part[WHERE_POD], WHERE_SZ, "3b4c5d6e-1a2b-4c3d-8e9f-0a1b2c3d4e5f");
	snprintf(w->part[WHERE_POD_NAME], WHERE_SZ, "shop-7d9");
	snprintf(w->part[WHERE_UNIT], WHERE_SZ, "gunicorn@3.service");
	return (struct proc_facts){ 1000, "gunicorn: worker",
				    "0::/shop.slice/docker-" ID ".scope\n", w };
}

static void words_of_a_kind_are_alternatives_and_kinds_go_together(void **state)
{
	static const struct {
		struct said given[3];
		bool wanted;
	} all[] = {
		{ { { FILTER_CGROUP, NULL } }, true },
		{ { { FILTER_USER, "1000" } }, true },
		{ { { FILTER_USER, "1001" } }, false },
		{ { { FILTER_USER, "1001,1000" } }, true },
		{ { { FILTER_USER, "1001" }, { FILTER_USER, "1000" } }, true },
		{ { { FILTER_COMM, "gunicorn: worker" } }, true },
		{ { { FILTER_COMM, "gunicorn" } }, false },
		{ { { FILTER_COMM, "gunicorn*" } }, true },
		{ { { FILTER_COMM, "[gG]unicorn: worke?" } }, true },
		{ { { FILTER_COMM, "python*,gunicorn*" } }, true },
		{ { { FILTER_COMM, "python*" } }, false },
		{ { { FILTER_CGROUP, "/shop.slice" } }, true },
		{ { { FILTER_CGROUP, "/shop" } }, false },
		{ { { FILTER_CGROUP, "shop.slice" } }, true },
		{ { { FILTER_CGROUP, "gunicorn@3.service" } }, true },
		{ { { FILTER_CGROUP, "gunicorn@3" } }, true },
		{ { { FILTER_CGROUP, "gunicorn@" } }, false },
		{ { { FILTER_CONTAINER, "web-1" } }, true },
		{ { { FILTER_CONTAINER, "web" } }, false },
		{ { { FILTER_CONTAINER, "0f1e" } }, true },
		{ { { FILTER_CONTAINER, "0F1E2D" } }, true },
		{ { { FILTER_CONTAINER, ID } }, true },
		{ { { FILTER_CONTAINER, "0f1" } }, false },
		{ { { FILTER_CONTAINER, ID "0" } }, false },
		{ { { FILTER_CONTAINER, "1e2d" } }, false },
		{ { { FILTER_POD, "shop-7d9" } }, true },
		{ { { FILTER_POD, "shop" } }, false },
		{ { { FILTER_POD, "3b4c5d6e-1a2b-4c3d-8e9f-0a1b2c3d4e5f" } }, true },
		{ { { FILTER_POD, "3b4c5d6e" } }, false },
		{ { { FILTER_USER, "1000" }, { FILTER_COMM, "g*" }, { FILTER_POD, "shop-7d9" } },
		  true },
		{ { { FILTER_USER, "1000" }, { FILTER_COMM, "x*" }, { FILTER_POD, "shop-7d9" } },
		  false },
		{ { { FILTER_USER, "1" }, { FILTER_COMM, "g*" }, { FILTER_POD, "shop-7d9" } },
		  false },
	};
	struct where w;
	struct proc_facts facts = a_gunicorn(&w);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct proc_filter f = filter_of(all[i].given, ARRAY_SIZE(all[i].given));

		if (proc_filter__matches(&f, &facts) != all[i].wanted)
			fail_msg("row %zu (%s) is %s", i, all[i].given[0].words,
				 all[i].wanted ? "not wanted" : "wanted");
		proc_filter__free(&f);
	}
}

/* What is in no container has neither an id nor a name that a word could be. */
static void nothing_known_is_nothing_wanted(void **state)
{
	static const struct said given[] = { { FILTER_CONTAINER, "0f1e" },
					     { FILTER_POD, "shop" },
					     { FILTER_CGROUP, "a" } };
	struct where w = { 0 };
	struct proc_facts facts = { 0, "", "", &w };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
		struct proc_filter f = filter_of(&given[i], 1);

		assert_false(proc_filter__matches(&f, &facts));
		proc_filter__free(&f);
	}
	/* A container that is known by its name alone has no beginning of an id. */
	snprintf(w.part[WHERE_CONTAINER], WHERE_SZ, "webserver");
	for (int i = 0; i < 2; i++) {
		struct said name = { FILTER_CONTAINER, i ? "webserver" : "webs" };
		struct proc_filter f = filter_of(&name, 1);

		assert_int_equal(proc_filter__matches(&f, &facts), i);
		proc_filter__free(&f);
	}
}

/* The kernel keeps 15 bytes of a name. */
static void a_long_name_is_known_by_what_the_kernel_has_of_it(void **state)
{
	struct said given = { FILTER_COMM, "a-long-name-of-a-program" };
	struct proc_filter f = filter_of(&given, 1);
	struct where w = { 0 };

	(void)state;
	assert_true(proc_filter__matches(&f, &(struct proc_facts){ 0, "a-long-name-of-", "", &w }));
	assert_false(proc_filter__matches(&f, &(struct proc_facts){ 0, "a-long-name-of", "", &w }));
	proc_filter__free(&f);
}

static void cannot_be(enum filter_kind kind, const char *words, const char *want)
{
	struct proc_filter f = { 0 };
	__cleanup(sbuf__free) struct sbuf why = { 0 };

	assert_int_equal(proc_filter__add(&f, kind, words), 0);
	assert_int_equal(proc_filter__check(&f, &why), -EINVAL);
	if (!strstr(sbuf__str(&why), want))
		fail_msg("%s: %s", words, sbuf__str(&why));
	proc_filter__free(&f);
}

static void what_cannot_be_is_said_before(void **state)
{
	static const char *const empty[] = { "", ",", "a,", ",a", "a,,b" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
		struct proc_filter f = { 0 };

		assert_int_equal(proc_filter__add(&f, FILTER_COMM, empty[i]), -EINVAL);
		proc_filter__free(&f);
	}
	cannot_be(FILTER_USER, "no-such-user-here", "no user 'no-such-user-here'");
	cannot_be(FILTER_USER, "0,4294967295", "no user '4294967295'");
	cannot_be(FILTER_CGROUP, "/a/../b", "..");
	cannot_be(FILTER_CGROUP, "/a/..", "..");
	cannot_be(FILTER_CGROUP, "../a", "..");
}

static void what_was_asked_for_can_be_said_again(void **state)
{
	static const struct said given[] = { { FILTER_USER, "0" },
					     { FILTER_COMM, "gunicorn*" },
					     { FILTER_USER, "7" } };
	struct proc_filter f = filter_of(given, ARRAY_SIZE(given)), none = { 0 };
	__cleanup(sbuf__free) struct sbuf text = { 0 };

	(void)state;
	proc_filter__words(&none, &text);
	assert_string_equal(sbuf__str(&text), "");
	proc_filter__words(&f, &text);
	assert_string_equal(sbuf__str(&text), "--user 0,7 --comm 'gunicorn*'");
	proc_filter__free(&f);
	assert_false(proc_filter__is_set(&f));
}

static bool wants(const struct said *given, size_t cnt, pid_t pid)
{
	struct proc_filter f = filter_of(given, cnt);
	bool ret = proc_filter__wants(&f, NULL, pid);

	proc_filter__free(&f);
	return ret;
}

static void a_process_is_judged_by_what_it_is_now(void **state)
{
	static const struct said comm = { FILTER_COMM, "wanted-*" };
	struct said user = { FILTER_USER, NULL };
	const struct passwd *pw = getpwuid(getuid());
	char uid[16];
	pid_t pid;

	(void)state;
	snprintf(uid, sizeof(uid), "%u", getuid());
	user.words = uid;
	assert_false(wants(&comm, 1, getpid()));
	assert_int_equal(prctl(PR_SET_NAME, "wanted-one"), 0);
	assert_true(wants(&comm, 1, getpid()));
	assert_true(wants(&user, 1, getpid()));
	snprintf(uid, sizeof(uid), "%u", getuid() + 1);
	assert_false(wants(&user, 1, getpid()));
	user.words = pw ? pw->pw_name : "0";
	assert_int_equal(wants(&user, 1, getpid()), pw || !getuid());
	pid = fork();
	if (!pid)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(wants(&comm, 1, pid));
	assert_true(wants(NULL, 0, pid)); /* no filter has nothing to say against it */
}

static void filters_of_a_command_line_arrive(void **state)
{
	struct opts o;

	(void)state;
	assert_int_equal(parse("-a --cgroup /a,b --pod p --container web --container db --user 0 "
			       "--comm py*",
			       &o),
			 0);
	assert_int_equal(o.filter.words[FILTER_CGROUP].cnt, 2);
	assert_string_equal(o.filter.words[FILTER_CGROUP].v[1], "b");
	assert_string_equal(o.filter.words[FILTER_POD].v[0], "p");
	assert_int_equal(o.filter.words[FILTER_CONTAINER].cnt, 2);
	assert_string_equal(o.filter.words[FILTER_CONTAINER].v[1], "db");
	assert_int_equal(o.filter.uids[0], 0);
	assert_string_equal(o.filter.words[FILTER_COMM].v[0], "py*");
	opts__free(&o);
	assert_false(proc_filter__is_set(&o.filter));
	assert_int_equal(parse("list --user 0", &o), 0); /* it looks at all of them */
	opts__free(&o);
	assert_int_equal(parse("record -a --comm x -o - -f folded", &o), 0);
	opts__free(&o);
}

static void filters_that_would_filter_nothing_are_refused(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{ "-p 1 --comm x", "--comm chooses among all processes: it goes with -a" },
		{ "--user 0", "--user chooses among all processes" },
		{ "--pod x -- true", "--pod chooses among all processes" },
		{ "doctor --container x", "--container has no effect with doctor" },
		{ "-a --user no-such-user-here", "this machine has no user 'no-such-user-here'" },
		{ "-a --comm ,", "--comm: ',' has an empty word: it takes NAME" },
		{ "-a --cgroup /a/../b", "goes back with .." },
		{ "-a --container", "--container needs a value: ID|NAME" },
	};
	struct opts o;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (parse(cases[i].line, &o) != -EINVAL || !strstr(said, cases[i].says))
			fail_msg("giltop %s: %s", cases[i].line, said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_a_kind_are_alternatives_and_kinds_go_together),
		cmocka_unit_test(nothing_known_is_nothing_wanted),
		cmocka_unit_test(a_long_name_is_known_by_what_the_kernel_has_of_it),
		cmocka_unit_test(what_cannot_be_is_said_before),
		cmocka_unit_test(what_was_asked_for_can_be_said_again),
		cmocka_unit_test(a_process_is_judged_by_what_it_is_now),
		cmocka_unit_test(filters_of_a_command_line_arrive),
		cmocka_unit_test(filters_that_would_filter_nothing_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
