/* SPDX-License-Identifier: BSD-2-Clause */
/* gil_site.h - find the places in a CPython ELF where the GIL is waited for, taken, released, yielded
 *
 * (see find.c for the idea)
 */
#ifndef GILTOP_GIL_SITE_H
#define GILTOP_GIL_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gil_site_kind {
	GIL_SITE_WAIT = 0,  /* pthread_cond_timedwait(&gil->cond, ..) in take_gil */
	GIL_SITE_ACQUIRE,   /* pthread_cond_signal(&gil->switch_cond) in take_gil */
	GIL_SITE_RELEASE,   /* pthread_cond_signal(&gil->cond) in drop_gil and its inlined copies */
	GIL_SITE_YIELD,	    /* pthread_cond_wait(&gil->switch_cond, ..) in drop_gil */
	GIL_SITE_YIELD_END, /* the emulated instruction after that call returned */
	GIL_SITE_AFTER, /* the conditional jump after a WAIT's call returned: behind each, or none */
	GIL_SITE_KIND_CNT,
};

/* How the BPF program gets the condition variable's address at the probed instruction. Normally that is
 * the pthread call. ACQUIRE and RELEASE of -fno-plt builds, and all kinds with GIL_SITE_AVOID_CALLS, have
 * it elsewhere: at the conditional jump after the call (gil->mutex still held, the GIL's fields the same
 * as at the call), WAIT and YIELD at the instruction before it.
 */
enum gil_site_reg {
	GIL_REG_ARG0 = 0, /* first argument register: the condition variable (disp 0) */
	GIL_REG_BASE,	  /* register reg_no + disp */
	GIL_REG_NONE,	  /* not needed (YIELD_END, AFTER) */
};

struct gil_site {
	enum gil_site_kind kind;
	uint64_t
		call_va; /* virtual address of the pthread call (YIELD_END, AFTER: of its YIELD, WAIT) */
	uint64_t probe_va;  /* virtual address of the probed instruction */
	uint64_t probe_off; /* the same as a file offset: what a uprobe is attached to */
	uint8_t insn[16];   /* bytes of the probed instruction */
	uint8_t insn_len;
	bool emulated; /* the kernel emulates it (about 30 times cheaper than a single step) */
	enum gil_site_reg reg;
	uint8_t reg_no; /* GIL_REG_BASE: DWARF number of the register; 16 (x86_64), 32 (aarch64): the pc */
	int32_t disp;	       /* GIL_REG_BASE: cond address = register + disp */
	const char *insn_name; /* "call", "jne", "bl": for doctor; static storage */
};

#define GIL_SITES_MAX 256

struct gil_sites {
	uint16_t machine; /* EM_X86_64 or EM_AARCH64 */
	size_t site_cnt;
	struct gil_site sites[GIL_SITES_MAX];
	unsigned int cnt[GIL_SITE_KIND_CNT];
	/* From gil->cond to gil->switch_cond, as the sites have it; 0: they do not say. */
	uint16_t switch_dist;
	uint64_t take_gil_va; /* entry of the function that holds the WAIT site; 0: not known */
	/* The WAIT behind which there is no AFTER that can be used; 0: all have theirs. */
	uint64_t no_after_va;
	uint32_t
		bailout_cnt; /* free-threaded builds: signal(cond) inside take_gil, not a release */
	uint64_t analysis_ns; /* how long it took */
	char how[128];	      /* one line for doctor: "failure strings, 12 functions decoded" */
};

enum gil_site_opt {
	GIL_SITE_AVOID_CALLS =
		1 << 0, /* user shadow stack: no emulated call, use the jcc anchors */
};

struct elf_file;

/* Find all sites of an opened ELF.
 * opts: enum gil_site_opt. why (size why_sz) receives one line when the file is refused: what was
 * found, which check failed. Returns 0; -ENOENT: not a CPython (no GIL strings); -ENOTSUP: a CPython,
 * but the sites do not check out (fail closed); -EINVAL: broken ELF; -ENOMEM.
 */
int gil_sites__find(const struct elf_file *elf, unsigned int opts, char *why, size_t why_sz,
		    struct gil_sites *ret);

const char *gil_site_kind__name(enum gil_site_kind kind); /* "wait", "acquire", .. */

#endif
