/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/target/where_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "user/base/budgets.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/base/worker.h"
#include "user/target/engine_files.h"

/* The containers asked for last: their processes come one after the other. */
#define KEPT 64

/* What is known of a container. */
struct known {
	char id[WHERE_SZ], engine[WHERE_SZ], name[WHERE_SZ], pod_name[WHERE_SZ];
};

struct where_names {
	struct worker *worker;
	char *root;
	size_t next;
	struct known kept[KEPT];
};

static const struct worker_limits limits = { .memory = BUDGET_NAMES_MEMORY,
					     .cpu_ns = BUDGET_NAMES_CPU_NS,
					     .wait_ns = BUDGET_NAMES_WAIT_NS,
					     .answer = BUDGET_NAMES_ANSWER };

struct where_names *where_names__new(const char *root)
{
	struct where_names *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->root = strdup(root);
	n->worker = n->root ? worker__new(&limits, n->root) : NULL;
	if (n->worker)
		return n;
	where_names__free(n);
	return NULL;
}

void where_names__free(struct where_names *n)
{
	if (!n)
		return;
	worker__free(n->worker);
	free(n->root);
	free(n);
}

/* What the worker is asked for. */
struct request {
	pid_t pid;
	bool host_name; /* it has one of its own */
	char id[WHERE_SZ], engine[WHERE_SZ];
};

struct answer {
	char engine[64], name[WHERE_SZ], pod_name[WHERE_SZ], host_name[65];
};

static int answer_request(void *root, const void *in, size_t len, struct sbuf *out)
{
	struct where w = { 0 };
	struct answer a = { 0 };
	struct request r;

	if (len != sizeof(r))
		return -EINVAL;
	memcpy(&r, in, sizeof(r));
	snprintf(w.part[WHERE_CONTAINER], WHERE_SZ, "%s", r.id);
	snprintf(w.part[WHERE_ENGINE], WHERE_SZ, "%s", r.engine);
	engine_files__find(root, &w);
	if (r.host_name)
		engine_files__host_name(r.pid, a.host_name, sizeof(a.host_name));
	snprintf(a.engine, sizeof(a.engine), "%.63s", w.part[WHERE_ENGINE]);
	snprintf(a.name, sizeof(a.name), "%s", w.part[WHERE_NAME]);
	snprintf(a.pod_name, sizeof(a.pod_name), "%s", w.part[WHERE_POD_NAME]);
	sbuf__add(out, (const char *)&a, sizeof(a));
	return 0;
}

/* Is its UTS namespace another than ours? A pod on the host's network has none of its own. */
static bool has_host_name(pid_t pid)
{
	struct stat own, its;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/uts", (int)pid);
	return !stat("/proc/self/ns/uts", &own) && !stat(path, &its) && own.st_ino != its.st_ino;
}

/* A host name that is but the start of the id is no name. */
static bool says_more(const char *name, const char *id)
{
	return *name && strncmp(name, id, strlen(name)) != 0;
}

/* Where it cannot be found out: nothing is known. */
static void ask(struct where_names *n, pid_t pid, const struct where *w, struct known *ret)
{
	__cleanup(sbuf__free) struct sbuf out = { 0 };
	struct request r = { .pid = pid, .host_name = has_host_name(pid) };
	struct answer a;

	snprintf(ret->engine, sizeof(ret->engine), "%s", w->part[WHERE_ENGINE]);
	snprintf(r.id, sizeof(r.id), "%s", w->part[WHERE_CONTAINER]);
	snprintf(r.engine, sizeof(r.engine), "%s", w->part[WHERE_ENGINE]);
	if (worker__lost_cnt(n->worker) >= BUDGET_NAMES_LOST ||
	    worker__call(n->worker, answer_request, &r, sizeof(r), &out) || out.len != sizeof(a))
		return;
	memcpy(&a, out.s, sizeof(a));
	snprintf(ret->engine, sizeof(ret->engine), "%s", a.engine);
	snprintf(ret->name, sizeof(ret->name), "%s", a.name);
	snprintf(ret->pod_name, sizeof(ret->pod_name), "%s", a.pod_name);
	if (!says_more(a.host_name, w->part[WHERE_CONTAINER]))
		return;
	/* The host name of a pod is its own name, for all of its containers. */
	if (*w->part[WHERE_POD] && !*ret->pod_name)
		snprintf(ret->pod_name, sizeof(ret->pod_name), "%s", a.host_name);
	else if (!*w->part[WHERE_POD] && !*ret->name)
		snprintf(ret->name, sizeof(ret->name), "%s", a.host_name);
}

static const struct known *know(struct where_names *n, pid_t pid, const struct where *w)
{
	const char *id = w->part[WHERE_CONTAINER];
	struct known *k;

	for (size_t i = 0; i < KEPT; i++)
		if (!strcmp(n->kept[i].id, id))
			return &n->kept[i];
	k = &n->kept[n->next++ % KEPT];
	*k = (struct known){ 0 };
	ask(n, pid, w, k);
	snprintf(k->id, sizeof(k->id), "%s", id);
	return k;
}

void where_names__find(struct where_names *n, pid_t pid, struct where *ret)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	const struct known *k;

	*ret = (struct where){ 0 };
	if (cgroup__read(pid, &text))
		return;
	cgroup__where(sbuf__str(&text), ret);
	if (proc__is_nested(pid))
		ret->ns_pid = proc__own_tid(pid, pid);
	if (!*ret->part[WHERE_CONTAINER])
		return;
	k = know(n, pid, ret);
	snprintf(ret->part[WHERE_ENGINE], WHERE_SZ, "%s", k->engine);
	if (*k->name)
		snprintf(ret->part[WHERE_NAME], WHERE_SZ, "%s", k->name);
	snprintf(ret->part[WHERE_POD_NAME], WHERE_SZ, "%s", k->pod_name);
}

uint64_t where_names__lost_cnt(const struct where_names *n)
{
	return worker__lost_cnt(n->worker);
}

uint64_t where_names__cpu_ns(const struct where_names *n)
{
	return worker__cpu_ns(n->worker);
}
