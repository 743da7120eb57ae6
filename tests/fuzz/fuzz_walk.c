/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_walk.c - the walk that the kernel makes, over memory that holds anything: bounded, and sane where it ends
 *
 * bpf/pystack.bpf.h with the helpers of tests/unit/bpf_shim.h. The first byte says which version's layout, or (bit 7)
 * that the layout itself is made of the input, as one would be that another program's file has led to.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/bpf_shim.h"

#include "bpf/pystack.bpf.h"
#include "user/python/layout_table.h"

/* The walk's begin and its steps; of each frame kept: its code, how its lines begin (whole, or head and rest apart), head
 * and both ends of its name and of its file.
 */
#define READS_MAX (2 + PY_WALK_STEPS + 10 * PY_STACK_MAX)

static struct fuzz_mem mem;
static struct py_walk walk;

static int read_mem(void *ctx, void *dst, uint32_t size, uint64_t addr)
{
	return fuzz_mem__read(ctx, dst, size, addr);
}

static void look_at_code(const struct py_layout *l, uint64_t addr, uint64_t id)
{
	struct py_code c = { 0 };

	walk.x.blind = id & 1;
	if (py_code_read(l, &walk.x, addr, id, &c))
		return;
	promise(c.name.kept <= PY_NAME_BYTES && c.name.kept <= c.name.bytes);
	promise(c.file.kept <= PY_FILE_BYTES && c.file.kept <= c.file.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t which = take(&in);
	struct py_layout l = py_rows[which % py_row_cnt].layout;

	if (which & 0x80)
		for (size_t i = 0; i < sizeof(l); i++)
			((uint8_t *)&l)[i] = take(&in);
	mem = (struct fuzz_mem){ .bytes = in.p, .sz = in.left, .max_reads = 100000 };
	shim.read = read_mem;
	shim.read_ctx = &mem;
	py_gather_begin(&l, FUZZ_MEM_BASE, &walk);
	for (int i = 0; i < PY_WALK_TURNS && py_gather_some(&walk); i++)
		;
	py_gather_end(&walk);
	promise(walk.stack.cnt <= PY_STACK_MAX && walk.stack.end < PY_END_CNT);
	for (uint32_t i = 0; i < walk.stack.cnt; i++)
		py_frame_id(&walk, i);
	promise(mem.reads <= READS_MAX);
	for (uint32_t i = 0; i < walk.stack.cnt && i < 4; i++) {
		mem.reads = 0;
		look_at_code(&l, walk.code[i], walk.stack.frames[i].id);
	}
	return 0;
}
