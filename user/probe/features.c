/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/probe/features.h"

#include <bpf/libbpf.h>

#include "user/base/caps.h"
#include "user/probe/multi.h"

static bool try_btf(const char **why)
{
	*why = caps__btf_path();
	return caps__has_btf();
}

static bool try_ringbuf(const char **why)
{
	bool ok = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL) == 1;

	*why = ok ? "yes (Linux 5.8)" : "no: Linux 5.8 or newer, and privileges";
	return ok;
}

/* Without privileges libbpf takes the refusal for a yes. */
static bool try_cookie(const char **why)
{
	bool ok = caps__may_trace() &&
		  libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_get_attach_cookie, NULL) ==
			  1;

	*why = ok ? "yes (Linux 5.15)"
		  : "no: for interpreters built with -fno-plt Linux 5.15 or newer, and privileges";
	return ok;
}

const struct feature_desc feature_table[FEATURE_CNT] = {
	[FEATURE_BTF] = { .name = "kernel type information", .needed = true, .try = try_btf },
	[FEATURE_RINGBUF] = { .name = "BPF ring buffer", .needed = true, .try = try_ringbuf },
	[FEATURE_MULTI] = { .name = "uprobe_multi links", .try = probe_multi__try },
	[FEATURE_COOKIE] = { .name = "probe cookies", .try = try_cookie },
};

bool feature__has(enum feature f, const char **why)
{
	static struct {
		bool tried, has;
		const char *why;
	} known[FEATURE_CNT]; /* cached: a kernel does not change */

	if (!known[f].tried) {
		known[f].has = feature_table[f].try(&known[f].why);
		known[f].tried = true;
	}
	if (why)
		*why = known[f].why;
	return known[f].has;
}
