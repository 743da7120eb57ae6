/* SPDX-License-Identifier: BSD-2-Clause */
/* find.c - find the places in a CPython ELF where the GIL is waited for, taken, released, yielded
 *
 * Probing the functions take_gil and drop_gil does not work: stripped interpreters have no symbols, and
 * optimised ones have drop_gil inlined in a dozen places, so the function itself sees next to nothing.
 *
 * But the GIL is a mutex and two condition variables, and CPython checks every pthread call on them:
 *
 *	if (pthread_cond_signal(&gil->cond))
 *		Py_FatalError("PyCOND_SIGNAL(gil->cond) failed");
 *
 * So each of these calls carries its own name in its failure branch, in every build since 3.6, inlined
 * or not, whatever the compiler. Four of them are what we want:
 *
 *	wait	  timedwait(cond)      in take_gil: somebody else has the GIL; again once per interval
 *	acquire	  signal(switch_cond)  in take_gil: this thread now has it
 *	release	  signal(cond)	       in drop_gil: this thread just gave it up
 *	yield	  wait(switch_cond)    in drop_gil: forced to give it up, held until another has it
 *
 * All but the yield happen with gil->mutex held, and the first argument is the GIL's address plus a
 * constant.
 *
 * The search, with program headers, .eh_frame and imports only: find the messages in read-only data;
 * sieve the text for what may refer to them; take the functions with such places, and those that jump
 * to them (the failure branches are in cold parts); from each call in them follow all paths to the next
 * call. Where that is the fatal error routine and a message was loaded on the way, the call is named.
 *
 * Then the set has to pass the checks of gate.c, or the file is refused.
 */
#include "user/gil/gil_site.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/gil/finder.h"

int finder__refuse(struct finder *f, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->why, f->why_sz, fmt, ap);
	va_end(ap);
	return err;
}

const char *gil_site_kind__name(enum gil_site_kind kind)
{
	static const char *const names[GIL_SITE_KIND_CNT] = {
		[GIL_SITE_WAIT] = "wait",	    [GIL_SITE_ACQUIRE] = "acquire",
		[GIL_SITE_RELEASE] = "release",	    [GIL_SITE_YIELD] = "yield",
		[GIL_SITE_YIELD_END] = "yield-end", [GIL_SITE_AFTER] = "after",
	};

	return (unsigned int)kind < GIL_SITE_KIND_CNT ? names[kind] : "?";
}

/* The entry of the function that waits: the part of its group that is called, or that no other jumps to. */
static uint64_t take_gil_va(struct finder *f)
{
	uint32_t group = UINT32_MAX;

	for (size_t i = 0; i < f->call_cnt && group == UINT32_MAX; i++)
		if (f->calls[i].op == GIL_OP_WAIT)
			group = finder__group(f, f->calls[i].func);
	for (size_t i = 0; i < f->func_cnt; i++) {
		const struct func *fn = &f->funcs[i];

		if (finder__group(f, fn) == group &&
		    (fn->entered || !finder__is_jumped_into(f, fn, true, fn->start, fn->start)))
			return fn->start;
	}
	return 0;
}

static int read_imports(struct finder *f)
{
	return elf_file__imports(f->elf, &f->imports, &f->import_cnt);
}

static int find(struct finder *f, struct gil_sites *ret)
{
	static int (*const steps[])(struct finder * f) = {
		finder__find_strings, read_imports, finder__read_funcs, finder__mark_candidates,
		finder__mark_entered, finder__walk, finder__check,
	};
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(steps); i++)
		err = steps[i](f);
	if (!err)
		err = finder__choose(f, ret);
	if (err)
		return err;
	ret->take_gil_va = take_gil_va(f);
	ret->switch_dist = finder__switch_dist(f);
	ret->bailout_cnt = f->bailout_cnt;
	return 0;
}

static void describe(const struct finder *f, struct gil_sites *ret)
{
	size_t func_cnt = 0;

	for (size_t i = 0; i < f->func_cnt; i++)
		func_cnt += f->funcs[i].insns != NULL;
	snprintf(ret->how, sizeof(ret->how),
		 "failure strings, %zu of %zu functions decoded; second opinion: %u of %u agree%s",
		 func_cnt, f->func_cnt, f->agree_cnt,
		 ret->cnt[GIL_SITE_WAIT] + ret->cnt[GIL_SITE_ACQUIRE] + ret->cnt[GIL_SITE_RELEASE] +
			 ret->cnt[GIL_SITE_YIELD],
		 f->is_static ? "; libc inside" : "");
}

int gil_sites__find(const struct elf_file *elf, unsigned int opts, char *why, size_t why_sz,
		    struct gil_sites *ret)
{
	uint64_t begin_ns = now_ns();
	struct finder f = { .elf = elf, .opts = opts, .why = why, .why_sz = why_sz };
	struct gil_sites *found;
	int err = -ENOMEM;

	if (why_sz)
		why[0] = '\0';
	found = calloc(1, sizeof(*found));
	f.dis = disasm__new(elf_file__machine(elf));
	if (found && f.dis) {
		found->machine = elf_file__machine(elf);
		err = find(&f, found);
	}
	if (!err) {
		describe(&f, found);
		found->analysis_ns = now_ns() - begin_ns;
		*ret = *found;
	} else if (why_sz && !why[0]) {
		finder__refuse(&f, err, "%s", errstr(err));
	}
	disasm__free(f.dis);
	finder__free_funcs(&f);
	free(f.strs);
	free(f.imports);
	free(f.hits);
	free(f.calls);
	free(found);
	return err;
}
