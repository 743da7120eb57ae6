/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/target/proc_filter.h"

#include <errno.h>
#include <fnmatch.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cgroup.h"
#include "user/base/parse.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/target/where_names.h"

/* What the kernel keeps of a name (TASK_COMM_LEN). */
#define COMM_MAX 15
/* Of a container's id, at least; an id is so long. */
#define ID_MIN 4
#define ID_LEN 64

static const char *const kind_names[FILTER_CNT] = {
	[FILTER_CGROUP] = "cgroup", [FILTER_POD] = "pod",   [FILTER_CONTAINER] = "container",
	[FILTER_USER] = "user",	    [FILTER_COMM] = "comm",
};

static int add_word(struct filter_words *w, const char *s, size_t len)
{
	char **more = reallocarray(w->v, w->cnt + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	w->v = more;
	more[w->cnt] = strndup(s, len);
	if (!more[w->cnt])
		return -ENOMEM;
	w->cnt++;
	return 0;
}

int proc_filter__add(struct proc_filter *f, enum filter_kind kind, const char *words)
{
	int err = 0;

	for (bool more = true; more && !err;) {
		size_t len = strcspn(words, ",");

		err = len ? add_word(&f->words[kind], words, len) : -EINVAL;
		more = words[len];
		words += len + 1;
	}
	return err;
}

void proc_filter__free(struct proc_filter *f)
{
	for (int k = 0; k < FILTER_CNT; k++) {
		for (size_t i = 0; i < f->words[k].cnt; i++)
			free(f->words[k].v[i]);
		free(f->words[k].v);
	}
	free(f->uids);
	*f = (struct proc_filter){ 0 };
}

bool proc_filter__is_set(const struct proc_filter *f)
{
	for (int k = 0; k < FILTER_CNT; k++)
		if (f->words[k].cnt)
			return true;
	return false;
}

static int find_user(const char *word, uint32_t *ret)
{
	const struct passwd *pw;
	uint64_t uid;

	if (!parse_u64(word, 0, UINT32_MAX - 1, &uid)) {
		*ret = (uint32_t)uid;
		return 0;
	}
	pw = getpwnam(word);
	if (pw)
		*ret = (uint32_t)pw->pw_uid;
	return pw ? 0 : -EINVAL;
}

int proc_filter__check(struct proc_filter *f, struct sbuf *why)
{
	const struct filter_words *users = &f->words[FILTER_USER];
	const struct filter_words *groups = &f->words[FILTER_CGROUP];

	for (size_t i = 0; i < groups->cnt; i++) {
		const char *s = groups->v[i];
		size_t len = strlen(s);

		if (!strstr(s, "/../") && strncmp(s, "../", 3) != 0 &&
		    (len < 3 || strcmp(s + len - 3, "/..") != 0))
			continue;
		sbuf__printf(why, "--cgroup: '%s' goes back with ..: a cgroup's path has none", s);
		return -EINVAL;
	}
	free(f->uids);
	f->uids = calloc(users->cnt + 1, sizeof(*f->uids));
	if (!f->uids)
		return -ENOMEM;
	for (size_t i = 0; i < users->cnt; i++) {
		if (!find_user(users->v[i], &f->uids[i]))
			continue;
		sbuf__printf(why, "--user: this machine has no user '%s' (a uid will do, too)",
			     users->v[i]);
		return -EINVAL;
	}
	return 0;
}

/* In quotes what a shell would take apart. */
static void put_words(const struct filter_words *w, struct sbuf *out)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./@:+=%";
	bool quote = false;

	for (size_t i = 0; i < w->cnt; i++)
		quote |= w->v[i][strspn(w->v[i], plain)] != '\0';
	sbuf__puts(out, quote ? "'" : "");
	for (size_t i = 0; i < w->cnt; i++) {
		char word[128];

		clean_text(w->v[i], strlen(w->v[i]), word, sizeof(word));
		sbuf__printf(out, "%s%s", i ? "," : "", word);
	}
	sbuf__puts(out, quote ? "'" : "");
}

