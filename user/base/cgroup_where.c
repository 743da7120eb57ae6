/* SPDX-License-Identifier: BSD-2-Clause */
/* cgroup_where.c - the paths that engines, the kubelet and systemd make
 *
 *	docker		/docker/ID, /system.slice/docker-ID.scope
 *	containerd	cri-containerd-ID.scope; nerdctl-ID.scope
 *	CRI-O		crio-ID.scope, crio-ID
 *	podman		libpod-ID.scope, libpod-ID; under a unit (--cgroups=split) libpod-payload-ID
 *	kubelet		/kubepods/burstable/podUID/ID, kubepods-burstable-podUID.slice/ENGINE-ID.scope; where it and the engine do
 *			not agree who makes them: /../kubepods-burstable-podUID.slice:cri-containerd:ID
 *	lxc		/lxc/NAME, /lxc.payload.NAME
 *	systemd-nspawn	/machine.slice/systemd-nspawn@NAME.service, /machine.slice/machine-NAME.scope
 *
 * An ID is 64 hexadecimal digits. What runs in a container within a container is in the inner one.
 */
#include "user/base/cgroup.h"

#include <stdlib.h>
#include <string.h>

#include "user/base/text.h"
#include "user/base/util.h"

#define ID_LEN	 64
#define UNIT_MAX 255 /* systemd's */

static bool is_id(struct span s)
{
	return s.len == ID_LEN && span__all_of(s, "0123456789abcdef");
}

static void put(struct where *w, enum where_part part, struct span s)
{
	clean_text(s.s, s.len, w->part[part], WHERE_SZ);
}

static void put_word(struct where *w, enum where_part part, const char *word)
{
	put(w, part, (struct span){ word, strlen(word) });
}

/* Does it begin with an escape, as systemd writes names: "\x2d" for '-'? */
static bool is_escape(struct span s)
{
	return s.len >= 4 && s.s[0] == '\\' && s.s[1] == 'x' &&
	       span__all_of((struct span){ s.s + 2, 2 }, "0123456789abcdefABCDEF");
}

static void put_unescaped(struct where *w, enum where_part part, struct span s)
{
	char text[WHERE_SZ];
	size_t len = 0;

	while (s.len && len < sizeof(text)) {
		size_t n = is_escape(s) ? 4 : 1;
		char digits[3] = { 0 };

		text[len] = s.s[0];
		if (n == 4) {
			memcpy(digits, s.s + 2, 2);
			text[len] = (char)strtoul(digits, NULL, 16);
		}
		len++;
		s.s += n;
		s.len -= n;
	}
	put(w, part, (struct span){ text, len });
}

/* Engines that name their cgroups. Of two that start alike the longer one first. */
static const struct {
	const char *prefix, *engine;
	bool keeps_unit; /* the unit that it is in is the container's */
} engines[] = {
	{ "docker-", "docker", false },	       { "cri-containerd-", "containerd", false },
	{ "nerdctl-", "containerd", false },   { "crio-", "cri-o", false },
	{ "libpod-payload-", "podman", true }, { "libpod-", "podman", false },
};

/* What is before a bare ID. Where that is anything else the engine is not known. */
static const struct {
	const char *before, *engine;
} parents[] = {
	{ "docker", "docker" },
	{ "cri-containerd", "containerd" },
	{ "crio", "cri-o" },
};

/* A new one: what was said of an outer one does not hold. */
static void begin_container(struct where *w, const char *engine, bool keeps_unit)
{
	w->part[WHERE_NAME][0] = '\0';
	if (!keeps_unit)
		w->part[WHERE_UNIT][0] = '\0';
	put_word(w, WHERE_ENGINE, engine);
}

static bool take_id(struct where *w, struct span before, struct span s)
{
	const char *engine = "";

	span__cut_end(&s, ".scope");
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
		struct span id = s;

		if (!span__cut_start(&id, engines[i].prefix) || !is_id(id))
			continue;
		begin_container(w, engines[i].engine, engines[i].keeps_unit);
		put(w, WHERE_CONTAINER, id);
		return true;
	}
	if (!is_id(s))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(parents); i++)
		if (span__is(before, parents[i].before))
			engine = parents[i].engine;
	begin_container(w, engine, false);
	put(w, WHERE_CONTAINER, s);
	return true;
}

