/* SPDX-License-Identifier: BSD-2-Clause */
/* test_log.c - messages that are held back while the screen is up */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "user/base/log.h"

/* What goes to stderr while fn runs. */
static const char *said(void (*fn)(void))
{
	static char buf[256 * 1024];
	FILE *f = tmpfile();
	int old = dup(STDERR_FILENO);
	size_t n;

	assert_non_null(f);
	dup2(fileno(f), STDERR_FILENO);
	fn();
	dup2(old, STDERR_FILENO);
	close(old);
	rewind(f);
	n = fread(buf, 1, sizeof(buf) - 1, f);
	buf[n] = '\0';
	fclose(f);
	return buf;
}

static void say_two(void)
{
	log__hold(true);
	pr_warn("first\n");
	pr_warn("second\n");
	log__hold(false);
	pr_warn("third\n");
}

static void say_ten_thousand(void)
{
	log__hold(true);
	for (int i = 0; i < 10000; i++)
		pr_warn("message %d\n", i);
	log__hold(false);
}

static void held_messages_come_in_their_order(void **state)
{
	(void)state;
	assert_string_equal(said(say_two), "giltop: first\ngiltop: second\ngiltop: third\n");
}

static void of_many_the_last_are_kept_whole_and_the_others_counted(void **state)
{
	const char *text = said(say_ten_thousand), *line = strchr(text, '\n') + 1;
	unsigned long dropped;
	int first, end = 0;

	(void)state;
	assert_int_equal(sscanf(text, "giltop: %lu earlier messages are not kept\n", &dropped), 1);
	assert_true(strlen(line) <= 64 * 1024 && strlen(line) > 63 * 1024);
	assert_int_equal(sscanf(line, "giltop: message %d\n%n", &first, &end), 1);
	assert_true(end > 0 && (unsigned long)first == dropped);
	assert_non_null(strstr(line, "\ngiltop: message 9999\n"));
	/* A second time starts anew. */
	assert_string_equal(said(say_two), "giltop: first\ngiltop: second\ngiltop: third\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(held_messages_come_in_their_order),
		cmocka_unit_test(of_many_the_last_are_kept_whole_and_the_others_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
