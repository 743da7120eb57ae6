/* SPDX-License-Identifier: BSD-2-Clause */
/* test_json.c - what json_out writes, jansson reads back as it was meant */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/json_out.h"
#include "user/base/text.h"
#include "user/picture/snapshot.h"

struct memory {
	char *text;
	size_t len;
	struct json_out j;
};

static void open_memory(struct memory *m)
{
	*m = (struct memory){ 0 };
	m->j.out = open_memstream(&m->text, &m->len);
	assert_non_null(m->j.out);
}

/* Ends the line, reads it back. */
static json_t *close_memory(struct memory *m)
{
	json_error_t e;
	json_t *root;

	assert_int_equal(json__end(&m->j), 0);
	fclose(m->j.out);
	assert_int_equal(m->text[m->len - 1], '\n');
	assert_null(memchr(m->text, '\n', m->len - 1)); /* one record, one line */
	root = json_loads(m->text, JSON_REJECT_DUPLICATES, &e);
	if (!root)
		print_error("%s\n%s", e.text, m->text);
	assert_non_null(root);
	free(m->text);
	return root;
}

static void commas_come_between_and_nowhere_else(void **state)
{
	struct memory m;
	json_t *root;

	(void)state;
	open_memory(&m);
	json__open(&m.j, NULL, '{');
	json__open(&m.j, "empty", '[');
	json__close(&m.j, ']');
	json__open(&m.j, "rows", '[');
	for (uint64_t i = 0; i < 3; i++) {
		json__open(&m.j, NULL, '{');
		json__u64(&m.j, "i", i);
		json__bool(&m.j, "even", i % 2 == 0);
		json__close(&m.j, '}');
	}
	json__close(&m.j, ']');
	json__null(&m.j, "nothing");
	json__close(&m.j, '}');
	root = close_memory(&m);
	assert_int_equal(json_array_size(json_object_get(root, "empty")), 0);
	assert_int_equal(json_array_size(json_object_get(root, "rows")), 3);
	assert_true(json_is_null(json_object_get(root, "nothing")));
	json_decref(root);
}

static void every_ascii_byte_survives_in_keys_and_values(void **state)
{
	char all[128];
	struct memory m;
	json_t *root;

	(void)state;
	for (int i = 1; i < 128; i++)
		all[i - 1] = (char)i;
	all[127] = '\0';
	open_memory(&m);
	json__open(&m.j, NULL, '{');
	json__str(&m.j, all, all);
	json__str(&m.j, "utf8", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x8d");
	json__close(&m.j, '}');
	root = close_memory(&m);
	assert_string_equal(json_string_value(json_object_get(root, all)), all);
	assert_string_equal(json_string_value(json_object_get(root, "utf8")),
			    "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x8d");
	json_decref(root);
}

static void any_bytes_of_a_target_are_valid_json_once_cleaned(void **state)
{
	uint32_t x = 1;

	(void)state;
	for (int round = 0; round < 500; round++) {
		char in[64], text[256];
		struct memory m;
		json_t *root;

		for (size_t i = 0; i < sizeof(in); i++) {
			x = x * 1664525 + 1013904223;
			in[i] = (char)(x >> 24);
		}
		clean_text(in, sizeof(in), text, sizeof(text));
		open_memory(&m);
		json__open(&m.j, NULL, '{');
		json__str(&m.j, "name", text);
		json__close(&m.j, '}');
		root = close_memory(&m);
		assert_string_equal(json_string_value(json_object_get(root, "name")), text);
		json_decref(root);
	}
}

static void unknown_is_null_and_large_numbers_keep_every_digit(void **state)
{
	struct memory m;
	json_t *root;

	(void)state;
	open_memory(&m);
	json__open(&m.j, NULL, '{');
	json__ns(&m.j, "unknown", NS_UNKNOWN);
	json__ns(&m.j, "zero", 0);
	json__u64(&m.j, "large", 9007199254740993); /* no double has it */
	json__real(&m.j, "share", 0.978);
	json__real(&m.j, "none", NAN);
	json__real(&m.j, "endless", INFINITY);
	json__close(&m.j, '}');
	root = close_memory(&m);
	assert_true(json_is_null(json_object_get(root, "unknown")));
	assert_true(json_is_integer(json_object_get(root, "zero")));
	assert_true(json_integer_value(json_object_get(root, "large")) == 9007199254740993);
	assert_true(fabs(json_real_value(json_object_get(root, "share")) - 0.978) < 1e-9);
	assert_true(json_is_null(json_object_get(root, "none")));
	assert_true(json_is_null(json_object_get(root, "endless")));
	json_decref(root);
}

static void a_full_disk_is_reported(void **state)
{
	struct json_out j = { .out = fopen("/dev/full", "w") };

	(void)state;
	if (!j.out)
		skip();
	json__open(&j, NULL, '{');
	json__close(&j, '}');
	assert_int_equal(json__end(&j), -ENOSPC);
	fclose(j.out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_come_between_and_nowhere_else),
		cmocka_unit_test(every_ascii_byte_survives_in_keys_and_values),
		cmocka_unit_test(any_bytes_of_a_target_are_valid_json_once_cleaned),
		cmocka_unit_test(unknown_is_null_and_large_numbers_keep_every_digit),
		cmocka_unit_test(a_full_disk_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
