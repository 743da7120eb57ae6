/* SPDX-License-Identifier: BSD-2-Clause */
/* price.c - the price of a hit, by a probe on code of our own: no process of others is touched for it
 *
 * The probed instruction is a direct call, as most sites are, which the kernel emulates. The program finds no record and
 * returns; what a real hit does beside that is a rule of thumb.
 */
#include "user/probe/price.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "user/base/budgets.h"
#include "user/base/child.h"
#include "user/base/log.h"
#include "user/base/util.h"
#include "user/probe/multi.h"

#define ROUNDS	     9
#define HITS_A_ROUND 100
#define WARM_HITS    50

/* A cycle of two real hits costs 2.5 empty ones (scripts/bench cycle). */
#define REAL_PCT 127

/* giltop_price_call() returns; giltop_price_site is the call in it. */
void giltop_price_call(void);
extern const char giltop_price_site[];

#if defined(__x86_64__)
__asm__(".text\n"
	".globl giltop_price_call\n"
	".type giltop_price_call, @function\n"
	"giltop_price_call:\n"
	"	endbr64\n"
	".globl giltop_price_site\n"
	"giltop_price_site:\n"
	"	call 1f\n"
	"	ret\n"
	"1:	ret\n"
	".size giltop_price_call, . - giltop_price_call\n");
#else
__asm__(".text\n"
	".globl giltop_price_call\n"
	".type giltop_price_call, %function\n"
	"giltop_price_call:\n"
	"	stp x29, x30, [sp, #-16]!\n"
	".globl giltop_price_site\n"
	"giltop_price_site:\n"
	"	bl 1f\n"
	"	ldp x29, x30, [sp], #16\n"
	"	ret\n"
	"1:	ret\n"
	".size giltop_price_call, . - giltop_price_call\n");
#endif

struct trial {
	const struct bpf_program *prog;
	bool multi;
};

/* Where it is in our file. 0, or -errno. */
static int site_offset(uint64_t *ret)
{
	uint64_t at = (uint64_t)(uintptr_t)giltop_price_site, start, end, off;
	FILE *f = fopen("/proc/self/maps", "re");
	char *line = NULL;
	size_t sz = 0;
	int err = -ENOENT;

	if (!f)
		return -errno;
	while (err && getline(&line, &sz, f) > 0) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64, &start, &end, &off) != 3 ||
		    at < start || at >= end)
			continue;
		*ret = at - start + off;
		err = 0;
	}
	free(line);
	fclose(f);
	return err;
}

static int put_probe(const struct trial *t, uint64_t off)
{
	struct bpf_link *link;

	if (t->multi)
		return probe_multi__link(bpf_program__fd(t->prog), "/proc/self/exe", &off, NULL, 1,
					 (uint32_t)getpid());
	link = bpf_program__attach_uprobe(t->prog, false, getpid(), "/proc/self/exe", off);
	return link ? bpf_link__fd(link) : -errno;
}

static uint64_t time_round(void)
{
	uint64_t start = now_ns();

	for (int i = 0; i < HITS_A_ROUND; i++)
		giltop_price_call();
	return now_ns() - start;
}

/* In the child. The link goes with it. */
static void try_hits(void *ctx, int fd)
{
	uint64_t ns[ROUNDS], off = 0, price = 0;
	int err = site_offset(&off);

	if (!err)
		err = put_probe(ctx, off);
	for (int i = 0; i < WARM_HITS && err >= 0; i++)
		giltop_price_call();
	for (int i = 0; i < ROUNDS && err >= 0; i++)
		ns[i] = time_round();
	if (err >= 0) {
		qsort(ns, ROUNDS, sizeof(*ns), cmp_u64);
		price = ns[ROUNDS / 4] / HITS_A_ROUND;
	}
	if (write(fd, &price, sizeof(price)) < 0)
		return;
}

uint64_t price__of_hit(const struct bpf_program *prog, bool multi, struct children *left)
{
	static const struct child_limits patience = { BUDGET_ATTACH_CPU_NS, BUDGET_ATTACH_WAIT_NS };
	struct trial t = { prog, multi };
	int fd = bpf_program__fd(prog);
	const struct child_keep keep = { &fd, 1 };
	uint64_t price = 0;
	struct child child;
	int err = child__start(&child, "gt-price", &keep, try_hits, &t);

	if (!err)
		err = child__wait(&child, &patience);
	if (!err && read(child.fd, &price, sizeof(price)) != sizeof(price))
		err = -EIO;
	child__end(&child, false, left);
	if (err || !price) {
		pr_verb("what a hit costs cannot be tried: taken to be %u ns\n", PRICE_UNKNOWN_NS);
		return PRICE_UNKNOWN_NS;
	}
	price = price * REAL_PCT / 100;
	pr_verb("a hit of a probe costs %" PRIu64 " ns\n", price);
	return price;
}
