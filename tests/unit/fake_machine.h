/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_machine.h - processes, threads and GILs that drive the real accounting of bpf/ event by event
 *
 * A thread that waits, acquires, .. runs the BPF program that its probe would run, with the target's
 * memory as it is then. Included by one test program; everything in it is static inline.
 */
#ifndef GILTOP_TEST_FAKE_MACHINE_H
#define GILTOP_TEST_FAKE_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "user/books/totals.h"
#include "user/source/stack_growth.h"

#include "tests/unit/bpf_shim.h"

/* Its functions are programs to the kernel: they have no prototypes. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#include "bpf/accounting.bpf.h"
#pragma GCC diagnostic pop

#define PID    100u
#define COND   0x7000u
#define T0     1000000u /* the books start */
#define MAX_T  256
#define MAX_G  8
#define NO_TID 0u

/* The memory of every process: PyThreadStates by tid, one frame for each number of a stack. */
#define TSTATE_AT 0x10000000ull
#define TSTATE_SZ 0x100ull
#define FRAME_AT  0x80000000ull
#define FRAME_SZ  0x40ull

struct fake_gil {
	uint64_t cond;
	uint32_t tgid;
	uint32_t holder; /* tid, NO_TID: nobody */
	uint64_t last_holder;
	bool busy; /* a handler of one of its events runs: gil->mutex is held */
};

struct fake_thread {
	uint32_t tid, tgid;
	struct fake_gil *gil;
	enum gt_state state;
	uint32_t stack; /* a number; 0: it runs no Python code */
	bool busy;	/* in a handler */
	bool dead;
	bool paged_out; /* its PyThreadState cannot be read */
};

struct machine {
	struct fake_gil gils[MAX_G];
	size_t gil_cnt;
	struct fake_thread threads[MAX_T];
	size_t thread_cnt;
	struct signal_struct signal;
	struct task_struct task;
	char comm[16];
	struct totals totals; /* its books as last read: fake_reader.h */
	/* Told of each ended thread that a reading has taken out of the maps; may be NULL. */
	void (*taken_out)(void *ctx, const struct total_thread *t);
	void *ctx;
	uint32_t file; /* whose probes are hit: of gt_file; 0: those of the process alone */
	struct stack_growth growth;
};

static const struct py_layout fake_layout = {
	.walk = PY_WALK_INTERPFRAME,
	.frame_size = 32,
	.frame_back = 8,
	.frame_instr = 16,
	.frame_owner = 24,
	.instr_mask = ~0ull,
	.tstate_tid = 16,
};

static inline uint64_t tstate_of(uint32_t tid)
{
	return TSTATE_AT + tid * TSTATE_SZ;
}

static inline struct fake_thread *find_thread(struct machine *k, uint32_t tid)
{
	for (size_t i = 0; i < k->thread_cnt; i++)
		if (k->threads[i].tid == tid)
			return &k->threads[i];
	return NULL;
}

static inline int read_memory(void *ctx, void *dst, uint32_t size, uint64_t addr)
{
	struct machine *k = ctx;
	const struct fake_thread *t;
	uint64_t frame_addr;

	if (addr >= FRAME_AT) {
		uint64_t frame[4] = { addr, 0, 0, 0 };

		memcpy(dst, frame, size < sizeof(frame) ? size : sizeof(frame));
		return 0;
	}
	if (addr >= TSTATE_AT) {
		t = find_thread(k, (uint32_t)((addr - TSTATE_AT) / TSTATE_SZ));
		if (!t || t->paged_out || t->tgid != shim.cpu.tgid)
			return -1;
		if (size == sizeof(t->tid) && addr % TSTATE_SZ == fake_layout.tstate_tid) {
			memcpy(dst, &t->tid, size);
			return 0;
		}
		if (size != sizeof(uint64_t))
			return -1;
		frame_addr = t->stack ? FRAME_AT + t->stack * FRAME_SZ : 0;
		memcpy(dst, &frame_addr, size);
		return 0;
	}
	for (size_t i = 0; i < k->gil_cnt; i++) {
		const struct fake_gil *g = &k->gils[i];
		struct gil_memory mem = { .last_holder = g->last_holder, .locked = !!g->holder };

		if (g->tgid == shim.cpu.tgid && addr == g->cond + GT_COND_TO_LOCKED) {
			memcpy(dst, &mem.locked, sizeof(mem.locked));
			return 0;
		}
		if (g->tgid != shim.cpu.tgid || addr != g->cond + GT_COND_TO_LAST_HOLDER)
			continue;
		memcpy(dst, &mem, size < sizeof(mem) ? size : sizeof(mem));
		return 0;
	}
	return -1;
}

