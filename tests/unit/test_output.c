/* SPDX-License-Identifier: BSD-2-Clause */
/* test_output.c - files of -o: what was there stays until the new one is whole, and no litter */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/app/opts.h"
#include "user/app/output.h"
#include "user/base/log.h"
#include "user/target/failure.h"

static const struct opts over = { .output = "file", .force = true };

/* A directory of its own, and in it. */
static int setup(void **state)
{
	static char dir[64];

	unsetenv("SUDO_UID"); /* sudo make check */
	unsetenv("SUDO_GID");
	strcpy(dir, "/tmp/giltop-output.XXXXXX");
	if (!mkdtemp(dir) || chdir(dir))
		return -1;
	*state = dir;
	return 0;
}

static int teardown(void **state)
{
	DIR *d = opendir(".");
	struct dirent *e;

	while (d && (e = readdir(d)))
		unlink(e->d_name);
	if (d)
		closedir(d);
	return rmdir(*state);
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void assert_holds(const char *name, const char *want)
{
	char buf[64];
	FILE *f = fopen(name, "r");
	size_t n;

	assert_non_null(f);
	n = fread(buf, 1, sizeof(buf) - 1, f);
	buf[n] = '\0';
	fclose(f);
	assert_string_equal(buf, want);
}

static int entry_cnt(void)
{
	DIR *d = opendir(".");
	struct dirent *e;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
	closedir(d);
	return n;
}

static void old_file_stays_until_the_new_one_is_whole(void **state)
{
	struct output out = { 0 };
	struct stat before, after;
	int fd;

	(void)state;
	put("file", "old");
	assert_int_equal(chmod("file", 0644), 0);
	fd = open("file", O_RDONLY);
	assert_int_equal(fstat(fd, &before), 0);
	assert_int_equal(output__open(&out, &over), 0);
	fputs("new", out.f);
	fflush(out.f);
	assert_holds("file", "old");
	assert_int_equal(output__close(&out, 0), 0);
	assert_holds("file", "new");
	assert_int_equal(entry_cnt(), 1);
	assert_int_equal(stat("file", &after), 0);
	assert_int_equal(after.st_mode & 0777, 0600);
	/* Whoever has the old one open has it as it was. */
	assert_int_equal(fstat(fd, &after), 0);
	assert_int_equal(after.st_mode, before.st_mode);
	assert_int_equal(after.st_size, 3);
	close(fd);
}

static const struct opts export = { .output = "file", .files = { "in" }, .file_cnt = 1 };

static void what_is_made_of_a_file_is_there_whole_or_not_at_all(void **state)
{
	struct output out = { 0 }, failed = { 0 };

	(void)state;
	put("in", "recording");
	assert_int_equal(output__open(&failed, &export), 0);
	fputs("half", failed.f);
	assert_int_equal(output__close(&failed, -ENOSPC), -ENOSPC);
	assert_int_equal(entry_cnt(), 1);
	assert_int_equal(output__open(&out, &export), 0);
	fputs("whole", out.f);
	fflush(out.f);
	assert_int_not_equal(access("file", F_OK), 0);
	assert_int_equal(output__close(&out, 0), 0);
	assert_holds("file", "whole");
	assert_int_equal(output__open(&(struct output){ 0 }, &export), EXIT_RUNTIME);
}

static void what_comes_meanwhile_is_not_replaced(void **state)
{
	struct output out = { 0 };

	(void)state;
	put("in", "recording");
	assert_int_equal(output__open(&out, &export), 0);
	fputs("mine", out.f);
	put("file", "theirs");
	assert_int_equal(output__close(&out, 0), -EEXIST);
	assert_holds("file", "theirs");
}

static void what_is_read_is_not_written(void **state)
{
	static const struct opts same = {
		.output = "./in", .files = { "none", "link" }, .file_cnt = 2, .force = true
	};
	struct output out = { 0 };

	(void)state;
	put("in", "recording");
	assert_int_equal(symlink("in", "link"), 0);
	assert_int_equal(output__open(&out, &same), EXIT_RUNTIME);
	assert_null(out.f);
	assert_holds("in", "recording");
	assert_int_equal(entry_cnt(), 2);
}

static void an_empty_file_of_a_failure_is_taken_away(void **state)
{
	static const struct opts live = { .output = "file" };
	struct output out = { 0 };

	(void)state;
	assert_int_equal(output__open(&out, &live), 0);
	assert_int_equal(output__close(&out, -ECANCELED), -ECANCELED);
	assert_int_equal(entry_cnt(), 0);
}

static void old_file_stays_when_nothing_was_measured(void **state)
{
	struct output out = { 0 };

	(void)state;
	put("file", "old");
	assert_int_equal(output__open(&out, &over), 0);
	output__discard(&out);
	assert_int_equal(output__close(&out, 0), 0);
	assert_holds("file", "old");
	assert_int_equal(entry_cnt(), 1);
}

static void old_file_stays_when_writing_failed(void **state)
{
	struct output out = { 0 };

	(void)state;
	put("file", "old");
	assert_int_equal(output__open(&out, &over), 0);
	fputs("half of th", out.f);
	assert_int_equal(output__close(&out, -ENOSPC), -ENOSPC);
	assert_holds("file", "old");
	assert_int_equal(entry_cnt(), 1);
}

static void without_force_it_is_refused(void **state)
{
	struct opts o = { .output = "file" };
	struct output out = { 0 };

	(void)state;
	put("file", "old");
	assert_int_equal(output__open(&out, &o), EXIT_RUNTIME);
	assert_int_equal(output__close(&out, 0), 0);
	output__discard(&out);
	assert_holds("file", "old");
}

static void new_file_grows_under_its_name(void **state)
{
	struct output out = { 0 };

	(void)state;
	assert_int_equal(output__open(&out, &over), 0);
	fputs("new", out.f);
	fflush(out.f);
	assert_holds("file", "new");
	output__discard(&out);
	assert_int_equal(entry_cnt(), 0);
}

static void links_are_refused(void **state)
{
	struct output out = { 0 };

	(void)state;
	put("precious", "old");
	assert_int_equal(symlink("precious", "file"), 0);
	assert_int_equal(output__open(&out, &over), EXIT_RUNTIME);
	assert_holds("precious", "old");
	assert_int_equal(unlink("file"), 0);
	assert_int_equal(symlink("nowhere", "file"), 0);
	assert_int_equal(output__open(&out, &over), EXIT_RUNTIME);
	assert_int_equal(entry_cnt(), 2);
}

static void devices_and_pipes_are_written(void **state)
{
	const struct opts null = { .output = "/dev/null", .force = true };
	struct output out = { 0 };
	struct stat st;
	char got[8] = { 0 };
	int fd;

	(void)state;
	assert_int_equal(output__open(&out, &null), 0);
	assert_int_equal(output__close(&out, 0), 0);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode) && (st.st_mode & 0777) == 0666);

	assert_int_equal(mkfifo("file", 0644), 0);
	fd = open("file", O_RDONLY | O_NONBLOCK);
	assert_int_equal(output__open(&out, &over), 0);
	fputs("new", out.f);
	assert_int_equal(output__close(&out, 0), 0);
	assert_int_equal(read(fd, got, sizeof(got)), 3);
	assert_string_equal(got, "new");
	close(fd);
	assert_int_equal(stat("file", &st), 0);
	assert_true(S_ISFIFO(st.st_mode) && (st.st_mode & 0777) == 0644);
}

