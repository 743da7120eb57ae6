/* SPDX-License-Identifier: BSD-2-Clause */
/* test_util.c - numbers, clean text, growing strings, the hash table and the arena */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/fit.h"
#include "user/base/arena.h"
#include "user/base/hmap.h"
#include "user/base/parse.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"

static const char *clean(const char *in, size_t len, size_t out_sz)
{
	static char out[256];
	size_t n;

	assert_true(out_sz <= sizeof(out));
	memset(out, 'Z', sizeof(out));
	n = clean_text(in, len, out, out_sz);
	assert_true(n < out_sz);
	assert_int_equal(strlen(out), n);
	return out;
}

#define CLEAN(s) clean(s, sizeof(s) - 1, 256)

static void clean_text_keeps_text_and_replaces_what_steers_a_terminal(void **state)
{
	(void)state;
	assert_string_equal(CLEAN("worker-1 \xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x8d"),
			    "worker-1 \xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x8d");
	assert_string_equal(CLEAN("\033]0;pwned\007"), "?]0;pwned?");
	assert_string_equal(CLEAN("a\nb\tc\rd\x7f"), "a?b?c?d?");
	/* C1 controls (CSI as one character), the bidi marks, the soft hyphen, the byte order mark */
	assert_string_equal(CLEAN("\xc2\x9b"
				  "31m"),
			    "?31m");
	assert_string_equal(CLEAN("\xe2\x80\xae"
				  "gpj.exe"),
			    "?gpj.exe");
	assert_string_equal(CLEAN("\xe2\x81\xa6\xc2\xad\xef\xbb\xbf"), "???");
}

static void clean_text_replaces_each_invalid_byte(void **state)
{
	(void)state;
	assert_string_equal(CLEAN("\xff\xfe"), "??");
	assert_string_equal(CLEAN("\xc0\x80"), "??");		  /* overlong NUL */
	assert_string_equal(CLEAN("\xe0\x80\xaf"), "???");	  /* overlong / */
	assert_string_equal(CLEAN("\xed\xa0\x80"), "???");	  /* surrogate */
	assert_string_equal(CLEAN("\xf4\x90\x80\x80"), "????");	  /* above U+10FFFF */
	assert_string_equal(CLEAN("\xf0\x9f\x90"), "???");	  /* cut in the middle */
	assert_string_equal(CLEAN("x\x80y"), "x?y");		  /* lone continuation */
	assert_string_equal(clean("abc\0def", 7, 256), "abc");	  /* ends at a NUL */
	assert_string_equal(clean("\xe2\x82\xac", 2, 256), "??"); /* not NUL-terminated */
	assert_string_equal(CLEAN(""), "");
}

static void clean_text_cuts_between_characters(void **state)
{
	char one[1] = "x";

	(void)state;
	assert_string_equal(clean("\xe2\x82\xac\xe2\x82\xac", 6, 6), "\xe2\x82\xac");
	assert_string_equal(clean("\xe2\x82\xac", 3, 3), "");
	assert_string_equal(clean("abcd", 4, 4), "abc");
	assert_int_equal(clean_text("abc", 3, one, 1), 0);
	assert_int_equal(one[0], 0);
	assert_int_equal(clean_text("abc", 3, NULL, 0), 0);
}

static void clean_text_of_any_bytes_stays_clean_when_cleaned_again(void **state)
{
	uint32_t x = 2463534242;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char in[24], a[64], b[64];

		for (size_t i = 0; i < sizeof(in); i++) {
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
			in[i] = (char)(x >> 8);
		}
		clean_text(in, sizeof(in), a, sizeof(a));
		clean_text(a, strlen(a), b, sizeof(b));
		assert_string_equal(a, b);
		for (const char *s = a; *s; s++)
			assert_true((unsigned char)*s >= 0x20 && *s != 0x7f);
	}
}

