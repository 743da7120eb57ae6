/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pysym_freed.c - names of code that is freed, was kept in part, or makes room for other code */
#include "tests/unit/made_up_code.h"

static void an_address_that_is_used_again_gives_nobody_another_name(void **state)
{
	(void)state;
	for (int minor = 7; minor <= 15; minor++) {
		struct py_process *p = open_self(minor, getpid());
		struct pysym *ps = pysym__new(p);
		struct py_frame_ref before, after;
		struct pysym_frame f;
		struct code c;

		make_code(&c, objs(p), "f", 1, one_line, sizeof(one_line));
		before = frame_of(&c, p, 4, 0);
		/* All is where it was; only the file's name has other bytes. */
		((char *)c.file)[objs(p)->str_ascii_size + 1] = 'x';
		after = frame_of(&c, p, 4, 0);
		assert_true(before.id != after.id);
		assert_int_equal(resolve(ps, &before, &c, &f), -EFAULT);
		assert_int_equal(resolve(ps, &after, &c, &f), 0);
		assert_string_equal(f.file, "/xrv/app/main.py");
		assert_int_equal(resolve(ps, &before, &c, &f), -EFAULT);
		assert_int_equal(pysym__stats(ps)->codes, 1);
		assert_int_equal(pysym__stats(ps)->unreadable, 2);
		free_code(&c);
		pysym__free(ps);
		py_process__free(p);
	}
}

/* As the kernel reads it when it meets it. */
static struct py_code met(const struct code *c, const struct py_process *p)
{
	struct py_code k;

	assert_int_equal(py_process__code(p, at(c->obj), py_process__code_id(p, at(c->obj)), &k),
			 0);
	return k;
}

static void what_the_kernel_kept_is_enough_when_memory_is_gone(void **state)
{
	(void)state;
	for (int minor = 7; minor <= 15; minor++) {
		static const uint8_t pairs[] = { 0, 1 }, ranges[] = { 200, 1 };
		struct py_process *p = open_self(minor, getpid());
		struct pysym *ps = pysym__new(p);
		struct py_frame_ref ref;
		struct pysym_frame f;
		struct py_code k;
		struct code c;

		make_code(&c, objs(p), "Class.method", 41,
			  minor < 10	? pairs
			  : minor == 10 ? ranges
					: one_line,
			  minor < 11 ? 2 : sizeof(one_line));
		ref = frame_of(&c, p, 5, 0);
		k = met(&c, p);
		free_code(&c);
		memset(&c, 0, sizeof(c));
		assert_true(pysym__wants(ps, ref.id));
		assert_int_equal(pysym__learn(ps, &k), 0);
		assert_false(pysym__wants(ps, ref.id));
		assert_int_equal(resolve(ps, &ref, NULL, &f), 0);
		assert_string_equal(f.name, "Class.method");
		assert_string_equal(f.file, "/srv/app/main.py");
		assert_int_equal(f.line, 42);
		pysym__free(ps);
		py_process__free(p);
	}
}

static void what_did_not_fit_is_read_from_memory_or_has_no_line(void **state)
{
	struct py_process *p = open_self(11, getpid());
	struct pysym *ps = pysym__new(p), *late = pysym__new(p);
	uint8_t lines[PY_LINES_BYTES + 3];
	char name[PY_NAME_BYTES + 100];
	struct py_frame_ref ref;
	struct pysym_frame f;
	struct py_code k;
	struct code c;

	(void)state;
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	for (size_t i = 0; i < sizeof(lines); i++)
		lines[i] = i % 3 ? 1 : 0x80 | 11 << 3;
	make_code(&c, objs(p), name, 1, lines, sizeof(lines) / 3 * 3);
	ref = frame_of(&c, p, 150, 0);
	k = met(&c, p);
	assert_int_equal(pysym__learn(ps, &k), 0);
	assert_int_equal(resolve(ps, &ref, NULL, &f), 0);
	assert_string_equal(f.name, name);
	assert_int_equal(f.line, 152);
	/* Another code object is there by now. */
	put(c.obj, objs(p)->code_firstlineno, 2, 4);
	assert_int_equal(pysym__learn(late, &k), 0);
	assert_true(pysym__wants(late, ref.id));
	assert_int_equal(resolve(late, &ref, NULL, &f), 0);
	assert_int_equal(strlen(f.name), PY_NAME_BYTES - 4 + 2);
	assert_string_equal(f.name + PY_NAME_BYTES - 4, "..");
	assert_int_equal(f.line, 0);
	/* It is met again, somewhere. */
	put(c.obj, objs(p)->code_firstlineno, 1, 4);
	assert_int_equal(pysym__learn(late, &k), 0);
	assert_int_equal(resolve(late, &ref, NULL, &f), 0);
	assert_int_equal(f.line, 152);
	free_code(&c);
	pysym__free(ps);
	pysym__free(late);
	py_process__free(p);
}

/* Parts of it were not readable in the kernel: it is known by where its strings are, and only by that. */
static void what_was_swapped_out_is_read_from_memory(void **state)
{
	struct py_process *p = open_self(13, getpid());
	struct pysym *ps = pysym__new(p);
	struct py_frame_ref ref;
	struct pysym_frame f;
	struct py_code k;
	struct code c;

	(void)state;
	make_code(&c, objs(p), "f", 1, one_line, sizeof(one_line));
	ref = frame_of(&c, p, 4, 0);
	k = met(&c, p);
	k.id = ref.id = ref.id + 2;
	k.unread = 1;
	k.name.str++;
	assert_int_equal(pysym__learn(ps, &k), 0);
	assert_int_equal(resolve(ps, &ref, NULL, &f), -EFAULT);
	k.name.str--;
	assert_int_equal(pysym__learn(ps, &k), 0);
	assert_int_equal(resolve(ps, &ref, NULL, &f), 0);
	assert_string_equal(f.name, "f");
	free_code(&c);
	pysym__free(ps);
	py_process__free(p);
}

/* A service that makes code under ever new names. */
static void names_of_forgotten_code_do_not_pile_up(void **state)
{
	struct py_process *p = open_self(11, getpid());
	struct pysym *ps = pysym__new(p);
	struct pysym_frame f, g;
	struct py_frame_ref ref;
	uint64_t most = 0;
	char name[1000];
	struct code c;

	(void)state;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < 40000; i++) {
		snprintf(name, sizeof(name), "made-%010d", i);
		name[15] = '-';
		make_code(&c, objs(p), name, 1, one_line, sizeof(one_line));
		ref = frame_of(&c, p, 4, 0);
		assert_int_equal(resolve(ps, &ref, &c, &f), 0);
		/* Within a stack what was handed out stays. */
		assert_int_equal(pysym__resolve(ps, &ref, 0, &g), 0);
		assert_ptr_equal(f.name, g.name);
		assert_string_equal(f.name, name);
		if (pysym__stats(ps)->bytes > most)
			most = pysym__stats(ps)->bytes;
		free_code(&c);
	}
	assert_true(most > 1 << 20 && most < 33 << 20);
	pysym__free(ps);
	py_process__free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_that_is_used_again_gives_nobody_another_name),
		cmocka_unit_test(what_the_kernel_kept_is_enough_when_memory_is_gone),
		cmocka_unit_test(what_did_not_fit_is_read_from_memory_or_has_no_line),
		cmocka_unit_test(what_was_swapped_out_is_read_from_memory),
		cmocka_unit_test(names_of_forgotten_code_do_not_pile_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
