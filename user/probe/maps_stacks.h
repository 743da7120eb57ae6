/* SPDX-License-Identifier: BSD-2-Clause */
/* maps_stacks.h - walked stacks and the names of code objects (part of probe/: uses the skeleton) */
#ifndef GILTOP_PROBE_MAPS_STACKS_H
#define GILTOP_PROBE_MAPS_STACKS_H

#include <stdint.h>

struct giltop_bpf;
struct probe_stack_ops;
struct py_code;
struct py_stack;

/* See probe.h. */
int probe_read__stack(struct giltop_bpf *skel, uint32_t tgid, uint64_t hash, struct py_stack *ret);
int probe_read__code(struct giltop_bpf *skel, uint32_t tgid, uint64_t id, struct py_code *ret);
void probe_read__each_stack(struct giltop_bpf *skel, const struct probe_stack_ops *ops, void *ctx);

#endif
