/* SPDX-License-Identifier: BSD-2-Clause */
/* The finder on a real interpreter, whole and damaged. (scripts/truth-sites compares many interpreters
 * with their debug information.)
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/elf/elf_file.h"
#include "user/gil/gil_site.h"
#include "tests/elf_open.h"

static const char *const interpreters[] = {
	"/usr/bin/python3.11", "/usr/bin/python3.13", "/usr/bin/python3.12", "/usr/bin/python3.14",
	"/usr/bin/python3.10", "/usr/bin/python3.9",  "/usr/bin/python3",
};

/* The stock interpreter's bytes, and where its sites are. */
struct subject {
	struct sbuf bytes;
	struct gil_sites sites;
};

static int find_in(const struct sbuf *bytes, unsigned int opts, char why[256],
		   struct gil_sites *ret)
{
	__cleanup(closep) int fd = memfd_create("python", MFD_CLOEXEC);
	struct elf_file *elf;
	int err;

	assert_int_equal(write(fd, bytes->s, bytes->len), (ssize_t)bytes->len);
	why[0] = '\0';
	elf = elf_file__open_fd(fd);
	if (!elf)
		return -errno;
	err = gil_sites__find(elf, opts, why, 256, ret);
	if (!err) /* whatever was damaged: a probe never goes outside the text */
		for (size_t i = 0; i < ret->site_cnt; i++) {
			const struct gil_site *s = &ret->sites[i];
			struct elf_seg seg = { 0 };
			bool inside = false;

			for (size_t j = 0; !elf_file__seg(elf, j, &seg) && !inside; j++)
				inside = seg.flags & PF_X && s->probe_va >= seg.va &&
					 s->probe_va + s->insn_len <= seg.va + seg.filesz;
			assert_true(inside);
		}
	elf_file__free(elf);
	return err;
}

static int setup(void **state)
{
	struct subject *s = calloc(1, sizeof(*s));
	char why[256];

	*state = s;
	for (size_t i = 0; i < ARRAY_SIZE(interpreters); i++) {
		sbuf__reset(&s->bytes);
		if (!read_file(AT_FDCWD, interpreters[i], 64 << 20, &s->bytes) &&
		    !find_in(&s->bytes, 0, why, &s->sites))
			return 0;
	}
	sbuf__free(&s->bytes);
	return 0;
}

static int teardown(void **state)
{
	struct subject *s = *state;

	sbuf__free(&s->bytes);
	free(s);
	return 0;
}

static struct subject *need(void **state)
{
	struct subject *s = *state;

	if (!s->bytes.len)
		skip(); /* no static CPython on this machine */
	return s;
}

static void the_sites_of_a_stock_interpreter_are_consistent(void **state)
{
	const struct subject *s = need(state);
	const struct gil_sites *g = &s->sites;

	assert_in_range(g->cnt[GIL_SITE_WAIT], 1, 4);
	assert_in_range(g->cnt[GIL_SITE_ACQUIRE], 1, 4);
	assert_in_range(g->cnt[GIL_SITE_RELEASE], 1, 64);
	assert_true(g->cnt[GIL_SITE_YIELD] <= g->cnt[GIL_SITE_RELEASE]);
	assert_int_equal(g->cnt[GIL_SITE_YIELD_END], g->cnt[GIL_SITE_YIELD]);
	assert_int_equal(g->cnt[GIL_SITE_AFTER], g->cnt[GIL_SITE_WAIT]);
	assert_int_equal(g->no_after_va, 0);
	assert_true(g->take_gil_va > 0);
	assert_true(g->how[0]);
	for (size_t i = 0; i < g->site_cnt; i++) {
		const struct gil_site *site = &g->sites[i];

		assert_true(site->emulated);
		assert_memory_equal(site->insn, s->bytes.s + site->probe_off, site->insn_len);
		assert_true(!i || g->sites[i - 1].probe_va < site->probe_va);
		if (site->kind == GIL_SITE_YIELD_END || site->kind == GIL_SITE_AFTER) {
			assert_true(site->probe_va > site->call_va);
			assert_int_equal(site->reg, GIL_REG_NONE);
		} else {
			assert_int_equal(site->probe_va, site->call_va);
			assert_int_equal(site->reg, GIL_REG_ARG0);
		}
	}
}

static void no_call_is_probed_when_calls_are_to_be_avoided(void **state)
{
	const struct subject *s = need(state);
	struct gil_sites *g = calloc(1, sizeof(*g));
	char why[256];

	assert_int_equal(find_in(&s->bytes, GIL_SITE_AVOID_CALLS, why, g), 0);
	assert_memory_equal(g->cnt, s->sites.cnt, sizeof(g->cnt));
	for (size_t i = 0; i < g->site_cnt; i++)
		assert_string_not_equal(g->sites[i].insn_name, "call");
	free(g);
}

/* The bytes of the stock interpreter from the end of a call on, to be overwritten. x86_64. */
static char *behind_call(const struct subject *s, const struct gil_site *site)
{
	return s->bytes.s + site->probe_off - (site->probe_va - site->call_va) + 5;
}

