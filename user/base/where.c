/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/where.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/json_out.h"
#include "user/base/sbuf.h"

/* Characters of an id to know it by, as the engines' own tables have it. */
#define ID_SHORT 12
#define ID_LEN	 64

struct where_list where__list(const struct where *w)
{
	struct where_list ret = { .ns_pid = w->ns_pid };

	for (int i = 0; i < WHERE_CNT; i++)
		ret.part[i] = *w->part[i] ? w->part[i] : NULL;
	return ret;
}

int where_list__copy(struct where_list *to, const struct where_list *from)
{
	*to = (struct where_list){ .ns_pid = from->ns_pid };
	for (int i = 0; i < WHERE_CNT; i++) {
		to->part[i] = from->part[i] ? strdup(from->part[i]) : NULL;
		if (!from->part[i] || to->part[i])
			continue;
		where_list__free(to);
		return -ENOMEM;
	}
	return 0;
}

void where_list__free(struct where_list *list)
{
	for (int i = 0; i < WHERE_CNT; i++)
		free((void *)(uintptr_t)list->part[i]);
	*list = (struct where_list){ 0 };
}

/* Of an id; a name has no short form. */
static int short_len(const char *id)
{
	size_t len = strlen(id);

	return (int)(len == ID_LEN ? ID_SHORT : len);
}

/* Scopes are sessions and what a desktop starts: no service has that name. */
static const char *service_of(const struct where_list *list)
{
	const char *unit = list->part[WHERE_UNIT];
	size_t len = unit ? strlen(unit) : 0;

	return len > 8 && !strcmp(unit + len - 8, ".service") ? unit : NULL;
}

void where__label(const struct where_list *list, char *buf, size_t sz)
{
	const char *id = list->part[WHERE_CONTAINER], *name = list->part[WHERE_NAME];
	const char *pod =
		list->part[WHERE_POD_NAME] ? list->part[WHERE_POD_NAME] : list->part[WHERE_POD];
	const char *service = service_of(list);

	if (id && list->part[WHERE_POD_NAME])
		snprintf(buf, sz, "%s/%.*s", pod, name ? (int)strlen(name) : short_len(id),
			 name ? name : id);
	else if (id)
		snprintf(buf, sz, "%.*s", name ? (int)strlen(name) : short_len(id),
			 name ? name : id);
	else
		snprintf(buf, sz, "%s", pod ? pod : service ? service : "");
}

static void put_container(const struct where_list *list, struct sbuf *out)
{
	const char *id = list->part[WHERE_CONTAINER], *name = list->part[WHERE_NAME];
	const char *engine = list->part[WHERE_ENGINE];

	if (!name || !strcmp(name, id)) {
		sbuf__printf(out, "container %.*s", short_len(id), id);
		if (engine)
			sbuf__printf(out, " (%s)", engine);
		return;
	}
	sbuf__printf(out, "container %s (%s%s%.*s)", name, engine ? engine : "", engine ? ", " : "",
		     short_len(id), id);
}

void where__words(const struct where_list *list, struct sbuf *out)
{
	const char *service = service_of(list);
	size_t start = out->len;

	if (list->part[WHERE_CONTAINER])
		put_container(list, out);
	if (list->part[WHERE_POD] || list->part[WHERE_POD_NAME])
		sbuf__printf(out, "%spod %s", out->len > start ? ", " : "",
			     list->part[WHERE_POD_NAME] ? list->part[WHERE_POD_NAME]
							: list->part[WHERE_POD]);
	if (list->part[WHERE_POD] && list->part[WHERE_POD_NAME])
		sbuf__printf(out, " (%s)", list->part[WHERE_POD]);
	if (service)
		sbuf__printf(out, "%s%s", out->len > start ? ", " : "", service);
	if (list->ns_pid)
		sbuf__printf(out, "%s%spid %u there", out->len > start ? ", " : "",
			     list->part[WHERE_CONTAINER] ? "" : "a pid namespace of its own, ",
			     list->ns_pid);
}

static void put(struct json_out *j, const char *key, const char *s)
{
	if (s)
		json__str(j, key, s);
	else
		json__null(j, key);
}

void where__put_json(struct json_out *j, const struct where_list *list)
{
	if (list->part[WHERE_CONTAINER]) {
		json__open(j, "container", '{');
		json__str(j, "id", list->part[WHERE_CONTAINER]);
		put(j, "name", list->part[WHERE_NAME]);
		put(j, "engine", list->part[WHERE_ENGINE]);
		json__close(j, '}');
	} else {
		json__null(j, "container");
	}
	put(j, "pod", list->part[WHERE_POD]);
	put(j, "pod_name", list->part[WHERE_POD_NAME]);
	put(j, "unit", list->part[WHERE_UNIT]);
	put(j, "cgroup", list->part[WHERE_CGROUP]);
	if (list->ns_pid)
		json__u64(j, "ns_pid", list->ns_pid);
	else
		json__null(j, "ns_pid");
}
