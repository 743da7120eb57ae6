/* SPDX-License-Identifier: BSD-2-Clause */
/* proc_filter.h - which of all processes are wanted: by cgroup, pod, container, user, name
 *
 * Words of one kind are alternatives, kinds go together: --user www,web --comm 'gunicorn*' is a gunicorn of one of the two.
 */
#ifndef GILTOP_TARGET_PROC_FILTER_H
#define GILTOP_TARGET_PROC_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sbuf;
struct where;
struct where_names;

enum filter_kind {
	FILTER_CGROUP,
	FILTER_POD,
	FILTER_CONTAINER,
	FILTER_USER,
	FILTER_COMM,
	FILTER_CNT,
};

struct filter_words {
	size_t cnt;
	char **v;
};

/* Zero-initialise: all are wanted. */
struct proc_filter {
	struct filter_words words[FILTER_CNT];
	uint32_t *uids; /* of FILTER_USER's words, by proc_filter__find_users */
};

/* What a process is judged by. */
struct proc_facts {
	uint32_t uid; /* the real one */
	const char *comm;
	const char *cgroups; /* /proc/PID/cgroup */
	const struct where *where;
};

/* Words between commas. 0; -EINVAL: one is empty; -ENOMEM. */
int proc_filter__add(struct proc_filter *f, enum filter_kind kind, const char *words);
/* What can be wrong with them. 0; -EINVAL with why in words; -ENOMEM. */
int proc_filter__check(struct proc_filter *f, struct sbuf *why);
void proc_filter__free(struct proc_filter *f);
bool proc_filter__is_set(const struct proc_filter *f);
/* As on a command line: "--user www --comm 'gunicorn*'". */
void proc_filter__words(const struct proc_filter *f, struct sbuf *out);

/* The rule itself. */
bool proc_filter__matches(const struct proc_filter *f, const struct proc_facts *facts);
/* Is this process wanted now? names may be NULL: containers and pods are known by their ids alone then. */
bool proc_filter__wants(const struct proc_filter *f, struct where_names *names, pid_t pid);

#endif
