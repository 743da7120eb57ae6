/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pyprocess.c - does memory look as the layout says? On a made-up interpreter in this process's memory */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/python/process.h"

static struct fake {
	char runtime[1024], interp[8192], tstate[512], gil[256];
} fake;

static void put(void *obj, unsigned int off, uint64_t v, size_t size)
{
	memcpy((char *)obj + off, &v, size);
}

static uint64_t at(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static void make(const struct py_row *r)
{
	memset(&fake, 0, sizeof(fake));
	put(fake.runtime, r->obj.rt_interp_head, at(fake.interp), 8);
	put(fake.interp, r->obj.interp_gil, at(fake.gil), 8);
	put(fake.interp, r->obj.interp_threads, at(fake.tstate), 8);
	put(fake.tstate, r->obj.tstate_interp, at(fake.interp), 8);
	put(fake.gil, r->obj.gil_interval, 5000, 8);
	put(fake.gil, r->obj.gil_last_holder, at(fake.tstate), 8);
	put(fake.gil, r->obj.gil_locked, 1, 4);
}

/* What a look with this row finds. */
static int check(const struct py_row *r, char *why, size_t why_sz)
{
	struct py_runtime rt = { .version = "3.x", .layout = r->layout, .obj = r->obj };
	struct py_process *p;
	int err;

	rt.runtime_va = at(fake.runtime);
	p = py_process__new(getpid(), &rt, 0);
	assert_non_null(p);
	err = py_process__check(p, why, why_sz);
	py_process__free(p);
	return err;
}

static void a_process_as_its_version_has_it_fits(void **state)
{
	char why[256];

	(void)state;
	for (size_t i = 0; i < py_row_cnt; i++) {
		if (py_rows[i].obj.interp_gil == PY_NONE)
			continue;
		make(&py_rows[i]);
		assert_int_equal(check(&py_rows[i], why, sizeof(why)), 0);
	}
}

static void a_field_that_is_elsewhere_is_refused_with_what_is_wrong(void **state)
{
	const struct py_row *good = py_row__find(13, false);
	static const struct {
		size_t member;
		uint16_t off;
		const char *why;
	} broken[] = {
#define OF(f) offsetof(struct py_row, f)
		{ OF(obj.interp_id), 7344, "first interpreter's id" },
		{ OF(obj.interp_gil), 7344, "the GIL" }, /* a thread state is none */
		{ OF(obj.gil_locked), 8, "the GIL" },
		{ OF(obj.gil_interval), 8, "switch interval" },
		{ OF(obj.gil_interval), 40, "switch interval" },
		{ OF(obj.tstate_interp), 24, "does not point to its interpreter" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct py_row r = *good;
		char why[256] = "";

		make(good);
		put(fake.tstate, r.obj.gil_locked, 4711, 4);
		memcpy((char *)&r + broken[i].member, &broken[i].off, sizeof(broken[i].off));
		assert_int_equal(check(&r, why, sizeof(why)), -ENOTSUP);
		assert_non_null(strstr(why, broken[i].why));
	}
}

static void an_interpreter_that_starts_is_no_misfit(void **state)
{
	const struct py_row *r = py_row__find(13, false);
	char why[256];

	(void)state;
	make(r);
	put(fake.gil, r->obj.gil_locked, (uint64_t)-1, 4);
	assert_int_equal(check(r, why, sizeof(why)), -EAGAIN);
	make(r);
	put(fake.interp, r->obj.interp_threads, 0, 8);
	assert_int_equal(check(r, why, sizeof(why)), -EAGAIN);
	make(r);
	put(fake.runtime, r->obj.rt_interp_head, 0, 8);
	assert_int_equal(check(r, why, sizeof(why)), -EAGAIN);
}

/* An exec between the look into the file and the one into memory. */
static void another_program_by_now_is_gone_and_no_misfit(void **state)
{
	void *gone = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct py_row *r = py_row__find(13, false);
	struct py_runtime rt = { .layout = r->layout, .obj = r->obj, .runtime_va = at(gone) };
	struct py_process *p = py_process__new(getpid(), &rt, 0);
	char why[256];

	(void)state;
	assert_non_null(p);
	assert_int_equal(py_process__check(p, why, sizeof(why)), -ESRCH);
	py_process__free(p);
	munmap(gone, 4096);
}

/* What is done by a worker is what is done here. */
static void a_worker_finds_the_same(void **state)
{
	const struct py_row *r = py_row__find(13, false);
	struct py_runtime rt = {
		.version = "3.x", .layout = r->layout, .obj = r->obj, .minor = 13
	};
	struct py_guests *guests = py_guests__new();
	struct py_thread *threads[2] = { NULL, NULL }, *newest[2] = { NULL, NULL };
	uint32_t tid = (uint32_t)getpid();
	struct py_gil_state st[2] = { 0 };
	struct py_gil *gils[2] = { NULL, NULL };
	struct py_process *p[2];
	uint64_t word[2];
	char why[256];

	(void)state;
	make(r);
	put(fake.tstate, r->obj.tstate_native_id, tid, 8);
	rt.runtime_va = at(fake.runtime);
	for (int i = 0; i < 2; i++) {
		p[i] = py_process__new(getpid(), &rt, 0);
		assert_non_null(p[i]);
	}
	py_process__by(p[1], guests);
	if (py_process__read_ptr(p[1], at(fake.runtime), &word[1]) == -EPERM)
		skip(); /* Yama: a child may not look into its parent */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(py_process__read_ptr(p[i], at(fake.tstate), &word[i]), 0);
		assert_int_equal(py_process__read_ptr(p[i], 16, &word[i]), -EFAULT);
		assert_int_equal(py_process__check(p[i], why, sizeof(why)), 0);
		assert_int_equal(py_process__gils(p[i], &gils[i]), 1);
		assert_int_equal(py_process__gil_state(p[i], gils[i]->addr, &st[i]), 0);
		assert_int_equal(py_process__threads(p[i], &threads[i]), 1);
		assert_int_equal(py_process__newest(p[i], &tid, 1, &newest[i]), 1);
	}
	assert_memory_equal(gils[0], gils[1], sizeof(*gils[0]));
	assert_memory_equal(&st[0], &st[1], sizeof(st[0]));
	assert_int_equal(st[1].holder_tid, tid);
	assert_memory_equal(threads[0], threads[1], sizeof(*threads[0]));
	assert_int_equal(newest[1]->tid, tid);
	assert_int_equal(py_guests__lost_cnt(guests), 0);
	for (int i = 0; i < 2; i++) {
		free(gils[i]);
		free(threads[i]);
		free(newest[i]);
		py_process__free(p[i]);
	}
	py_guests__free(guests);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_as_its_version_has_it_fits),
		cmocka_unit_test(a_field_that_is_elsewhere_is_refused_with_what_is_wrong),
		cmocka_unit_test(an_interpreter_that_starts_is_no_misfit),
		cmocka_unit_test(another_program_by_now_is_gone_and_no_misfit),
		cmocka_unit_test(a_worker_finds_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