static void parse_u64_takes_whole_numbers_within_bounds_only(void **state)
{
	static const char *const bad[] = { "",	   " 1",  "1 ",	 "+1",	"-1",
					   "0x10", "1e3", "1.0", "one", "1,2" };
	uint64_t v = 77;

	(void)state;
	assert_int_equal(parse_u64("0", 0, UINT64_MAX, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(parse_u64("18446744073709551615", 0, UINT64_MAX, &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(parse_u64("007", 1, 7, &v), 0);
	assert_int_equal(v, 7);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_u64(bad[i], 0, UINT64_MAX, &v), -EINVAL);
	assert_int_equal(parse_u64(NULL, 0, 1, &v), -EINVAL);
	assert_int_equal(parse_u64("18446744073709551616", 0, UINT64_MAX, &v), -ERANGE);
	assert_int_equal(parse_u64("0", 1, 9, &v), -ERANGE);
	assert_int_equal(parse_u64("10", 1, 9, &v), -ERANGE);
	assert_int_equal(v, 7); /* untouched by failures */
}

static void parse_duration_knows_its_units(void **state)
{
	static const struct {
		const char *s;
		uint64_t ns;
	} good[] = {
		{ "10", 10000000000 },	 { "10s", 10000000000 },  { "1.5s", 1500000000 },
		{ "500ms", 500000000 },	 { "250us", 250000 },	  { "7ns", 7 },
		{ "2m", 120000000000 },	 { "1min", 60000000000 }, { ".5", 500000000 },
		{ "1h", 3600000000000 }, { "0.1", 100000000 },
	};
	static const char *const bad[] = { "",	 "s",	 "-1",	 "+1",	" 1",  "1 s",
					   "1x", "1sec", "0x10", "1e3", "nan", "inf",
					   ".",	 "1..2", "1s2",	 "10 ", "1S" };
	uint64_t v = 77;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(parse_duration(good[i].s, &v), 0);
		assert_int_equal(v, good[i].ns);
	}
	v = 77;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_duration(bad[i], &v), -EINVAL);
	assert_int_equal(parse_duration(NULL, &v), -EINVAL);
	assert_int_equal(parse_duration("0", &v), -ERANGE);
	assert_int_equal(parse_duration("0.1ns", &v), -ERANGE);
	assert_int_equal(parse_duration("99999h", &v), -ERANGE);
	assert_int_equal(v, 77);
}

static void sbuf_grows_resets_and_frees(void **state)
{
	struct sbuf b = { 0 };

	(void)state;
	assert_string_equal(sbuf__str(&b), "");
	sbuf__reset(&b);
	for (int i = 0; i < 1000; i++)
		sbuf__printf(&b, "%03d,", i);
	assert_int_equal(b.len, 4000);
	assert_memory_equal(b.s + 3996, "999,", 5);
	sbuf__reset(&b);
	assert_string_equal(sbuf__str(&b), "");
	sbuf__add(&b, "a\0b", 3);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.s, "a\0b", 4);
	sbuf__free(&b);
	assert_null(b.s);
	sbuf__free(&b);
}

static void sbuf_remembers_that_memory_was_short(void **state)
{
	struct sbuf b = { 0 };

	(void)state;
	sbuf__puts(&b, "kept");
	sbuf__add(&b, "", SIZE_MAX / 2);
	assert_true(b.oom);
	sbuf__puts(&b, " not added");
	assert_string_equal(sbuf__str(&b), "kept");
	sbuf__free(&b);
}

static void array_grow_doubles_and_keeps(void **state)
{
	uint32_t *a = NULL;
	size_t cap = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(array_grow(&a, i, &cap, sizeof(*a)), 0);
		assert_true(cap > i);
		a[i] = i;
	}
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(a[i], i);
	free(a);
}

