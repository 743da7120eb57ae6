/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/target/engine_files.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "user/base/budgets.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"

/* Open what path, opened by O_PATH, turned out to be: a regular file, for to open anything else may block or do something.
 * Reads at most max bytes; a longer file is none of those that are wanted. 0 or -errno.
 */
static int read_regular(int path_fd, size_t max, struct sbuf *ret)
{
	char again[64];
	struct stat st;

	if (fstat(path_fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((uint64_t)st.st_size > max)
		return -EFBIG;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", path_fd);
	return read_file(AT_FDCWD, again, max, ret);
}

static void put(struct where *w, enum where_part part, const char *name)
{
	clean_text(name, strlen(name), w->part[part], WHERE_SZ);
}

static void put_string(struct where *w, enum where_part part, const json_t *s)
{
	if (json_is_string(s) && json_string_length(s))
		put(w, part, json_string_value(s));
}

static const json_t *member(const json_t *of, const char *first, const char *second)
{
	const json_t *at = json_object_get(of, first);

	return second ? json_object_get(at, second) : at;
}

/* {"Name":"/web","Config":{"Labels":{..}}} */
static bool take_docker(const json_t *root, struct where *w)
{
	const json_t *name = json_object_get(root, "Name");
	const json_t *labels = member(root, "Config", "Labels");

	if (json_is_string(name)) {
		const char *s = json_string_value(name);

		put(w, WHERE_NAME, s + (*s == '/'));
	}
	/* The kubelet's, which names containers itself. */
	put_string(w, WHERE_NAME, json_object_get(labels, "io.kubernetes.container.name"));
	put_string(w, WHERE_POD_NAME, json_object_get(labels, "io.kubernetes.pod.name"));
	return true;
}

/* What an engine under the kubelet adds to the bundle of a container. */
static bool take_containerd(const json_t *root, struct where *w)
{
	const json_t *notes = json_object_get(root, "annotations");

	put_string(w, WHERE_NAME, json_object_get(notes, "io.kubernetes.cri.container-name"));
	put_string(w, WHERE_POD_NAME, json_object_get(notes, "io.kubernetes.cri.sandbox-name"));
	return true;
}

static bool take_crio(const json_t *root, struct where *w)
{
	const json_t *notes = json_object_get(root, "annotations");

	put_string(w, WHERE_NAME, json_object_get(notes, "io.kubernetes.container.name"));
	put_string(w, WHERE_POD_NAME, json_object_get(notes, "io.kubernetes.pod.name"));
	return *w->part[WHERE_NAME] || *w->part[WHERE_POD_NAME];
}

/* [{"id":"..","names":["web"]},..]: all that there are. */
static bool take_podman(const json_t *root, struct where *w)
{
	for (size_t i = 0; i < json_array_size(root); i++) {
		const json_t *c = json_array_get(root, i), *id = json_object_get(c, "id");

		if (!json_is_string(id) ||
		    strcmp(json_string_value(id), w->part[WHERE_CONTAINER]) != 0)
			continue;
		put_string(w, WHERE_NAME, json_array_get(json_object_get(c, "names"), 0));
		return true;
	}
	return false;
}

/* Where they are by default; %s: the id. */
static const struct engine_file {
	const char *engine, *before, *after; /* the id is between them, if there is an after */
	bool (*take)(const json_t *root, struct where *w); /* does it know this id? */
} engine_files[] = {
	{ "docker", "/var/lib/docker/containers/", "/config.v2.json", take_docker },
	{ "containerd", "/run/containerd/io.containerd.runtime.v2.task/k8s.io/", "/config.json",
	  take_containerd },
	{ "cri-o", "/run/containers/storage/overlay-containers/", "/userdata/config.json",
	  take_crio },
	{ "podman", "/var/lib/containers/storage/overlay-containers/containers.json", NULL,
	  take_podman },
};

static json_t *load(const char *root, const struct engine_file *f, const char *id)
{
	__cleanup(sbuf__free) struct sbuf path = { 0 }, text = { 0 };
	__cleanup(closep) int fd = -1;

	sbuf__printf(&path, "%s%s%s%s", root, f->before, f->after ? id : "",
		     f->after ? f->after : "");
	fd = open(sbuf__str(&path), O_PATH | O_CLOEXEC);
	if (fd < 0 || read_regular(fd, BUDGET_ENGINE_FILE, &text))
		return NULL;
	return json_loadb(sbuf__str(&text), text.len, 0, NULL);
}

static bool is_safe_id(const char *id)
{
	return *id && !strchr(id, '/') && strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

void engine_files__find(const char *root, struct where *w)
{
	const char *id = w->part[WHERE_CONTAINER], *engine = w->part[WHERE_ENGINE];

	for (size_t i = 0; i < ARRAY_SIZE(engine_files) && is_safe_id(id); i++) {
		const struct engine_file *f = &engine_files[i];
		json_t *json;
		bool known;

		if (*engine && strcmp(engine, f->engine) != 0)
			continue;
		json = load(root, f, id);
		known = json && f->take(json, w);
		json_decref(json);
		if (!known)
			continue;
		put(w, WHERE_ENGINE, f->engine);
		return;
	}
}

/* As the kernel and DNS take them. */
static bool is_host_name(const char *s)
{
	size_t len = strlen(s);

	return len && len <= 64 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
		       len;
}

/* Links lead to where they would lead the process, and no further: never to a file of ours. */
void engine_files__host_name(pid_t pid, char *buf, size_t sz)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	__cleanup(closep) int root = -1, fd = -1;
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	char path[64];

	buf[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return;
	fd = (int)syscall(SYS_openat2, root, "etc/hostname", &how, sizeof(how));
	if (fd < 0 || read_regular(fd, BUDGET_HOST_NAME_BYTES, &text) || !text.len)
		return;
	text.s[strcspn(text.s, "\n")] = '\0';
	if (is_host_name(text.s))
		snprintf(buf, sz, "%s", text.s);
}