/* What stands between a wait and its jump, made something else: then there is no "after", and nothing else is missing. */
static void without_a_jump_behind_the_wait_all_else_is_found(void **state)
{
	static const struct {
		unsigned char code[3]; /* in place of cmp $ETIMEDOUT, %eax */
		bool found;
	} cases[] = {
		{ { 0x83, 0xf8, 0x10 }, true },	 /* cmp $16, %eax: as good */
		{ { 0x90, 0xeb, 0x00 }, false }, /* nop; jmp to the jump */
	};
	struct subject *s = need(state);
	struct gil_sites *g = calloc(1, sizeof(*g));
	char why[256], old[3];

	for (size_t i = 0; i < s->sites.site_cnt * ARRAY_SIZE(cases); i++) {
		const struct gil_site *site = &s->sites.sites[i / ARRAY_SIZE(cases)];
		bool found = cases[i % ARRAY_SIZE(cases)].found;
		char *p = behind_call(s, site);

		if (site->kind != GIL_SITE_AFTER || s->sites.machine != EM_X86_64 ||
		    site->probe_va - site->call_va != 5 + sizeof(old))
			continue;
		memcpy(old, p, sizeof(old));
		memcpy(p, cases[i % ARRAY_SIZE(cases)].code, sizeof(old));
		assert_int_equal(find_in(&s->bytes, 0, why, g), 0);
		assert_int_equal(g->cnt[GIL_SITE_AFTER], found ? s->sites.cnt[GIL_SITE_AFTER] : 0);
		assert_int_equal(g->no_after_va, found ? 0 : site->call_va);
		for (int k = 0; k < GIL_SITE_AFTER; k++)
			assert_int_equal(g->cnt[k], s->sites.cnt[k]);
		assert_int_equal(g->site_cnt,
				 s->sites.site_cnt - (found ? 0 : s->sites.cnt[GIL_SITE_AFTER]));
		memcpy(p, old, sizeof(old));
	}
	free(g);
}

/* The four bytes of the address (mov $imm, %edi) or displacement (lea disp(%reg), %rdi) that a site's call
 * gets, or NULL. x86_64.
 */
static char *arg_of_call(const struct subject *s, const struct gil_site *site)
{
	for (uint64_t back = 5; back < 24 && back < site->probe_off; back++) {
		unsigned char *p = (unsigned char *)s->bytes.s + site->probe_off - back;

		if (p[0] == 0xbf)
			return (char *)p + 1;
		if ((p[0] & 0xfe) == 0x48 && p[1] == 0x8d && (p[2] & 0xf8) == 0xb8 &&
		    (p[2] & 7) != 4)
			return (char *)p + 3;
	}
	return NULL;
}

static bool move_switch_cond(const struct subject *s, int32_t by)
{
	for (size_t i = 0; i < s->sites.site_cnt; i++) {
		const struct gil_site *site = &s->sites.sites[i];
		int32_t v;
		char *p;

		if (site->kind != GIL_SITE_ACQUIRE && site->kind != GIL_SITE_YIELD)
			continue;
		p = arg_of_call(s, site);
		if (!p)
			return false;
		memcpy(&v, p, sizeof(v));
		v += by;
		memcpy(p, &v, sizeof(v));
	}
	return true;
}

/* A mutex of 40 bytes or of 48 lies between the two condition variables. */
static void the_distance_to_the_second_condition_variable_is_found(void **state)
{
	struct subject *s = need(state);
	struct gil_sites *g = calloc(1, sizeof(*g));
	char why[256];

	if (s->sites.machine != EM_X86_64) {
		assert_true(s->sites.switch_dist == 0x58 || s->sites.switch_dist == 0x60);
		free(g);
		return;
	}
	assert_int_equal(s->sites.switch_dist, 0x58);
	assert_true(move_switch_cond(s, 8));
	assert_int_equal(find_in(&s->bytes, 0, why, g), 0);
	assert_int_equal(g->switch_dist, 0x60);
	assert_true(move_switch_cond(s, -8));
	free(g);
}

static void other_programs_are_no_cpython(void **state)
{
	static const char *const others[] = { "/proc/self/exe", "/bin/sh", "/usr/bin/perl" };
	struct gil_sites *g = calloc(1, sizeof(*g));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct elf_file *elf = open_elf(others[i]);
		char why[256];

		if (!elf)
			continue;
		assert_int_equal(gil_sites__find(elf, 0, why, sizeof(why), g), -ENOENT);
		assert_non_null(strstr(why, "no CPython"));
		elf_file__free(elf);
	}
	free(g);
}

/* If one of the releases cannot be recognised, all numbers would be wrong: so the file is refused. */
static void one_missing_site_refuses_the_file(void **state)
{
	struct subject *s = need(state);
	struct gil_sites *g = calloc(1, sizeof(*g));
	char why[256];

	for (size_t i = 0; i < s->sites.site_cnt; i++) {
		const struct gil_site *site = &s->sites.sites[i];
		char *p = s->bytes.s + site->probe_off, old;

		if (site->kind > GIL_SITE_YIELD || s->sites.machine != EM_X86_64)
			continue;
		old = p[1];
		p[1] ^= 0x10; /* it now calls something else */
		assert_int_equal(find_in(&s->bytes, 0, why, g), -ENOTSUP);
		assert_true(why[0] == 'G');
		p[1] = old;
	}
	free(g);
}

