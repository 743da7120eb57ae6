/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/probe/sched.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/alarm.h"
#include "giltop.skel.h"
#include "user/base/proc_sleep.h"
#include "user/base/util.h"
#include "user/books/totals.h"
#include "user/probe/maps_read.h"

/* The arguments of the tracepoint, as the kernel's own types have them: is the previous task the second (after preempt), or
 * the third? NULL: this kernel does not say, or it is neither.
 */
static struct bpf_program *program_for(struct giltop_bpf *skel)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *t = NULL, *arg;
	struct bpf_program *prog = NULL;
	__s32 id =
		btf ? btf__find_by_name_kind(btf, "btf_trace_sched_switch", BTF_KIND_TYPEDEF) : -1;

	if (id > 0)
		t = btf__type_by_id(btf, btf__type_by_id(btf, (__u32)id)->type);
	if (t && btf_is_ptr(t))
		t = btf__type_by_id(btf, t->type);
	/* The first one is the tracepoint's own. */
	if (t && btf_is_func_proto(t) && btf_vlen(t) >= 4) {
		arg = btf__type_by_id(btf, btf_params(t)[2].type);
		if (btf_is_ptr(arg)) {
			prog = skel->progs.sched_switch;
		} else if (btf_vlen(t) >= 5) {
			arg = btf__type_by_id(btf, btf_params(t)[3].type);
			prog = btf_is_ptr(arg) ? skel->progs.sched_switch_5_18 : NULL;
		}
	}
	btf__free(btf);
	return prog;
}

bool probe_sched__choose(struct giltop_bpf *skel, bool want, bool events)
{
	struct bpf_program *prog = want ? program_for(skel) : NULL;

	bpf_program__set_autoload(skel->progs.sched_switch, prog == skel->progs.sched_switch);
	bpf_program__set_autoload(skel->progs.sched_switch_5_18,
				  prog == skel->progs.sched_switch_5_18);
	bpf_program__set_autoload(skel->progs.sched_waking, prog && events);
	if (!prog) {
		bpf_map__set_max_entries(skel->maps.sleeps, 1);
		bpf_map__set_max_entries(skel->maps.first_holds, 1);
		bpf_map__set_max_entries(skel->maps.slept, 1);
	}
	return prog;
}

int probe_sched__attach(struct giltop_bpf *skel)
{
	struct bpf_program *prog = bpf_program__autoload(skel->progs.sched_switch)
					   ? skel->progs.sched_switch
					   : skel->progs.sched_switch_5_18;

	if (bpf_program__autoload(skel->progs.sched_waking)) {
		skel->links.sched_waking = bpf_program__attach(skel->progs.sched_waking);
		if (!skel->links.sched_waking)
			return -errno;
	}
	skel->links.sched_switch = bpf_program__attach(prog);
	return skel->links.sched_switch ? 0 : -errno;
}

static volatile uint8_t *place_of(struct giltop_bpf *skel, uint32_t tgid)
{
	return &skel->bss->sched_places[tgid % GT_SCHED_PLACES];
}

void probe_sched__watch(struct giltop_bpf *skel, pid_t tgid)
{
	struct gt_sleep_key other = { .tgid = (__u32)tgid, .call = GT_NO_CALL };
	struct gt_sum none = { 0 };

	/* Takes what finds no room; without it that is lost, but counted. */
	bpf_map_update_elem(bpf_map__fd(skel->maps.slept), &other, &none, BPF_NOEXIST);
	*place_of(skel, (uint32_t)tgid) = 1;
}

/* It sleeps: nobody has seen that begin. What is inserted is taken out when it is on a CPU again; if that was while we
 * looked, by us.
 */
static void insert_sleep(struct giltop_bpf *skel, const struct gt_sleeper_key *who)
{
	int fd = bpf_map__fd(skel->maps.sleeps);
	struct gt_sleep s = {
		.at = { .tgid = who->tgid, .tid = who->tid, .call = GT_UNKNOWN_CALL }
	};
	uint64_t before, after;

	if (proc__sleep((pid_t)who->tgid, (pid_t)who->tid, &before))
		return;
	s.since_ns = now_ns();
	if (bpf_map_update_elem(fd, who, &s, BPF_NOEXIST))
		return;
	if (proc__sleep((pid_t)who->tgid, (pid_t)who->tid, &after) || after != before)
		bpf_map_delete_elem(fd, who);
}

void probe_sched__first_hold(struct giltop_bpf *skel, pid_t tgid, uint64_t cond, uint32_t tid)
{
	struct gt_sleeper_key who = { .tgid = (__u32)tgid, .tid = tid };

	bpf_map_update_elem(bpf_map__fd(skel->maps.first_holds), &who, &cond, BPF_ANY);
	if (*place_of(skel, who.tgid))
		insert_sleep(skel, &who);
}

struct others {
	uint32_t tgid;
	bool found;
};

static int is_at_same_place(void *ctx, const void *key, const void *value)
{
	struct others *o = ctx;
	uint32_t tgid = *(const uint32_t *)key;

	o->found |= ((const struct gt_target *)value)->books_ns && tgid != o->tgid &&
		    tgid % GT_SCHED_PLACES == o->tgid % GT_SCHED_PLACES;
	return 0;
}

void probe_sched__unwatch(struct giltop_bpf *skel, pid_t tgid)
{
	struct others o = { .tgid = (uint32_t)tgid };

	if (!*place_of(skel, o.tgid))
		return;
	/* If that is not to be known it stays: another is looked at in vain. */
	if (!map_each(skel->maps.targets, is_at_same_place, &o) && !o.found)
		*place_of(skel, o.tgid) = 0;
}

static int add(struct totals *t, const struct gt_sleep_key *at, uint64_t ns, uint64_t cnt)
{
	if (array_grow(&t->sleeps, t->sleep_cnt, &t->sleep_cap, sizeof(*t->sleeps)))
		return -ENOMEM;
	t->sleeps[t->sleep_cnt++] = (struct total_sleep){ .at = *at, .ns = ns, .cnt = cnt };
	return 0;
}

static int read_slept(void *ctx, const void *key, const void *value)
{
	const struct gt_sum *sum = value;

	return sum->cnt ? add(ctx, key, sum->ns, sum->cnt) : 0;
}

static int read_open(void *ctx, const void *key, const void *value)
{
	const struct gt_sleep *s = value;
	struct totals *t = ctx;

	(void)key;
	return s->since_ns < t->now_ns ? add(t, &s->at, t->now_ns - s->since_ns, 1) : 0;
}

/* Those that go on come last: one that ends meanwhile is in neither, and in the next reading again. */
int probe_sched__read(struct giltop_bpf *skel, struct totals *ret)
{
	int err;

	ret->sleep_cnt = 0;
	ret->sleeps_known = true;
	err = map_each(skel->maps.slept, read_slept, ret);
	return err ? err : map_each(skel->maps.sleeps, read_open, ret);
}
