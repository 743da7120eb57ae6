/* SPDX-License-Identifier: BSD-2-Clause */
/* where.h - where a process runs (base/cgroup.h), to be handed on, put into words and written */
#ifndef GILTOP_BASE_WHERE_H
#define GILTOP_BASE_WHERE_H

#include "user/base/cgroup.h"

struct json_out;
struct sbuf;

/* As records and pictures have it. */
struct where_list {
	const char *part[WHERE_CNT]; /* NULL: not there, or not known */
	uint32_t ns_pid;	     /* see struct where */
};

/* The same that is there in w, as long as w is. */
struct where_list where__list(const struct where *w);
/* A copy of its own for who must keep it: where_list__free. 0 or -ENOMEM. */
int where_list__copy(struct where_list *to, const struct where_list *from);
void where_list__free(struct where_list *list);

/* One word to tell processes apart: "shop-7d9/web", "web-1", the id's first 12 characters, the pod, the service; "" for those
 * that are in nothing of that.
 */
void where__label(const struct where_list *list, char *buf, size_t sz);
/* "container web-1 (docker, 0123456789ab), pod shop-7d9 (uid), gunicorn@3.service, pid 7 there"; "" as above. */
void where__words(const struct where_list *list, struct sbuf *out);
/* The members of a process's object: container, pod, pod_name, unit, cgroup, ns_pid. */
void where__put_json(struct json_out *j, const struct where_list *list);

#endif