/* Those that have a name and no id. */
static bool take_named(struct where *w, struct span before, struct span s)
{
	const char *engine = "lxc";

	if (span__is(before, "machine.slice")) {
		engine = "systemd-nspawn";
		if (!(span__cut_start(&s, "systemd-nspawn@") && span__cut_end(&s, ".service")) &&
		    !(span__cut_start(&s, "machine-") && span__cut_end(&s, ".scope")))
			return false;
		if (s.len >= 4 && !memcmp(s.s, "qemu", 4)) /* a virtual machine of libvirt */
			return false;
	} else if (!span__is(before, "lxc") && !span__is(before, "lxc.payload") &&
		   !span__cut_start(&s, "lxc.payload.")) {
		return false;
	}
	if (!s.len)
		return false;
	begin_container(w, engine, false);
	put_unescaped(w, WHERE_CONTAINER, s);
	put_unescaped(w, WHERE_NAME, s);
	return true;
}

/* The last "-pod" and what is behind it; false: there is none. */
static bool cut_to_last_pod(struct span *s)
{
	for (size_t i = s->len; i-- > 0;) {
		struct span rest = { s->s + i, s->len - i };

		if (!span__cut_start(&rest, "-pod"))
			continue;
		*s = rest;
		return true;
	}
	return false;
}

/* To what the name of a pod's cgroup says of the pod; false: it is none. */
static bool cut_to_pod(struct span *s, struct span before)
{
	if (!span__cut_end(s, ".slice"))
		return (span__is(before, "kubepods") || span__is(before, "burstable") ||
			span__is(before, "besteffort")) &&
		       span__cut_start(s, "pod");
	return span__cut_start(s, "machine-libpod_pod_") ||
	       span__cut_start(s, "user-libpod_pod_") ||
	       (memmem(s->s, s->len, "kubepods", 8) && cut_to_last_pod(s));
}

/* A uid; static pods have a hash. */
static bool take_pod(struct where *w, struct span before, struct span s)
{
	if (!cut_to_pod(&s, before))
		return false;
	if (!is_id(s) && !((s.len == 32 || s.len == 36) && span__all_of(s, "0123456789abcdef-_")))
		return false;
	put(w, WHERE_POD, s);
	for (char *at = w->part[WHERE_POD]; *at; at++)
		*at = *at == '_' ? '-' : *at;
	return true;
}

/* The first one that is no slice; of those below a user's manager the first that is that user's. */
static void take_unit(struct where *w, struct span s)
{
	struct span had = { w->part[WHERE_UNIT], strlen(w->part[WHERE_UNIT]) }, rest = s;
	bool manager = span__cut_start(&had, "user@");

	if ((!manager && had.len) || s.len > UNIT_MAX)
		return;
	if (!span__cut_end(&rest, ".service") && !span__cut_end(&rest, ".scope"))
		return;
	/* So systemd writes a name that would be a controller's file. */
	if (rest.len > 1 && rest.s[0] == '_')
		span__cut_start(&s, "_");
	if (rest.len)
		put(w, WHERE_UNIT, s);
}

/* The first folder of a path, taken off it; of "SLICE:ENGINE:ID" a part. */
static struct span cut_folder(struct span *path, bool *in_parts)
{
	struct span s = { path->s, 0 };

	for (; s.len < path->len && path->s[s.len] != '/'; s.len++) {
		struct span so_far = s;

		if (path->s[s.len] == ':' && (*in_parts || span__cut_end(&so_far, ".slice"))) {
			*in_parts = true;
			break;
		}
	}
	if (s.len < path->len && path->s[s.len] == '/')
		*in_parts = false;
	path->s += s.len + (s.len < path->len);
	path->len -= s.len + (s.len < path->len);
	return s;
}

static void where_of_path(struct span path, struct where *ret)
{
	struct span before = { "", 0 };
	bool in_parts = false;

	*ret = (struct where){ 0 };
	put(ret, WHERE_CGROUP, path);
	span__cut_end(&path, " (deleted)");
	while (path.len) {
		struct span s = cut_folder(&path, &in_parts);

		if (!s.len)
			continue;
		if (!take_id(ret, before, s) && !take_named(ret, before, s) &&
		    !take_pod(ret, before, s))
			take_unit(ret, s);
		before = s;
	}
}

/* Hierarchies of version 1 have a path each, and with version 2 beside them one may say more than the others. */
void cgroup__where(const char *text, struct where *ret)
{
	struct cgroup_line line;
	int best = -1;

	*ret = (struct where){ 0 };
	while (cgroup__next(&text, &line)) {
		struct where w;
		int says;

		where_of_path(line.path, &w);
		says = 8 * (*w.part[WHERE_CONTAINER] != '\0') +
		       4 * (*w.part[WHERE_POD] || *w.part[WHERE_UNIT]) + 2 * (line.path.len > 1) +
		       !line.controllers.len;
		if (says <= best)
			continue;
		best = says;
		*ret = w;
	}
}
