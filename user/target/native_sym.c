/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/target/native_sym.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/budgets.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/base/worker.h"
#include "user/target/native_table.h"

/* Functions that are kept of a process, some 100 bytes each; beyond that it begins anew. */
#define RANGES_MAX 4096
/* That no file is mapped there is believed for so long. */
#define ABSENT_NS 5000000000ull

static const struct worker_limits limits = { .memory = BUDGET_NATIVE_MEMORY,
					     .cpu_ns = BUDGET_NATIVE_CPU_NS,
					     .wait_ns = BUDGET_NATIVE_WAIT_NS,
					     .answer = BUDGET_MB };

struct native_files {
	struct worker *worker;
	struct native_tables *tables; /* the worker's */
	uint64_t reads, asked, serial;
};

struct known {
	uint64_t start, end;
	uint64_t until_ns; /* 0: for good */
	char *object;	   /* and, in the same memory, the symbol */
	const char *symbol;
};

struct native_sym {
	pid_t pid;
	uint64_t serial, silent_until_ns;
	struct native_files *files; /* not owned */
	size_t cnt, cap;
	struct known *known; /* by start */
};

struct request {
	pid_t pid;
	uint64_t serial, ip;
};

struct answer {
	struct native_range range;
	uint64_t reads;
};

struct native_files *native_files__new(void)
{
	struct native_files *fs = calloc(1, sizeof(*fs));

	if (!fs)
		return NULL;
	fs->tables = native_tables__new();
	fs->worker = worker__new(&limits, fs->tables);
	if (fs->tables && fs->worker)
		return fs;
	native_files__free(fs);
	return NULL;
}

void native_files__free(struct native_files *fs)
{
	if (!fs)
		return;
	worker__free(fs->worker);
	native_tables__free(fs->tables);
	free(fs);
}

uint64_t native_files__reads(const struct native_files *fs)
{
	return fs->reads;
}

uint64_t native_files__asked(const struct native_files *fs)
{
	return fs->asked;
}

uint64_t native_files__lost_cnt(const struct native_files *fs)
{
	return worker__lost_cnt(fs->worker);
}

uint64_t native_files__cpu_ns(const struct native_files *fs)
{
	return worker__cpu_ns(fs->worker);
}

struct native_sym *native_sym__new(pid_t pid, struct native_files *files)
{
	struct native_sym *n = calloc(1, sizeof(*n));

	if (n) {
		n->pid = pid;
		n->files = files;
		n->serial = ++files->serial;
	}
	return n;
}

static void forget_all(struct native_sym *n)
{
	while (n->cnt)
		free(n->known[--n->cnt].object);
}

void native_sym__free(struct native_sym *n)
{
	if (!n)
		return;
	forget_all(n);
	free(n->known);
	free(n);
}

/* The number of those that start at ip or before. */
static size_t started(const struct native_sym *n, uint64_t ip)
{
	size_t lo = 0, hi = n->cnt;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (n->known[mid].start <= ip)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int answer_request(void *state, const void *in, size_t len, struct sbuf *out)
{
	struct answer a = { 0 };
	struct request r;

	if (len != sizeof(r))
		return -EINVAL;
	memcpy(&r, in, sizeof(r));
	native_tables__find(state, r.pid, r.serial, r.ip, &a.range);
	a.reads = native_tables__reads(state);
	sbuf__add(out, (const char *)&a, sizeof(a));
	return 0;
}

/* What the worker knows of the address. Lost: nothing, for a while. */
static void ask(struct native_sym *n, uint64_t ip, struct native_range *ret)
{
	const struct request r = { n->pid, n->serial, ip };
	struct sbuf out = { 0 };
	struct answer a;
	uint64_t now = now_ns();

	*ret = (struct native_range){ .start = ip, .end = ip + 1 };
	if (now < n->silent_until_ns)
		return;
	n->files->asked++;
	if (!worker__call(n->files->worker, answer_request, &r, sizeof(r), &out) &&
	    out.len == sizeof(a)) {
		memcpy(&a, out.s, sizeof(a));
		n->files->reads = a.reads;
		*ret = a.range;
	} else {
		n->silent_until_ns = now_ns() + BUDGET_NATIVE_SILENT_NS;
	}
	sbuf__free(&out);
}

/* In its place; those that it covers in part are older: they go. NULL: no memory. */
static struct known *learn(struct native_sym *n, const struct native_range *r)
{
	size_t at, end, object = strlen(r->object) + 1, symbol = strlen(r->symbol) + 1;
	struct known k = { r->start, r->end, 0, malloc(object + symbol), NULL };

	if (n->cnt >= RANGES_MAX)
		forget_all(n);
	if (!k.object || array_grow(&n->known, n->cnt, &n->cap, sizeof(*n->known))) {
		free(k.object);
		return NULL;
	}
	memcpy(k.object, r->object, object);
	k.symbol = memcpy(k.object + object, r->symbol, symbol);
	if (!*r->object)
		k.until_ns = now_ns() + ABSENT_NS;
	at = started(n, r->start);
	if (at && n->known[at - 1].end > r->start)
		at--;
	for (end = at; end < n->cnt && n->known[end].start < r->end; end++)
		free(n->known[end].object);
	memmove(&n->known[at + 1], &n->known[end], (n->cnt - end) * sizeof(k));
	n->cnt = n->cnt - (end - at) + 1;
	n->known[at] = k;
	return &n->known[at];
}

void native_sym__has_ended(struct native_sym *n)
{
	n->silent_until_ns = UINT64_MAX;
}

int native_sym__find(struct native_sym *n, uint64_t ip, struct native_place *ret)
{
	size_t i = started(n, ip);
	struct known *k = i && ip < n->known[i - 1].end ? &n->known[i - 1] : NULL;
	struct native_range r;

	if (k && k->until_ns && k->until_ns < now_ns())
		k = NULL;
	if (!k) {
		ask(n, ip, &r);
		k = learn(n, &r);
	}
	if (!k)
		return -ENOMEM;
	*ret = (struct native_place){ k->object, k->symbol };
	return *k->object ? 0 : -ENOENT;
}
