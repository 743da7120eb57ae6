/* SPDX-License-Identifier: BSD-2-Clause */
/* What was appended to each of many streams is read back, as often as wanted; memory stays within its limit. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "user/base/spool.h"
#include "user/base/util.h"

#define LIMIT (1u << 20)

/* What stream s has as its n-th: its length, and bytes that depend on both. */
static size_t made_up(size_t s, uint64_t n, unsigned char ret[SPOOL_PIECE_MIN])
{
	size_t len = 1 + (s * 31 + n * 7) % 40;

	for (size_t i = 0; i < len; i++)
		ret[i] = (unsigned char)(s * 13 + n * 5 + i);
	return len;
}

static int put(struct spool *sp, size_t s, uint64_t n)
{
	unsigned char data[SPOOL_PIECE_MIN];
	size_t len = made_up(s, n, data);

	return spool__append(sp, s, data, len);
}

static void is_read_back(const struct spool *sp, size_t s, uint64_t cnt)
{
	struct spool_reader r = { 0 };
	const unsigned char *piece;
	uint64_t n = 0;
	ssize_t sz;

	while ((sz = spool__read(sp, s, &r, &piece)) > 0) {
		size_t at = 0;

		for (; at < (size_t)sz; n++) {
			unsigned char want[SPOOL_PIECE_MIN];
			size_t len = made_up(s, n, want);

			assert_true(at + len <= (size_t)sz);
			assert_memory_equal(piece + at, want, len);
			at += len;
		}
	}
	assert_int_equal(sz, 0);
	assert_int_equal(n, cnt);
	assert_int_equal(spool__read(sp, s, &r, &piece), 0);
	spool_reader__free(&r);
}

static void a_small_one_needs_no_file(void **state)
{
	struct spool sp;

	(void)state;
	spool__init(&sp, LIMIT);
	for (uint64_t n = 0; n < 20; n++)
		assert_int_equal(put(&sp, 3, n), 0);
	assert_int_equal(sp.fd, -1);
	is_read_back(&sp, 3, 20);
	is_read_back(&sp, 0, 0); /* never written */
	is_read_back(&sp, 99, 0);
	spool__free(&sp);
}

static void thousands_of_streams_come_back_twice(void **state)
{
	const size_t streams = 3000;
	struct spool sp;

	(void)state;
	spool__init(&sp, LIMIT);
	for (uint64_t n = 0; n < 200; n++)
		for (size_t s = 0; s < streams; s++) {
			assert_int_equal(put(&sp, s, n), 0);
			assert_true(sp.mem <= LIMIT);
		}
	assert_true(sp.fd >= 0);
	for (size_t s = 0; s < streams; s++) {
		is_read_back(&sp, s, 200);
		is_read_back(&sp, s, 200);
	}
	spool__free(&sp);
}

static void few_have_large_buffers_until_many_come(void **state)
{
	uint64_t file_sz;
	struct spool sp;

	(void)state;
	spool__init(&sp, LIMIT);
	for (uint64_t n = 0; n < 60000; n++)
		assert_int_equal(put(&sp, n % 3, n / 3), 0);
	assert_int_equal(sp.piece_max, SPOOL_PIECE_MAX);
	file_sz = sp.file_sz;
	assert_true(file_sz > 10 * SPOOL_PIECE_MAX);
	for (size_t s = 3; s < 2000; s++)
		for (uint64_t n = 0; n < 30; n++)
			assert_int_equal(put(&sp, s, n), 0);
	assert_true(sp.piece_max < SPOOL_PIECE_MAX);
	assert_true(sp.mem <= LIMIT);
	for (size_t s = 0; s < 2000; s++)
		is_read_back(&sp, s, s < 3 ? 20000 : 30);
	spool__free(&sp);
}

static void more_streams_than_the_limit_has_room_for(void **state)
{
	struct spool sp;

	(void)state;
	spool__init(&sp, 4096);
	for (uint64_t n = 0; n < 100; n++)
		for (size_t s = 0; s < 100; s++)
			assert_int_equal(put(&sp, s, n), 0);
	assert_true(sp.mem <= 100 * 2 * SPOOL_PIECE_MIN);
	for (size_t s = 0; s < 100; s++)
		is_read_back(&sp, s, 100);
	spool__free(&sp);
}

static void too_much_at_once_is_refused(void **state)
{
	static const unsigned char data[SPOOL_PIECE_MIN + 1];
	struct spool sp;

	(void)state;
	spool__init(&sp, LIMIT);
	assert_int_equal(spool__append(&sp, 0, data, sizeof(data)), -EMSGSIZE);
	assert_int_equal(spool__append(&sp, 0, data, sizeof(data) - 1), 0);
	spool__free(&sp);
}

/* As on a disk that is full. */
static void a_file_that_may_not_grow_is_an_error(void **state)
{
	struct rlimit before, few = { 100000, RLIM_INFINITY };
	struct spool sp;
	uint64_t n = 0;
	int err = 0;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	few.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_FSIZE, &few);
	spool__init(&sp, LIMIT);
	for (; n < 100000 && !err; n++)
		err = put(&sp, 0, n);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(err, -EFBIG);
	is_read_back(&sp, 0, n - 1);
	spool__free(&sp);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
	struct spool sp;
	uint64_t n = 0;
	int err = 0;

	(void)state;
	setenv("TMPDIR", "/nonexistent/giltop", 1);
	spool__init(&sp, LIMIT);
	for (; n < 100000 && !err; n++)
		err = put(&sp, 0, n);
	unsetenv("TMPDIR");
	assert_int_equal(err, -ENOENT);
	spool__free(&sp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_one_needs_no_file),
		cmocka_unit_test(thousands_of_streams_come_back_twice),
		cmocka_unit_test(few_have_large_buffers_until_many_come),
		cmocka_unit_test(more_streams_than_the_limit_has_room_for),
		cmocka_unit_test(too_much_at_once_is_refused),
		cmocka_unit_test(a_file_that_may_not_grow_is_an_error),
		cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