void proc_filter__words(const struct proc_filter *f, struct sbuf *out)
{
	const char *before = "";

	for (int k = 0; k < FILTER_CNT; k++) {
		if (!f->words[k].cnt)
			continue;
		sbuf__printf(out, "%s--%s ", before, kind_names[k]);
		put_words(&f->words[k], out);
		before = " ";
	}
}

/* A unit is known without its ".service", as systemctl knows it. */
static bool is_in_cgroup(const char *word, const struct proc_facts *facts)
{
	const char *unit = facts->where->part[WHERE_UNIT];
	size_t len = strlen(word);

	if (cgroup__is_in(facts->cgroups, word))
		return true;
	return *unit && !strncmp(unit, word, len) &&
	       (!unit[len] || !strcmp(unit + len, ".service"));
}

static bool is_in_pod(const char *word, const struct proc_facts *facts)
{
	const struct where *w = facts->where;

	return (*w->part[WHERE_POD] && !strcasecmp(w->part[WHERE_POD], word)) ||
	       (*w->part[WHERE_POD_NAME] && !strcmp(w->part[WHERE_POD_NAME], word));
}

static bool is_in_container(const char *word, const struct proc_facts *facts)
{
	const char *id = facts->where->part[WHERE_CONTAINER];
	size_t len = strlen(word);

	if (!*id)
		return false;
	return !strcmp(id, word) || !strcmp(facts->where->part[WHERE_NAME], word) ||
	       (len >= ID_MIN && strlen(id) == ID_LEN && !strncasecmp(id, word, len));
}

/* The kernel has but the start of a long name. */
static bool is_called(const char *word, const struct proc_facts *facts)
{
	if (strlen(word) > COMM_MAX && strlen(facts->comm) == COMM_MAX &&
	    !strncmp(word, facts->comm, COMM_MAX))
		return true;
	return !fnmatch(word, facts->comm, 0);
}

static bool is_any(const struct proc_filter *f, enum filter_kind kind,
		   bool (*is)(const char *word, const struct proc_facts *facts),
		   const struct proc_facts *facts)
{
	const struct filter_words *w = &f->words[kind];

	for (size_t i = 0; i < w->cnt; i++)
		if (is(w->v[i], facts))
			return true;
	return !w->cnt;
}

static bool is_of_user(const struct proc_filter *f, uint32_t uid)
{
	for (size_t i = 0; i < f->words[FILTER_USER].cnt; i++)
		if (f->uids[i] == uid)
			return true;
	return !f->words[FILTER_USER].cnt;
}

bool proc_filter__matches(const struct proc_filter *f, const struct proc_facts *facts)
{
	return is_of_user(f, facts->uid) && is_any(f, FILTER_COMM, is_called, facts) &&
	       is_any(f, FILTER_CGROUP, is_in_cgroup, facts) &&
	       is_any(f, FILTER_CONTAINER, is_in_container, facts) &&
	       is_any(f, FILTER_POD, is_in_pod, facts);
}

bool proc_filter__wants(const struct proc_filter *f, struct where_names *names, pid_t pid)
{
	__cleanup(sbuf__free) struct sbuf cgroups = { 0 };
	struct where where;
	char comm[64];
	struct proc_facts facts = { .comm = comm, .where = &where };

	if (!proc_filter__is_set(f))
		return true;
	/* It is gone. */
	if (proc__uid(pid, &facts.uid) || cgroup__read(pid, &cgroups))
		return false;
	facts.cgroups = sbuf__str(&cgroups);
	proc__comm(pid, 0, comm, sizeof(comm));
	cgroup__where(facts.cgroups, &where);
	if (proc_filter__matches(f, &facts))
		return true;
	/* To ask for names takes files and a worker: only where they can matter. */
	if (!names || !*where.part[WHERE_CONTAINER] ||
	    !(f->words[FILTER_CONTAINER].cnt || f->words[FILTER_POD].cnt))
		return false;
	where_names__find(names, pid, &where);
	return proc_filter__matches(f, &facts);
}
