/* SPDX-License-Identifier: BSD-2-Clause */
/* test_counters.c - user space's own counters count: on maps that the test makes up in libbpf's place */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/alarm.h"
#include "giltop.skel.h"
#include "user/books/sink.h"
#include "user/books/totals.h"
#include "user/picture/stack_store.h"
#include "user/probe/maps_read.h"
#include "user/probe/probe.h"
#include "user/python/process.h"
#include "user/python/sym.h"
#include "user/source/stacks.h"

/* ---- libbpf's part: every map is empty but the two that are asked for -------------------------- */

static struct {
	const struct bpf_map *threads, *dead; /* their descriptors are 1 and 2, of others 0 */
	unsigned int busy_reads;	      /* so many find the thread's record being written */
	unsigned int reads;
	unsigned int dead_cnt; /* in the queue; nothing gets in again */
} fake;

int bpf_map__fd(const struct bpf_map *map)
{
	return map == fake.threads ? 1 : map == fake.dead ? 2 : 0;
}

__u32 bpf_map__key_size(const struct bpf_map *map)
{
	return map == fake.threads ? sizeof(struct gt_thread_key) : 64;
}

__u32 bpf_map__value_size(const struct bpf_map *map)
{
	return map == fake.threads ? sizeof(struct gt_thread) : 64;
}

static void read_thread(struct gt_thread *ret)
{
	*ret = (struct gt_thread){ .tid = 5, .tgid = 4, .first_ns = 1, .seq_start = 8 };
	ret->seq_end = fake.reads++ < fake.busy_reads ? 7 : 8;
}

int bpf_map_lookup_batch(int fd, void *in, void *out, void *keys, void *values, __u32 *cnt,
			 const struct bpf_map_batch_opts *opts)
{
	(void)in;
	(void)out;
	(void)keys;
	(void)opts;
	*cnt = fd == 1;
	if (fd == 1)
		read_thread(values);
	return -ENOENT; /* that was all */
}

int bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	(void)key;
	if (fd == 1)
		read_thread(value);
	return fd == 1 ? 0 : -ENOENT;
}

int bpf_map_lookup_and_delete_elem(int fd, const void *key, void *value)
{
	(void)key;
	if (fd != 2 || !fake.dead_cnt)
		return -ENOENT;
	*(struct gt_dead *)value = (struct gt_dead){ .gil = { .tgid = fake.dead_cnt-- } };
	return 0;
}

int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags)
{
	(void)key;
	(void)value;
	(void)flags;
	return fd == 2 ? -E2BIG : 0;
}

int bpf_map_delete_elem(int fd, const void *key)
{
	(void)fd;
	(void)key;
	return -ENOENT;
}

/* Nobody is waited for. */
int nanosleep(const struct timespec *request, struct timespec *rest)
{
	(void)request;
	(void)rest;
	return 0;
}

/* Maps are told apart by their addresses only. */
static void make_maps(struct giltop_bpf *skel)
{
	static struct giltop_bpf__bss bss;
	static char places[2];

	memset(skel, 0, sizeof(*skel));
	memset(&fake, 0, sizeof(fake));
	skel->bss = &bss;
	fake.threads = skel->maps.threads = (struct bpf_map *)&places[0];
	fake.dead = skel->maps.dead = (struct bpf_map *)&places[1];
}

static void a_record_that_is_never_whole_counts_as_torn(void **state)
{
	struct giltop_bpf skel;
	struct probe_steps none = { 0 };
	struct totals t = { 0 };

	(void)state;
	make_maps(&skel);
	fake.busy_reads = 3; /* whole at one of the tries */
	assert_int_equal(probe_read__all(&skel, &none, &t), 0);
	assert_int_equal(t.stats[COUNTER_TORN], 0);
	assert_int_equal(t.stats[COUNTER_LATE], 0);
	fake.reads = 0;
	fake.busy_reads = 30; /* .. after a while */
	assert_int_equal(probe_read__all(&skel, &none, &t), 0);
	assert_int_equal(t.stats[COUNTER_TORN], 0);
	assert_int_equal(t.stats[COUNTER_LATE], 1);
	for (uint64_t i = 1; i <= 2; i++) { /* a counter: it goes on, torn_cnt is of one reading */
		fake.busy_reads = UINT32_MAX;
		assert_int_equal(probe_read__all(&skel, &none, &t), 0);
		assert_int_equal(t.torn_cnt, 1);
		assert_int_equal(t.stats[COUNTER_TORN], i);
	}
	totals__free(&t);
}