static void a_pipe_that_nobody_reads_is_an_error(void **state)
{
	struct output out = { 0 };
	struct stat st;

	(void)state;
	alarm(60); /* it would wait for a reader */
	assert_int_equal(mkfifo("file", 0644), 0);
	assert_int_equal(output__open(&out, &over), EXIT_RUNTIME);
	alarm(0);
	assert_int_equal(output__close(&out, 0), 0);
	assert_int_equal(stat("file", &st), 0);
}

static void nothing_is_written_after_the_first_failure(void **state)
{
	struct output out = { 0 };
	char got[8] = { 0 };
	int fd;

	(void)state;
	assert_int_equal(mkfifo("file", 0644), 0);
	fd = open("file", O_RDONLY | O_NONBLOCK);
	assert_int_equal(output__open(&out, &over), 0);
	out.write_err = -EINTR;
	fputs("new", out.f);
	assert_int_equal(output__close(&out, 0), -EINTR);
	assert_int_equal(read(fd, got, sizeof(got)), 0);
	close(fd);
}

/* What output__say says of a record that wrote this, as one line. */
static const char *said_of(const struct opts *o, const char *text, uint64_t span_ns)
{
	static char line[512];
	struct output out = { 0 };
	FILE *f = tmpfile();
	int keep = dup(2);
	size_t len;

	assert_int_equal(output__open(&out, o), 0);
	fputs(text, out.f);
	assert_int_equal(output__close(&out, 0), 0);
	dup2(fileno(f), 2);
	log__set_level(LOG_INFO);
	output__say(&out, o, span_ns);
	log__set_level(-1);
	dup2(keep, 2);
	close(keep);
	rewind(f);
	len = fread(line, 1, sizeof(line) - 1, f);
	line[len] = '\0';
	fclose(f);
	return line;
}

