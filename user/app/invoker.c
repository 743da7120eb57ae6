/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/invoker.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "user/base/log.h"
#include "user/base/parse.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/target/failure.h"

struct invoker {
	uid_t uid;
	gid_t gid;
	const char *name; /* NULL: not known */
};

/* 1: there is one; 0: giltop was started by who runs it (by root, too); -EINVAL: sudo's words make no sense. */
static int find(struct invoker *ret)
{
	const char *uid_s = getenv("SUDO_UID"), *gid_s = getenv("SUDO_GID");
	uint64_t uid, gid;

	if (geteuid() || (!uid_s && !gid_s))
		return 0;
	if (parse_u64(uid_s, 0, UINT32_MAX - 1, &uid) || parse_u64(gid_s, 0, UINT32_MAX - 1, &gid))
		return -EINVAL;
	*ret = (struct invoker){ (uid_t)uid, (gid_t)gid, getenv("SUDO_USER") };
	return uid > 0;
}

int invoker__check(void)
{
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");
	struct invoker v;
	char text[64];

	if (find(&v) >= 0)
		return 0;
	snprintf(text, sizeof(text), "%.20s, SUDO_GID %.20s", uid ? uid : "not set",
		 gid ? gid : "not set");
	clean_in_place(text);
	pr_warn("whose rights are to be used? SUDO_UID is %s; try: env -u SUDO_UID -u SUDO_GID "
		"giltop .. (root's)\n",
		text);
	return EXIT_USAGE;
}

/* The groups that name is in, if it is the name of this user. */
static int take_groups(const struct invoker *v)
{
	const struct passwd *pw = v->name ? getpwnam(v->name) : NULL;

	return pw && pw->pw_uid == v->uid ? initgroups(v->name, v->gid) : setgroups(0, NULL);
}

int invoker__become(void)
{
	struct invoker v;
	int found = find(&v);

	if (found <= 0)
		return found;
	return take_groups(&v) || setgid(v.gid) || setuid(v.uid) ? -errno : 0;
}

int invoker__enter(struct invoker_rights *ret)
{
	struct invoker_rights r = { 0 };
	struct invoker v;
	int found = find(&v);

	if (found <= 0)
		return found;
	r.group_cnt = getgroups(0, NULL);
	r.groups = r.group_cnt < 0 ? NULL : calloc((size_t)r.group_cnt + 1, sizeof(*r.groups));
	if (!r.groups)
		return -ENOMEM;
	r.group_cnt = getgroups(r.group_cnt, r.groups);
	if (r.group_cnt < 0 || take_groups(&v)) {
		int err = -errno;

		free(r.groups);
		return err;
	}
	r.taken = true;
	setfsgid(v.gid);
	setfsuid(v.uid); /* takes root's capabilities over files away, too */
	/* Neither says whether it worked; with an impossible id they say what is. */
	if (setfsgid((gid_t)-1) != (int)v.gid || setfsuid((uid_t)-1) != (int)v.uid) {
		invoker__leave(&r);
		return -EPERM;
	}
	*ret = r;
	return 0;
}

void invoker__leave(struct invoker_rights *r)
{
	int err = errno;

	if (!r->taken)
		return;
	setfsuid(geteuid());
	setfsgid(getegid());
	(void)setgroups((size_t)r->group_cnt, r->groups); /* root needs none of them */
	free(r->groups);
	*r = (struct invoker_rights){ 0 };
	errno = err;
}

int invoker__home(struct sbuf *ret)
{
	const char *home = getenv("HOME");
	struct invoker v;

	/* sudo may have changed HOME, or not: the user's own is in the list of users. */
	if (find(&v) > 0) {
		const struct passwd *pw = getpwuid(v.uid);

		home = pw ? pw->pw_dir : NULL;
	}
	if (!home || *home != '/')
		return -ENOENT;
	sbuf__puts(ret, home);
	return ret->oom ? -ENOMEM : 0;
}
