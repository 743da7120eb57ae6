/* SPDX-License-Identifier: BSD-2-Clause */
/* test_attach.c - which program a site gets, and what its cookie says: the lock, whatever the C library */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>

#include "bpf/giltop.h"
#include "user/base/util.h"
#include "user/probe/attach.h"

#define COND	 0x5000
#define ARG0_X86 5
#define ARG0_ARM 0

static const struct gil_site sites[] = {
	{ .kind = GIL_SITE_WAIT },
	{ .kind = GIL_SITE_ACQUIRE },
	{ .kind = GIL_SITE_RELEASE },
	{ .kind = GIL_SITE_YIELD },
	{ .kind = GIL_SITE_YIELD_END, .reg = GIL_REG_NONE },
	{ .kind = GIL_SITE_AFTER, .reg = GIL_REG_NONE },
	{ .kind = GIL_SITE_ACQUIRE, .reg = GIL_REG_BASE, .reg_no = 3, .disp = 0x1e0 },
	{ .kind = GIL_SITE_RELEASE, .reg = GIL_REG_BASE, .reg_no = 3, .disp = -0x10 },
};

static struct gil_sites with_distance(uint16_t machine, uint16_t dist)
{
	struct gil_sites s = { .machine = machine,
			       .switch_dist = dist,
			       .site_cnt = ARRAY_SIZE(sites) };

	for (size_t i = 0; i < ARRAY_SIZE(sites); i++)
		s.sites[i] = sites[i];
	return s;
}

static bool is_switch(const struct gil_site *s)
{
	return s->kind == GIL_SITE_ACQUIRE || s->kind == GIL_SITE_YIELD;
}

/* The lock that the program by register finds: arg_by_cookie() and what gil.bpf.c makes of it. */
static uint64_t lock_found(const struct gil_sites *g, const struct gil_site *s, uint64_t reg)
{
	uint64_t arg = reg + (uint64_t)(int32_t)probe_attach__cookie(g, s);

	return is_switch(s) ? arg - GT_COND_TO_SWITCH_COND : arg;
}

static void the_usual_distance_needs_no_register(void **state)
{
	static const uint16_t usual[] = { 0, GT_COND_TO_SWITCH_COND };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(usual); k++) {
		struct gil_sites g = with_distance(EM_X86_64, usual[k]);

		for (size_t i = 0; i < g.site_cnt; i++)
			assert_int_equal(probe_attach__by_reg(&g, &g.sites[i]),
					 g.sites[i].reg == GIL_REG_BASE);
		assert_true(probe_attach__needs_reg(&g));
		g.site_cnt = 6;
		assert_false(probe_attach__needs_reg(&g));
	}
}

static void another_distance_is_made_up_for_by_the_cookie(void **state)
{
	static const uint16_t machines[] = { EM_X86_64, EM_AARCH64 }, dists[] = { 0x58, 0x60 };

	(void)state;
	for (size_t k = 0; k < 4; k++) {
		struct gil_sites g = with_distance(machines[k / 2], dists[k % 2]);
		bool odd = g.switch_dist != GT_COND_TO_SWITCH_COND;

		for (size_t i = 0; i < g.site_cnt; i++) {
			const struct gil_site *s = &g.sites[i];
			uint64_t arg = is_switch(s) ? COND + g.switch_dist : COND;
			uint8_t arg0 = g.machine == EM_AARCH64 ? ARG0_ARM : ARG0_X86;

			assert_int_equal(probe_attach__by_reg(&g, s),
					 s->reg == GIL_REG_BASE || (odd && is_switch(s)));
			if (s->reg == GIL_REG_NONE)
				continue;
			assert_int_equal(probe_attach__cookie(&g, s) >> 32,
					 s->reg == GIL_REG_BASE ? 3 : arg0);
			assert_int_equal(lock_found(&g, s, arg - (uint64_t)(int64_t)s->disp), COND);
		}
		g.site_cnt = 6;
		assert_int_equal(probe_attach__needs_reg(&g), odd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_usual_distance_needs_no_register),
		cmocka_unit_test(another_distance_is_made_up_for_by_the_cookie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