/* ---- user space's part: before load, the books of a process start ---- */

static inline void set_value(struct shim_map *m, const void *key, const void *value)
{
	assert_int_equal(shim__update(m, key, value, BPF_ANY), 0);
}

/* The rows that take what finds no room: probe_read__open_sums(). */
static inline void open_sums(uint32_t tgid)
{
	struct gt_sum zero = { 0 };

	for (uint32_t side = 0; side < 2; side++) {
		struct gt_pair_key pair = { .tgid = tgid, .side = side };

		set_value(SHIM_MAP(&pairs), &pair, &zero.ns);
	}
	for (uint32_t epoch = 0; stacks_on && epoch < 2; epoch++) {
		struct gt_chain_key chain = { .tgid = tgid, .epoch = epoch };

		for (uint32_t kind = 0; kind < GT_SUM_KINDS; kind++) {
			struct gt_sum_key sum = { .tgid = tgid, .kind = kind, .epoch = epoch };

			set_value(SHIM_MAP(&sums), &sum, &zero);
		}
		set_value(SHIM_MAP(&chains), &chain, &zero);
	}
}

static inline void start_books(uint32_t tgid, uint64_t now)
{
	struct gt_target target = { .books_ns = now, .layout = fake_layout };

	open_sums(tgid);
	set_value(SHIM_MAP(&targets), &tgid, &target);
}

static inline struct fake_gil *add_gil(struct machine *k, uint32_t tgid, uint64_t cond)
{
	assert_true(k->gil_cnt < MAX_G);
	k->gils[k->gil_cnt] = (struct fake_gil){ .cond = cond, .tgid = tgid };
	return &k->gils[k->gil_cnt++];
}

/* Nothing is loaded, nobody runs. with_stacks: whether stacks are collected. */
static inline void machine__init_empty(struct machine *k, bool with_stacks)
{
	memset(k, 0, sizeof(*k));
	shim__reset();
	shim.read = read_memory;
	shim.read_ctx = k;
	k->task.signal = &k->signal;
	stacks_on = with_stacks;
	min_hold_ns = 1000000;
	exited_keep = 1024;
	exited_cnt = span_min_ns = 0;
	cut = cut_before = cut_next = folding = reading = 0;
	sum_epoch = follow = frozen = queued_unknown = adopt_all = 0;
	for (uint32_t slot = 0; slot < GT_GILS; slot++)
		shim__push(SHIM_QUEUE(&gil_free), &slot);
}

/* One process with one GIL, whose books start at T0. */
static inline void machine__init(struct machine *k, bool with_stacks)
{
	machine__init_empty(k, with_stacks);
	add_gil(k, PID, COND);
	start_books(PID, T0);
}

static inline void machine__deinit(struct machine *k)
{
	totals__free(&k->totals);
	stack_growth__deinit(&k->growth);
	shim__reset();
}

/* ---- threads ---- */

static inline struct fake_thread *add_thread(struct machine *k, uint32_t tid, struct fake_gil *gil)
{
	assert_true(k->thread_cnt < MAX_T);
	k->threads[k->thread_cnt] = (struct fake_thread){
		.tid = tid, .tgid = gil->tgid, .gil = gil, .stack = 1000 + tid
	};
	return &k->threads[k->thread_cnt++];
}

/* A thread that is not there is made, at the first GIL; the tid of a dead one is given to another. */
static inline struct fake_thread *thread_of_tid(struct machine *k, uint32_t tid)
{
	struct fake_thread *t = find_thread(k, tid);

	if (t && t->dead)
		*t = (struct fake_thread){
			.tid = tid, .tgid = t->tgid, .gil = t->gil, .stack = t->stack
		};
	return t ? t : add_thread(k, tid, &k->gils[0]);
}

static inline void runs(struct machine *k, const struct fake_thread *t, uint64_t now)
{
	snprintf(k->comm, sizeof(k->comm), "t%u", t->tid);
	k->task.pid = (int)t->tid;
	k->task.tgid = (int)t->tgid;
	shim.cpu = (struct shim_cpu){
		.tgid = t->tgid, .tid = t->tid, .now_ns = now, .comm = k->comm, .task = &k->task
	};
}