/* The call is still there, but nothing tests its result any more. */
static void one_unnamed_call_refuses_the_file(void **state)
{
	struct subject *s = need(state);
	struct gil_sites *tests = calloc(1, sizeof(*tests)), *g = calloc(1, sizeof(*g));
	char why[256], old[16];

	assert_int_equal(find_in(&s->bytes, GIL_SITE_AVOID_CALLS, why, tests), 0);
	for (size_t i = 0; i < tests->site_cnt; i++) {
		const struct gil_site *site = &tests->sites[i];
		char *p = s->bytes.s + site->probe_off;

		if (!site->emulated || site->kind == GIL_SITE_AFTER || tests->machine != EM_X86_64)
			continue;
		memcpy(old, p, site->insn_len);
		memset(p, 0x90, site->insn_len);
		assert_int_equal(find_in(&s->bytes, 0, why, g), -ENOTSUP);
		memcpy(p, old, site->insn_len);
	}
	free(tests);
	free(g);
}

static void a_missing_message_refuses_the_file(void **state)
{
	static const char *const messages[] = { "PyCOND_SIGNAL(gil->cond) failed",
						"PyCOND_SIGNAL(gil->switch_cond) failed",
						"PyCOND_WAIT(gil->cond) failed" };
	struct subject *s = need(state);
	struct gil_sites *g = calloc(1, sizeof(*g));
	char why[256];

	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		char *p = memmem(s->bytes.s, s->bytes.len, messages[i], strlen(messages[i]));

		if (!p)
			continue;
		p[3] = '?';
		assert_true(find_in(&s->bytes, 0, why, g) < 0);
		assert_true(why[0]);
		p[3] = messages[i][3];
	}
	free(g);
}

static void a_truncated_file_does_no_harm(void **state)
{
	struct subject *s = need(state);
	struct gil_sites *g = calloc(1, sizeof(*g));
	size_t whole = s->bytes.len;
	char why[256];

	for (size_t i = 0; i < 64; i++) {
		s->bytes.len = i < 32 ? i * 37 : whole * (i - 31) / 33;
		/* without its section headers (at the end) the file is still good */
		if (find_in(&s->bytes, 0, why, g))
			continue;
		assert_memory_equal(g->cnt, s->sites.cnt, sizeof(g->cnt));
	}
	s->bytes.len = whole;
	free(g);
}

static void damage(struct sbuf *to, uint64_t begin, uint64_t end, int cnt)
{
	for (int i = 0; i < cnt && end > begin && end <= to->len; i++)
		to->s[begin + (uint64_t)rand() % (end - begin)] = (char)rand();
}

static void a_damaged_file_does_no_harm(void **state)
{
	struct subject *s = need(state);
	struct gil_sites *g = calloc(1, sizeof(*g));
	struct sbuf copy = { 0 };
	char why[256];

	for (int seed = 0; seed < 60; seed++) {
		const struct gil_site *site = &s->sites.sites[(size_t)seed % s->sites.site_cnt];

		sbuf__reset(&copy);
		sbuf__add(&copy, s->bytes.s, s->bytes.len);
		srand((unsigned int)seed);
		if (seed < 20)
			damage(&copy, 0, 0x400, 8); /* headers */
		else if (seed < 30)
			damage(&copy, 0, 0x8000, 400); /* the dynamic symbols too */
		else if (seed < 45)
			damage(&copy, site->probe_off & ~0xffULL, (site->probe_off | 0xff) + 1, 16);
		else
			damage(&copy, 0, copy.len, 20000);
		find_in(&copy, 0, why, g);
	}
	sbuf__free(&copy);
	free(g);
}

static void every_kind_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < GIL_SITE_KIND_CNT; i++)
		assert_string_not_equal(gil_site_kind__name((enum gil_site_kind)i), "?");
	assert_string_equal(gil_site_kind__name(GIL_SITE_KIND_CNT), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sites_of_a_stock_interpreter_are_consistent),
		cmocka_unit_test(no_call_is_probed_when_calls_are_to_be_avoided),
		cmocka_unit_test(without_a_jump_behind_the_wait_all_else_is_found),
		cmocka_unit_test(the_distance_to_the_second_condition_variable_is_found),
		cmocka_unit_test(other_programs_are_no_cpython),
		cmocka_unit_test(one_missing_site_refuses_the_file),
		cmocka_unit_test(one_unnamed_call_refuses_the_file),
		cmocka_unit_test(a_missing_message_refuses_the_file),
		cmocka_unit_test(a_truncated_file_does_no_harm),
		cmocka_unit_test(a_damaged_file_does_no_harm),
		cmocka_unit_test(every_kind_has_a_name),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
