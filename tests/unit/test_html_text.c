/* SPDX-License-Identifier: BSD-2-Clause */
/* test_html_text.c - what a target is called is text in the page, and only text, and not much of it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/view/html_impl.h"

static char *written(void (*put)(FILE *out, const char *s), const char *s)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	put(out, s);
	fclose(out);
	return text;
}

static void assert_written(void (*put)(FILE *out, const char *s), const char *s, const char *want)
{
	char *text = written(put, s);

	assert_string_equal(text, want);
	free(text);
}

static void tags_quotes_and_entities_are_text(void **state)
{
	(void)state;
	assert_written(html__text, "", "");
	assert_written(
		html__text, "</script><img src=x onerror=\"p('x')\">&amp;",
		"&lt;/script&gt;&lt;img src=x onerror=&quot;p(&#39;x&#39;)&quot;&gt;&amp;amp;");
	assert_written(html__text, "täglich 日本", "täglich 日本");
}

static void nothing_ends_the_data_or_a_string_in_it(void **state)
{
	(void)state;
	assert_written(html__json, "", "\"\"");
	assert_written(html__json, "</script><!--&'",
		       "\"\\u003c/script\\u003e\\u003c!--\\u0026\\u0027\"");
	assert_written(html__json, "a\"b\\c", "\"a\\u0022b\\u005cc\"");
}

static void a_long_name_is_cut_in_the_middle(void **state)
{
	size_t len = 100000;
	char *name = malloc(len + 1);

	(void)state;
	assert_non_null(name);
	memset(name, '<', len);
	name[0] = 'A';
	name[len - 1] = 'Z';
	name[len] = '\0';
	for (int json = 0; json < 2; json++) {
		char *text = written(json ? html__json : html__text, name);

		assert_true(strlen(text) <= 6 * TEXT_COLUMNS + 8);
		assert_int_equal(text[json], 'A');
		assert_int_equal(text[strlen(text) - 1 - (size_t)json], 'Z');
		assert_null(strchr(text, '<'));
		free(text);
	}
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_quotes_and_entities_are_text),
		cmocka_unit_test(nothing_ends_the_data_or_a_string_in_it),
		cmocka_unit_test(a_long_name_is_cut_in_the_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
