/* SPDX-License-Identifier: BSD-2-Clause */
/* code.c - the walk of frames and the reading of code objects that BPF does, compiled for user space */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/python/process_impl.h"

static long walk_read(__u64 mem, void *dst, __u64 size, __u64 addr)
{
	int err =
		size ? py_process__read((const struct py_process *)(uintptr_t)mem, addr, dst, size)
		     : 0;

	if (err)
		memset(dst, 0, size);
	return err;
}

#define py_read(scratch, dst, size, addr) walk_read((scratch)->mem, dst, size, addr)
#include "bpf/pystack.bpf.h"

static int walk_there(void *state, const void *in, size_t in_len, struct sbuf *out)
{
	const void *args;
	struct py_process *p = py_guest__open(state, in, in_len, &args, sizeof(uint64_t));
	struct py_walk *w = p ? malloc(sizeof(*w)) : NULL;

	if (!w)
		return -ENOMEM;
	py_process__walk(p, load_u64(args), w);
	sbuf__add(out, (const char *)w, sizeof(*w));
	free(w);
	return 0;
}

static void walk_by_worker(const struct py_process *p, uint64_t tstate, struct py_walk *ret)
{
	struct sbuf out = { 0 };
	int err = py_guest__call((struct py_process *)(uintptr_t)p, walk_there, &tstate,
				 sizeof(tstate), &out);

	if (!err && out.len == sizeof(*ret))
		memcpy(ret, out.s, sizeof(*ret));
	else
		ret->stack = (struct py_stack){ .end = PY_END_TSTATE };
	sbuf__free(&out);
}

void py_process__walk(const struct py_process *p, uint64_t tstate, struct py_walk *out)
{
	if (p->worker) {
		walk_by_worker(p, tstate, out);
		return;
	}
	out->x.mem = (__u64)(uintptr_t)p;
	py_walk_stack(&py_process__runtime(p)->layout, tstate, out);
}

int py_process__code(const struct py_process *p, uint64_t addr, uint64_t id, struct py_code *ret)
{
	struct py_scratch x = { .mem = (__u64)(uintptr_t)p };

	for (x.blind = 0; x.blind < 2; x.blind++) {
		memset(ret, 0, sizeof(*ret));
		if (!py_code_read(&py_process__runtime(p)->layout, &x, addr, id, ret) &&
		    !ret->unread) {
			ret->id = id;
			return 0;
		}
	}
	return -EFAULT;
}

uint64_t py_process__code_id(const struct py_process *p, uint64_t addr)
{
	struct py_scratch x = { .mem = (__u64)(uintptr_t)p };

	return py_code_id(&py_process__runtime(p)->layout, &x, addr);
}