static void record_says_what_it_has_written(void **state)
{
	struct opts o = { .verb = VERB_RECORD, .output = "a.folded", .force = true };

	(void)state;
	assert_string_equal(said_of(&o, "a;b 1\na;c 22\n", 10000000000),
			    "giltop: wrote 2 stacks of 10.0s to a.folded (13 bytes)\n");
	assert_holds("a.folded", "a;b 1\na;c 22\n");
	assert_string_equal(said_of(&o, "a;b 1\n", 2500000000),
			    "giltop: wrote 1 stack of 2.5s to a.folded (6 bytes)\n");
	o.output = "a.jsonl";
	assert_string_equal(said_of(&o, "{}\n{}\n", 1000000000),
			    "giltop: wrote 2 lines of 1.0s to a.jsonl (6 bytes)\n");
}

static void record_says_that_nothing_was_there(void **state)
{
	struct opts o = { .verb = VERB_RECORD, .output = "a.folded", .force = true };

	(void)state;
	assert_string_equal(said_of(&o, "", 10000000000),
			    "giltop: no thread waited for the GIL in 10.0s: a.folded is empty\n");
	o.view.weight = WEIGHT_BLAME;
	o.view.tid_cnt = 1;
	assert_string_equal(
		said_of(&o, "", 10000000000),
		"giltop: no thread of -t made others wait for the GIL in 10.0s: a.folded is "
		"empty\n");
}

static void record_says_nothing_of_what_could_not_be_written(void **state)
{
	struct opts o = { .verb = VERB_RECORD, .output = "/dev/full", .force = true };
	struct output out = { 0 };

	(void)state;
	assert_int_equal(output__open(&out, &o), 0);
	fputs("a;b 1\n", out.f);
	assert_int_equal(output__close(&out, 0), -ENOSPC);
	assert_true(out.failed);
	assert_int_equal(out.line_cnt, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(old_file_stays_until_the_new_one_is_whole),
		TEST(what_is_made_of_a_file_is_there_whole_or_not_at_all),
		TEST(what_comes_meanwhile_is_not_replaced),
		TEST(what_is_read_is_not_written),
		TEST(an_empty_file_of_a_failure_is_taken_away),
		TEST(old_file_stays_when_nothing_was_measured),
		TEST(old_file_stays_when_writing_failed),
		TEST(without_force_it_is_refused),
		TEST(new_file_grows_under_its_name),
		TEST(links_are_refused),
		TEST(devices_and_pipes_are_written),
		TEST(a_pipe_that_nobody_reads_is_an_error),
		TEST(nothing_is_written_after_the_first_failure),
		TEST(record_says_what_it_has_written),
		TEST(record_says_that_nothing_was_there),
		TEST(record_says_nothing_of_what_could_not_be_written),
	};

	log__set_level(-1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
