/* SPDX-License-Identifier: BSD-2-Clause */
/* maps_stacks.c - walked stacks and the names of code objects, out of the BPF maps */
#include "user/probe/maps_stacks.h"

#include <errno.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/alarm.h"
#include "bpf/pystack.h"
#include "giltop.skel.h"
#include "user/probe/maps_read.h"
#include "user/probe/probe.h"

int probe_read__stack(struct giltop_bpf *skel, uint32_t tgid, uint64_t hash, struct py_stack *ret)
{
	struct gt_stack_key key = { .hash = hash, .tgid = tgid };

	return bpf_map_lookup_elem(bpf_map__fd(skel->maps.stacks), &key, ret) ? -ENOENT : 0;
}

int probe_read__code(struct giltop_bpf *skel, uint32_t tgid, uint64_t id, struct py_code *ret)
{
	struct gt_code_key key = { .id = id, .tgid = tgid };

	if (bpf_map_lookup_elem(bpf_map__fd(skel->maps.codes), &key, ret))
		return -ENOENT;
	return ret->id == id ? 0 : -ENOENT; /* still being read */
}

struct each_stack {
	const struct probe_stack_ops *ops;
	void *ctx;
	int fd;
};

static int each_code(void *ctx, const void *key, const void *value)
{
	const struct each_stack *e = ctx;
	const struct gt_code_key *k = key;
	const struct py_code *code = value;

	/* .. that is not still being read. */
	if (code->id == k->id && e->ops->code(e->ctx, k->tgid, k->id, code))
		bpf_map_delete_elem(e->fd, k);
	return 0;
}

static int each_stack(void *ctx, const void *key, const void *value)
{
	const struct each_stack *e = ctx;
	const struct gt_stack_key *k = key;

	if (e->ops->stack(e->ctx, k->tgid, k->hash, value))
		bpf_map_delete_elem(e->fd, k);
	return 0;
}

void probe_read__each_stack(struct giltop_bpf *skel, const struct probe_stack_ops *ops, void *ctx)
{
	struct each_stack e = { ops, ctx, bpf_map__fd(skel->maps.codes) };

	map_each(skel->maps.codes, each_code, &e);
	e.fd = bpf_map__fd(skel->maps.stacks);
	map_each(skel->maps.stacks, each_stack, &e);
}
