// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* cost.bpf.c - what giltop is compared with: an empty program, and a naive tracer of the GIL
 *
 * The naive tracer is what one writes at first: take_gil at entry and return, drop_gil at entry, the
 * time of the last event per thread in a hash map, sums per thread. No stacks, no pairs, no checks.
 */
#include "bpf/kernel.bpf.h"

struct sums {
	__u64 asked_ns, got_ns;
	__u64 wait_ns, hold_ns, takes, drops;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct sums);
} threads SEC(".maps");

SEC("uprobe")
int empty_multi(void *ctx)
{
	return 0;
}

SEC("uprobe")
int empty_perf(void *ctx)
{
	return 0;
}

SEC("tp_btf/sched_switch")
int empty_switch(__u64 *ctx)
{
	return 0;
}

SEC("uprobe")
int naive_take(void *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct sums fresh = { 0 }, *s = bpf_map_lookup_elem(&threads, &tid);

	if (!s) {
		bpf_map_update_elem(&threads, &tid, &fresh, BPF_NOEXIST);
		s = bpf_map_lookup_elem(&threads, &tid);
	}
	if (s)
		s->asked_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("uretprobe")
int naive_taken(void *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct sums *s = bpf_map_lookup_elem(&threads, &tid);

	if (!s || !s->asked_ns)
		return 0;
	s->got_ns = bpf_ktime_get_ns();
	s->wait_ns += s->got_ns - s->asked_ns;
	s->takes++;
	return 0;
}

SEC("uprobe")
int naive_drop(void *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct sums *s = bpf_map_lookup_elem(&threads, &tid);

	if (!s || !s->got_ns)
		return 0;
	s->hold_ns += bpf_ktime_get_ns() - s->got_ns;
	s->drops++;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
