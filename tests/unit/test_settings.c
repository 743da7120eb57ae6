/* SPDX-License-Identifier: BSD-2-Clause */
/* test_settings.c - what was chosen is there again; no file breaks giltop, and none is followed anywhere */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/base/log.h"
#include "tui/tui.h"
#include "user/app/settings.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/view/columns.h"

#define SCREEN_CNT 6

static struct tui_settings parsed(const char *text, size_t want_bad, size_t want_line)
{
	struct tui_settings s;
	size_t line;

	assert_int_equal(settings__parse(text, strlen(text), &s, &line), want_bad);
	assert_int_equal(line, want_line);
	return s;
}

static struct tui_settings usual(void)
{
	struct tui_settings s = { 0 };

	tui_settings__complete(&s, SCREEN_CNT);
	return s;
}

static struct tui_settings chosen(void)
{
	struct tui_settings s = usual();

	s.columns = 1ull << columns__find("thread") | 1ull << columns__find("blocks") |
		    1ull << columns__find("p50wait");
	for (int i = 0; i < 30; i++)
		tui_settings__move_column(&s, s.order_cnt - 1 - (size_t)i % s.order_cnt, -1);
	s.sort = columns__find("blame") + 1;
	s.scheme = TUI_SCHEME_LIGHT;
	s.screen = 3;
	s.group = 2;
	s.my_code = s.mouse = true;
	return s;
}

/* The columns that are shown, from left to right. */
static void shown(const struct tui_settings *s, struct sbuf *out)
{
	for (size_t i = 0; i < s->order_cnt; i++)
		if (tui_settings__shows(s, s->order[i]))
			sbuf__printf(out, "%s ", thread_columns[s->order[i]].name);
}

static void assert_same(const struct tui_settings *a, const struct tui_settings *b)
{
	__cleanup(sbuf__free) struct sbuf x = { 0 }, y = { 0 };

	shown(a, &x);
	shown(b, &y);
	assert_string_equal(sbuf__str(&x), sbuf__str(&y));
	assert_int_equal(a->sort, b->sort);
	assert_int_equal(a->scheme, b->scheme);
	assert_int_equal(a->screen, b->screen);
	assert_int_equal(a->group, b->group);
	assert_int_equal(a->my_code, b->my_code);
	assert_int_equal(a->mouse, b->mouse);
}

static void what_is_printed_is_parsed_as_the_same(void **state)
{
	struct tui_settings all[] = { usual(), chosen(), { 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		__cleanup(sbuf__free) struct sbuf text = { 0 }, again = { 0 };
		struct tui_settings s;

		settings__print(&all[i], "", &text);
		s = parsed(sbuf__str(&text), 0, 0);
		tui_settings__complete(&s, SCREEN_CNT);
		tui_settings__complete(&all[i], SCREEN_CNT);
		assert_same(&s, &all[i]);
		settings__print(&s, sbuf__str(&text), &again);
		assert_string_equal(sbuf__str(&again), sbuf__str(&text));
	}
}

static void lines_that_are_not_understood_leave_the_others(void **state)
{
	struct tui_settings s;

	(void)state;
	s = parsed("", 0, 0);
	assert_int_equal(s.columns, 0);
	s = parsed("# a comment\n\n  \nmouse on\r\nscheme-of-tomorrow violet\n", 0, 0);
	assert_true(s.mouse);
	s = parsed("mouse on\ncolours pink\n\033[31m\nscreen blame", 2, 2);
	assert_true(s.mouse);
	assert_int_equal(s.scheme, 0);
	assert_int_equal(s.screen, 2);
	s = parsed("mouse\nmouse  maybe\nsort\nsort nosuch\nsort hold\npools", 5, 1);
	assert_int_equal(s.sort, columns__find("hold") + 1);
	s = parsed("columns thread nosuch,hold thread\n", 1, 1);
	assert_int_equal(s.order_cnt, 2);
	s = parsed("columns\n", 0, 0);
	tui_settings__complete(&s, SCREEN_CNT);
	assert_true(s.columns == usual().columns);
}

static void keys_of_another_version_are_kept(void **state)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	struct tui_settings s = chosen();

	(void)state;
	settings__print(&s, "mouse off\nfuture-key 12 34\n# old\n\001\002\n;;\nmouse on\nother x",
			&text);
	assert_non_null(strstr(sbuf__str(&text), "\nfuture-key 12 34\nother x\n"));
	assert_null(strstr(sbuf__str(&text), "old"));
	assert_null(strstr(sbuf__str(&text), "\001"));
	assert_null(strstr(sbuf__str(&text), "mouse off"));
	s = parsed(sbuf__str(&text), 0, 0);
	assert_true(s.mouse);
}

/* Bytes, and lines made of the words that mean something. */
static void no_text_breaks_it(void **state)
{
	static const char *const words[] = { "columns", "sort",	 "colours", "screen", "pools",
					     "mouse",	"hold",	 "thread",  "at",     "on",
					     "light",	"blame", "\n",	    "\n",     "\n",
					     "\t",	"#",	 "\r\n",    "\xff",   "pid" };
	unsigned int seed = 5;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		__cleanup(sbuf__free) struct sbuf text = { 0 }, out = { 0 };
		struct tui_settings s;
		size_t line;

		for (int n = rand_r(&seed) % 400; n > 0; n--) {
			char c = (char)rand_r(&seed);

			if (round % 2)
				sbuf__add(&text, &c, 1);
			else
				sbuf__printf(&text, "%s ",
					     words[(size_t)rand_r(&seed) % ARRAY_SIZE(words)]);
		}
		if (round % 50 == 0)
			for (int n = 0; n < 5000; n++)
				sbuf__puts(&text, "thread ");
		settings__parse(sbuf__str(&text), text.len, &s, &line);
		tui_settings__complete(&s, SCREEN_CNT);
		settings__print(&s, sbuf__str(&text), &out);
		assert_int_equal(settings__parse(sbuf__str(&out), out.len, &s, &line), 0);
	}
}