static void read_file_stops_at_its_limit(void **state)
{
	struct sbuf b = { 0 };

	(void)state;
	assert_int_equal(read_file(AT_FDCWD, "/proc/self/status", 100, &b), 0);
	assert_int_equal(b.len, 100);
	assert_memory_equal(b.s, "Name:", 5);
	assert_int_equal(read_file(AT_FDCWD, "/nonexistent/x", 100, &b), -ENOENT);
	assert_int_equal(read_file(AT_FDCWD, "/proc", 100, &b), -EISDIR);
	sbuf__free(&b);
}

static void errstr_names_the_error_whatever_its_sign(void **state)
{
	(void)state;
	assert_string_equal(errstr(ENOENT), "ENOENT: No such file or directory");
	assert_string_equal(errstr(-ENOENT), "ENOENT: No such file or directory");
	assert_non_null(errstr(99999));
}

static void hmap_finds_what_was_put_after_every_growth(void **state)
{
	struct hmap h = { 0 };
	static int values[5000];

	(void)state;
	assert_null(hmap__get(&h, 1, 2));
	for (uint64_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_int_equal(hmap__put(&h, i * 0x1000, i & 7, &values[i]), 0);
	assert_int_equal(h.cnt, ARRAY_SIZE(values));
	for (uint64_t i = 0; i < ARRAY_SIZE(values); i++) {
		assert_ptr_equal(hmap__get(&h, i * 0x1000, i & 7), &values[i]);
		assert_null(hmap__get(&h, i * 0x1000, (i & 7) + 8));
	}
	assert_int_equal(hmap__put(&h, 0, 0, &values[9]), 0); /* replaces */
	assert_int_equal(h.cnt, ARRAY_SIZE(values));
	assert_ptr_equal(hmap__get(&h, 0, 0), &values[9]);
	hmap__clear(&h);
	assert_int_equal(h.cnt, 0);
	assert_null(hmap__get(&h, 0, 0));
	hmap__free(&h);
	hmap__clear(&h); /* of an empty one */
	assert_null(hmap__get(&h, 0, 0));
}

static void arena_gives_zeroed_aligned_memory_that_does_not_overlap(void **state)
{
	struct arena a = { 0 };
	unsigned char *prev = NULL;

	(void)state;
	for (size_t n = 0; n < 3000; n++) {
		unsigned char *p = arena__alloc(&a, n % 300, 7);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		assert_ptr_not_equal(p, prev);
		for (size_t i = 0; i < (n % 300) * 7; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, (n % 300) * 7);
		prev = p;
	}
	assert_non_null(arena__alloc(&a, 1, 1 << 20)); /* larger than a block */
	assert_null(arena__alloc(&a, SIZE_MAX / 2, 4));
	assert_null(arena__alloc(&a, SIZE_MAX, 1));
	assert_string_equal(arena__strdup(&a, "name"), "name");
	assert_string_equal(arena__strdup(&a, ""), "");
	assert_string_equal(arena__strdup(&a, NULL), "");
	arena__free(&a);
	arena__free(&a);
}

static void a_prefix_has_no_half_characters(void **state)
{
	size_t chars;

	(void)state;
	assert_int_equal(text_prefix("abc", 2, SIZE_MAX, &chars), 2);
	assert_int_equal(chars, 2);
	assert_int_equal(text_prefix("\u0434\u043e\u043c", 2, SIZE_MAX, &chars), 4);
	assert_int_equal(chars, 2);
	assert_int_equal(text_prefix("\u0434\u043e\u043c", SIZE_MAX, 5, &chars), 4);
	assert_int_equal(text_prefix("\U0001f40d", 9, 3, &chars), 0);
	assert_int_equal(chars, 0);
	assert_int_equal(text_prefix("", 5, 5, NULL), 0);
}

static void text_is_cut_in_the_middle(void **state)
{
	static const struct {
		const char *s;
		size_t max;
		const char *want;
	} cases[] = {
		{ "worker-3", 8, "worker-3" },
		{ "worker-31", 8, "work~-31" },
		{ "ThreadPoolExecutor-0_2", 15, "ThreadP~tor-0_2" },
		{ "abcd", 3, "a~d" },
		{ "abcd", 2, "a~" },
		{ "abcd", 1, "a" }, /* no room for a mark */
		{ "abcd", 0, "" },
		{ "", 5, "" },
		/* Columns are counted, not bytes, and not characters. */
		{ "\u5de5\u4f5c\u5de5\u4f5c-8", 10, "\u5de5\u4f5c\u5de5\u4f5c-8" },
		{ "\u5de5\u4f5c\u5de5\u4f5c-8", 9, "\u5de5\u4f5c~\u4f5c-8" },
		{ "\U0001f40d\U0001f40d\U0001f40d\U0001f40d", 5, "\U0001f40d~\U0001f40d" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sbuf b = { 0 };

		fit__middle(cases[i].s, cases[i].max, &b);
		assert_string_equal(sbuf__str(&b), cases[i].want);
		assert_true(fit__columns(sbuf__str(&b)) <= cases[i].max);
		sbuf__free(&b);
	}
}

static void a_file_that_many_are_called_like_is_said_with_its_folder(void **state)
{
	static const char *const cases[][2] = {
		{ "/srv/shop/views.py", "shop/views.py" },
		{ "shop/views.py", "shop/views.py" },
		{ "/usr/lib/python3.11/json/__init__.py", "json/__init__.py" },
		{ "/usr/lib/python3.11/json/encoder.py", "encoder.py" },
		{ "/srv/shop/myviews.py", "myviews.py" },
		{ "/views.py", "views.py" }, /* there is no folder to tell */
		{ "//views.py", "views.py" },
		{ "views.py", "views.py" },
		{ "/srv//views.py", "views.py" },
		{ "<string>", "<string>" },
		{ "<frozen importlib._bootstrap>", "<frozen importlib._bootstrap>" },
		{ "/srv/shop/", "/srv/shop/" },
		{ "/", "/" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(path_short(cases[i][0]), cases[i][1]);
}

static void text_can_be_cleaned_in_place(void **state)
{
	char s[] = "lib\033]0;x\a\xff.so";

	(void)state;
	clean_in_place(s);
	assert_string_equal(s, "lib?]0;x??.so");
	/* What is replaced is shorter than it was: the next character moves over a part of itself. */
	snprintf(s, sizeof(s), "\xc2\xad\xe6\x97\xa5\xe2\x80\xae\xf0\x9f\x90\x8d");
	clean_in_place(s);
	assert_string_equal(s, "?\xe6\x97\xa5?\xf0\x9f\x90\x8d");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_has_no_half_characters),
		cmocka_unit_test(text_is_cut_in_the_middle),
		cmocka_unit_test(a_file_that_many_are_called_like_is_said_with_its_folder),
		cmocka_unit_test(text_can_be_cleaned_in_place),
		cmocka_unit_test(clean_text_keeps_text_and_replaces_what_steers_a_terminal),
		cmocka_unit_test(clean_text_replaces_each_invalid_byte),
		cmocka_unit_test(clean_text_cuts_between_characters),
		cmocka_unit_test(clean_text_of_any_bytes_stays_clean_when_cleaned_again),
		cmocka_unit_test(parse_u64_takes_whole_numbers_within_bounds_only),
		cmocka_unit_test(parse_duration_knows_its_units),
		cmocka_unit_test(sbuf_grows_resets_and_frees),
		cmocka_unit_test(sbuf_remembers_that_memory_was_short),
		cmocka_unit_test(array_grow_doubles_and_keeps),
		cmocka_unit_test(read_file_stops_at_its_limit),
		cmocka_unit_test(errstr_names_the_error_whatever_its_sign),
		cmocka_unit_test(hmap_finds_what_was_put_after_every_growth),
		cmocka_unit_test(arena_gives_zeroed_aligned_memory_that_does_not_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