/* A WAIT site is hit: the wait begins, or goes on after a switch interval. */
static inline void waits(struct machine *k, uint32_t tid, uint64_t now)
{
	struct fake_thread *t = thread_of_tid(k, tid);

	runs(k, t, now);
	t->busy = t->gil->busy = true;
	on_wait(t->gil->cond, k->file);
	t->busy = t->gil->busy = false;
	t->state = GT_WAIT;
}

static inline void acquires(struct machine *k, uint32_t tid, uint64_t now)
{
	struct fake_thread *t = thread_of_tid(k, tid);

	assert_int_equal(t->gil->holder, NO_TID);
	t->gil->holder = tid;
	t->gil->last_holder = tstate_of(tid);
	runs(k, t, now);
	t->busy = t->gil->busy = true;
	on_acquire(t->gil->cond, k->file);
	t->busy = t->gil->busy = false;
	t->state = GT_HOLD;
}

/* The timed wait of a waiter returned: the GIL is free, or taken. */
static inline void looks_after(struct machine *k, uint32_t tid, uint64_t now)
{
	struct fake_thread *t = thread_of_tid(k, tid);

	runs(k, t, now);
	t->busy = t->gil->busy = true;
	on_after();
	t->busy = t->gil->busy = false;
}

/* .. and what is not seen in a light stretch. */
static inline void acquires_unseen(struct machine *k, uint32_t tid)
{
	struct fake_thread *t = thread_of_tid(k, tid);

	assert_int_equal(t->gil->holder, NO_TID);
	t->gil->holder = tid;
	t->gil->last_holder = tstate_of(tid);
	t->state = GT_HOLD;
}

static inline void releases_unseen(struct machine *k, uint32_t tid)
{
	struct fake_thread *t = thread_of_tid(k, tid);

	assert_int_equal(t->gil->holder, tid);
	t->gil->holder = NO_TID;
	t->state = GT_RELEASED;
}

static inline void releases(struct machine *k, uint32_t tid, uint64_t now)
{
	struct fake_thread *t = thread_of_tid(k, tid);

	assert_int_equal(t->gil->holder, tid);
	t->gil->holder = NO_TID;
	runs(k, t, now);
	t->busy = t->gil->busy = true;
	on_release(t->gil->cond, k->file);
	t->busy = t->gil->busy = false;
	t->state = GT_RELEASED;
}

/* After a release that others had asked for, until one of them has it: without gil->mutex. */
static inline void yields(struct machine *k, uint32_t tid, uint64_t now)
{
	struct fake_thread *t = thread_of_tid(k, tid);

	runs(k, t, now);
	t->busy = true;
	on_yield(t->gil->cond);
	t->busy = false;
	t->state = GT_YIELD;
}

static inline void ends_yield(struct machine *k, uint32_t tid, uint64_t now)
{
	struct fake_thread *t = thread_of_tid(k, tid);

	runs(k, t, now);
	t->busy = true;
	on_yield_end();
	t->busy = false;
	t->state = GT_RELEASED;
}

static inline void dies(struct machine *k, uint32_t tid, uint64_t now)
{
	struct fake_thread *t = thread_of_tid(k, tid);

	t->dead = t->busy = true;
	k->signal.live.counter = 0;
	for (size_t i = 0; i < k->thread_cnt; i++)
		k->signal.live.counter += k->threads[i].tgid == t->tgid && !k->threads[i].dead;
	runs(k, t, now);
	on_task_exit();
	t->busy = false;
}

/* The stack that the thread has from now on, seen by whoever looks at it. */
static inline void stands_at(struct machine *k, uint32_t tid, uint32_t stack)
{
	thread_of_tid(k, tid)->stack = stack;
}

/* Who has it since before the books, as user space finds it in the target's memory. */
static inline void has_held(struct machine *k, uint32_t tid)
{
	struct fake_thread *t = thread_of_tid(k, tid);
	struct gt_tstate_key key = { .tstate = tstate_of(tid), .tgid = t->tgid };

	t->state = GT_HOLD;
	t->gil->holder = tid;
	t->gil->last_holder = key.tstate;
	set_value(SHIM_MAP(&holders), &key, &tid);
}

#endif