/* ---- files ---- */

static int setup(void **state)
{
	static char dir[64];

	unsetenv("SUDO_UID"); /* sudo make check */
	unsetenv("SUDO_GID");
	strcpy(dir, "/tmp/giltop-settings.XXXXXX");
	if (!mkdtemp(dir) || chdir(dir))
		return -1;
	setenv("XDG_CONFIG_HOME", dir, 1);
	*state = dir;
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", (const char *)*state);
	return chdir("/") || system(command);
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int entry_cnt(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void what_is_saved_is_loaded_again(void **state)
{
	__cleanup(sbuf__free) struct sbuf path = { 0 };
	struct tui_settings s, want = chosen();
	struct stat st;

	assert_int_equal(settings__load(&s, false), 0); /* no file: nothing was chosen */
	assert_int_equal(s.columns, 0);
	umask(0);
	assert_int_equal(settings__save(&want, &path), 0);
	umask(022);
	assert_int_equal(strncmp(sbuf__str(&path), *state, strlen(*state)), 0);
	assert_int_equal(stat("giltop/settings", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat("giltop", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(settings__load(&s, false), 0);
	assert_same(&s, &want);
	/* The old file stays whole for who has it open, and there is no litter. */
	want.mouse = false;
	assert_int_equal(settings__save(&want, NULL), 0);
	assert_int_equal(entry_cnt("giltop"), 1);
	assert_int_equal(settings__load(&s, false), 0);
	assert_false(s.mouse);
}

static void what_is_no_small_regular_file_is_not_read_and_not_replaced(void **state)
{
	struct tui_settings s, mine = chosen();
	char buf[8] = { 0 };
	FILE *f;

	(void)state;
	log__set_level(-1);
	assert_int_equal(mkdir("giltop", 0700), 0);
	put("mine", "mouse on\n");
	assert_int_equal(symlink("../mine", "giltop/settings"), 0);
	assert_int_equal(settings__load(&s, false), -ELOOP);
	assert_false(s.mouse);
	assert_int_equal(settings__save(&mine, NULL), -ELOOP);
	f = fopen("mine", "r");
	assert_non_null(f);
	assert_non_null(fgets(buf, sizeof(buf), f));
	fclose(f);
	assert_string_equal(buf, "mouse o");
	unlink("giltop/settings");
	/* Nobody writes to it: opening it to read would wait for ever. */
	assert_int_equal(mkfifo("giltop/settings", 0600), 0);
	assert_int_equal(settings__load(&s, false), -EINVAL);
	assert_int_equal(settings__save(&mine, NULL), -EINVAL);
	unlink("giltop/settings");
	assert_int_equal(mkdir("giltop/settings", 0700), 0);
	assert_int_equal(settings__load(&s, false), -EINVAL);
	assert_int_equal(settings__save(&mine, NULL), -EINVAL);
	rmdir("giltop/settings");
	put("giltop/settings", "mouse on\n");
	assert_int_equal(truncate("giltop/settings", SETTINGS_MAX_SZ + 1), 0);
	assert_int_equal(settings__load(&s, false), -EFBIG);
	assert_false(s.mouse);
	assert_int_equal(truncate("giltop/settings", SETTINGS_MAX_SZ), 0);
	assert_int_equal(settings__load(&s, false), 0);
	assert_true(s.mouse);
	assert_int_equal(entry_cnt("giltop"), 1);
	log__set_level(LOG_INFO);
}

static void where_nothing_can_be_written_an_error_is_all(void **state)
{
	struct tui_settings s, mine = chosen();

	(void)state;
	put("giltop", "a file where the directory should be");
	assert_int_equal(settings__load(&s, false), 0);
	assert_int_equal(settings__save(&mine, NULL), -ENOTDIR);
	setenv("XDG_CONFIG_HOME", "/proc/nosuch", 1);
	assert_int_equal(settings__load(&s, false), 0);
	assert_int_equal(settings__save(&mine, NULL), -ENOENT);
	/* A relative one is not for us; then it is the home. */
	setenv("XDG_CONFIG_HOME", "here", 1);
	unsetenv("HOME");
	assert_int_equal(settings__load(&s, false), 0);
	assert_int_equal(settings__save(&mine, NULL), -ENOENT);
	setenv("HOME", *state, 1);
	assert_int_equal(settings__save(&mine, NULL), 0);
	assert_int_equal(access(".config/giltop/settings", F_OK), 0);
	assert_int_equal(access("here", F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_parsed_as_the_same),
		cmocka_unit_test(lines_that_are_not_understood_leave_the_others),
		cmocka_unit_test(keys_of_another_version_are_kept),
		cmocka_unit_test(no_text_breaks_it),
		cmocka_unit_test_setup_teardown(what_is_saved_is_loaded_again, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_is_no_small_regular_file_is_not_read_and_not_replaced, setup,
			teardown),
		cmocka_unit_test_setup_teardown(where_nothing_can_be_written_an_error_is_all, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
