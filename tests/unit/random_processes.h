/* SPDX-License-Identifier: BSD-2-Clause */
/* random_processes.h - the processes of a random schedule: they begin, end, run another program */
#ifndef GILTOP_TEST_RANDOM_PROCESSES_H
#define GILTOP_TEST_RANDOM_PROCESSES_H

#include "tests/unit/random_schedule.h"

static void start_proc(struct sim *s, size_t p)
{
	uint32_t tgid = (uint32_t)(p + 1) * 100;
	const struct say_proc info = { .pid = tgid, .comm = "app" };
	struct fake_thread *leader = find_thread(&s->k, tgid);

	start_books(tgid, s->now);
	if (s->has_modes) {
		s->links[p] = rnd(s, 2);
		s->modes[p] = (struct gt_modes){ .exact = s->links[p], .from_start = s->links[p] };
		put_modes(s, p);
	}
	assert_int_equal(say_start(s->m, &info, s->now), 0);
	if (s->has_modes)
		say_modes(s, p, s->now);
	s->over[p] = s->dying[p] = false;
	for (size_t i = 0; i < s->k.gil_cnt; i++) {
		if (s->k.gils[i].tgid != tgid)
			continue;
		s->k.gils[i].holder = NO_TID;
		s->k.gils[i].last_holder = 0;
		s->gone[i] = s->seen[i] = (struct tally){ 0 };
	}
	if (!leader || leader->busy)
		return;
	*leader = (struct fake_thread){ .tid = tgid, .tgid = tgid, .gil = &s->k.gils[p] };
	s->may_yield[idx_of(s, leader)] = false;
}

/* User space sees the end of a process, or of its program. */
static void books_are_over(struct sim *s, size_t p, uint64_t end_ns)
{
	uint32_t tgid = (uint32_t)(p + 1) * 100;

	read_now(s, false);
	say_end(s->m, tgid, end_ns);
	forget_process(&s->k, tgid);
	s->over[p] = true;
	check_all(s);
}

static void kill_but(struct sim *s, size_t p, const struct fake_thread *survivor)
{
	uint32_t tgid = (uint32_t)(p + 1) * 100;

	s->dying[p] = true;
	while (alive(s, tgid) > (survivor != NULL)) {
		struct fake_thread *t = any_thread(s, false);

		time_passes(s);
		if (rnd(s, 2))
			step(s, false);
		else if (t && t->tgid == tgid && t != survivor)
			dies(&s->k, t->tid, s->now);
	}
}

static void process_ends(struct sim *s, size_t p)
{
	kill_but(s, p, NULL);
	time_passes(s);
	books_are_over(s, p, s->now);
	start_proc(s, p);
}

/* The program is replaced. Its successor has its GIL at the same address, and runs before user space knows. */
static void process_execs(struct sim *s, size_t p)
{
	uint32_t tgid = (uint32_t)(p + 1) * 100, old_tid;
	struct fake_thread *t = any_thread(s, false), *leader = find_thread(&s->k, tgid);
	uint64_t exec_ns;

	if (!t || proc_of(t) != p || !leader || (t != leader && leader->busy))
		return;
	s->dying[p] = t->busy = true; /* the one that lives on */
	while (alive(s, tgid) > 1) {
		struct fake_thread *o = any_thread(s, false);

		time_passes(s);
		if (o && o->tgid == tgid && o != t)
			dies(&s->k, o->tid, s->now);
	}
	old_tid = t->tid;
	t->dead = true;
	t->busy = false;
	*leader = (struct fake_thread){ .tid = tgid, .tgid = tgid, .gil = t->gil };
	time_passes(s);
	exec_ns = s->now;
	runs(&s->k, leader, exec_ns);
	leader->busy = true;
	on_task_exec(old_tid, 0, 0);
	leader->busy = false;
	for (size_t i = 0; i < s->k.gil_cnt; i++)
		if (s->k.gils[i].tgid == tgid)
			s->k.gils[i].holder = NO_TID;
	for (uint64_t n = rnd(s, 6); n--;) {
		time_passes(s);
		step_thread(s, leader);
	}
	books_are_over(s, p, exec_ns);
	start_proc(s, p);
}

/* has_modes: books are exact and light by turns. */
static void begin(struct sim *s, uint64_t seed, bool has_modes)
{
	static const unsigned int interrupts[] = { 0, 100, 25, 8 };
	static const uint64_t keeps[] = { 1024, 1, 0 };
	static const uint64_t lengths[] = { 30, 3000, 300000, 30000000 };
	uint64_t first_cond = COND;

	*s = (struct sim){ .x = seed * 0x9e3779b97f4a7c15ull | 1,
			   .now = T0,
			   .has_modes = has_modes,
			   .next_tid = FIRST_TID };
	for (int i = 0; i < 8; i++)
		rnd(s, 2);
	machine__init_empty(&s->k, rnd(s, 2));
	s->k.taken_out = take_out;
	s->k.ctx = s;
	s->interrupt = interrupts[rnd(s, 4)];
	s->longest_ns = lengths[rnd(s, 4)];
	s->deaths = rnd(s, 4);
	exited_keep = keeps[rnd(s, 3)];
	span_min_ns = rnd(s, 2);
	s->m = model__new();
	assert_non_null(s->m);
	/* Programs that are not relocated have their GILs at one address. */
	for (size_t p = 0; p < PROCS; p++)
		add_gil(&s->k, (uint32_t)(p + 1) * 100, first_cond);
	add_gil(&s->k, 100, first_cond + 0x1000);
	for (size_t p = 0; p < PROCS; p++) {
		start_proc(s, p);
		add_thread(&s->k, (uint32_t)(p + 1) * 100, &s->k.gils[p]);
		add_thread(&s->k, s->next_tid++, &s->k.gils[p]);
		/* One that the kernel folds away before it was seen has no past in the model's intervals. */
		if (!rnd(s, 3) && exited_keep > STEPS)
			has_held(&s->k, (uint32_t)(p + 1) * 100);
	}
	seed_holders(s);
	shim.ctx = s;
	shim.point = s->interrupt ? interrupt : NULL;
}

#endif
