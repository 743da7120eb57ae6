/* SPDX-License-Identifier: BSD-2-Clause */
/* probe_impl.h - what load.c, attachment.c and probe.c share; included by probe/ alone */
#ifndef GILTOP_PROBE_IMPL_H
#define GILTOP_PROBE_IMPL_H

#include "user/base/child.h"
#include "user/probe/maps_read.h"
#include "user/probe/probe.h"

struct bpf_program;
struct giltop_bpf;
struct probe_clock;
struct ring_buffer;
struct singles;

struct probe {
	struct giltop_bpf *skel;
	struct giltop_bpf
		*by_reg; /* programs for sites with a register and displacement; shares the maps */
	struct ring_buffer *ring;
	struct singles *singles;   /* NULL: not wanted */
	struct probe_clock *clock; /* NULL: no native frames */
	enum probe_tier tier;
	struct probe_opts opts;
	bool sched;	   /* sleeps of holders are seen */
	uint64_t price_ns; /* of a hit; 0: not tried yet */
	struct probe_steps steps;
	uint64_t dead_lost;    /* see probe_read__forget */
	uint64_t links_cpu_ns; /* of children that made links */
	struct children left;  /* that have made links, or are to take them away */
	probe_note_fn note_fn; /* while draining */
	void *note_ctx;
};

/* load.c */
/* The program for sites of a kind; by register: in that object, NULL if that kind has none. */
struct bpf_program *probe__site_prog(const struct probe *p, enum gil_site_kind kind);
struct bpf_program *probe__reg_prog(const struct giltop_bpf *skel, enum gil_site_kind kind);
/* The object for sites with a register and displacement: only those programs, all maps shared. 0 or -errno. */
int probe__load_by_reg(struct probe *p);

#endif