static void dead_waiters_that_find_no_room_again_count(void **state)
{
	const uint32_t second = 2;
	struct giltop_bpf skel;

	(void)state;
	make_maps(&skel);
	fake.dead_cnt = 3; /* of processes 3, 2, 1 */
	assert_int_equal(probe_read__forget(&skel, &second, 1), 2);
	assert_int_equal(fake.dead_cnt, 0);
	assert_int_equal(probe_read__forget(&skel, &second, 1), 0);
}

/* ---- the probe's part: one sum, of a stack whose code is gone ---------------------------------- */

int probe__read_sums(struct probe *p, struct raw_sums *ret)
{
	(void)p;
	ret->sums = calloc(1, sizeof(*ret->sums));
	assert_non_null(ret->sums);
	ret->sum_cnt = ret->sum_cap = 1;
	ret->sums[0] =
		(struct raw_sum){ .key = { .stack = 77, .tgid = 4, .tid = 5 }, .sum = { 9, 1 } };
	return 0;
}

int probe__stack(struct probe *p, uint32_t tgid, uint64_t hash, struct py_stack *ret)
{
	(void)p;
	(void)tgid;
	(void)hash;
	ret->cnt = 1;
	ret->frames[0].id = 0x10; /* nobody knows it */
	return 0;
}

int probe__code(struct probe *p, uint32_t tgid, uint64_t id, struct py_code *ret)
{
	(void)p;
	(void)tgid;
	(void)id;
	(void)ret;
	return -ENOENT;
}

int probe__next_epoch(struct probe *p, const struct raw_sums *read)
{
	(void)p;
	(void)read;
	return -1;
}

void probe__each_stack(struct probe *p, const struct probe_stack_ops *ops, void *ctx)
{
	(void)p;
	(void)ops;
	(void)ctx;
}

bool probe__news_lost(struct probe *p)
{
	(void)p;
	return false;
}

static int this_process(void *ctx, uint32_t tgid, struct pystacks_process *ret)
{
	(void)tgid;
	ret->sym = ctx;
	return 0;
}

static void a_name_that_is_gone_counts(void **state)
{
	const struct py_row *row = py_row__find(11, false);
	struct py_runtime rt = { .major = 3, .minor = 11, .machine = EM_X86_64 };
	struct stack_store *store = stack_store__new();
	const struct sinks none = { 0 };
	struct totals t = { 0 };
	struct py_process *py;
	struct pystacks *s;
	struct pysym *sym;

	(void)state;
	rt.layout = row->layout;
	rt.obj = row->obj;
	py = py_process__new(getpid(), &rt, 0);
	assert_non_null(py);
	sym = pysym__new(py);
	s = pystacks__new(NULL, store, &none, this_process, sym);
	assert_non_null(s);
	assert_int_equal(pystacks__read(s, &t, false), 0);
	assert_int_equal(t.stats[COUNTER_UNRESOLVED], 1);
	assert_int_equal(t.stack_cnt, 1);
	assert_string_equal(stack_store__get(store, t.stacks[0].stack).frames[0].name,
			    "[freed code]");
	pystacks__free(s);
	pysym__free(sym);
	py_process__free(py);
	stack_store__free(store);
	totals__free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_that_is_never_whole_counts_as_torn),
		cmocka_unit_test(dead_waiters_that_find_no_room_again_count),
		cmocka_unit_test(a_name_that_is_gone_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
