/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/invoker.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "user/base/parse.h"
#include "user/base/sbuf.h"

struct invoker {
	uid_t uid;
	gid_t gid;
	const char *name; /* NULL: not known */
};

static bool find(struct invoker *ret)
{
	uint64_t uid, gid;

	if (geteuid() || parse_u64(getenv("SUDO_UID"), 1, UINT32_MAX - 1, &uid) ||
	    parse_u64(getenv("SUDO_GID"), 0, UINT32_MAX - 1, &gid))
		return false;
	*ret = (struct invoker){ (uid_t)uid, (gid_t)gid, getenv("SUDO_USER") };
	return true;
}

static int take_groups(const struct invoker *v)
{
	return v->name ? initgroups(v->name, v->gid) : setgroups(0, NULL);
}

int invoker__become(void)
{
	struct invoker v;

	if (!find(&v))
		return 0;
	return take_groups(&v) || setgid(v.gid) || setuid(v.uid) ? -errno : 0;
}

int invoker__enter(struct invoker_rights *ret)
{
	struct invoker_rights r = { 0 };
	struct invoker v;

	if (!find(&v))
		return 0;
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
	if (find(&v)) {
		const struct passwd *pw = getpwuid(v.uid);

		home = pw ? pw->pw_dir : NULL;
	}
	if (!home || *home != '/')
		return -ENOENT;
	sbuf__puts(ret, home);
	return ret->oom ? -ENOMEM : 0;
}
