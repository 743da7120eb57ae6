/* SPDX-License-Identifier: BSD-2-Clause */
/* test_where_names.c - names of containers, from engines' files made for it and from roots of its children */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/base/budgets.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/target/engine_files.h"
#include "user/target/where_names.h"

#define ID  "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
#define ID2 "1111111111111111111111111111111111111111111111111111111111111111"
#define S10 "aaaaaaaaaa"

#define DOCKER	   "/var/lib/docker/containers/" ID "/config.v2.json"
#define CONTAINERD "/run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json"
#define CRIO	   "/run/containers/storage/overlay-containers/" ID "/userdata/config.json"
#define PODMAN	   "/var/lib/containers/storage/overlay-containers/containers.json"

/* A folder of its own for each test. */
static int make_root(void **state)
{
	char *root = strdup("/tmp/giltop-where.XXXXXX");

	*state = root;
	return !mkdtemp(root);
}

static int remove_root(void **state)
{
	char line[128];

	snprintf(line, sizeof(line), "rm -rf '%s'", (char *)*state);
	assert_int_equal(system(line), 0);
	free(*state);
	return 0;
}

/* root + path, with all that is above it. */
static void place(const char *root, const char *path, char *buf, size_t sz)
{
	int len = snprintf(buf, sz, "%s%s", root, path);

	assert_true(len > 0 && (size_t)len < sz);
	for (char *at = buf + strlen(root) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		assert_true(!mkdir(buf, 0755) || errno == EEXIST);
		*at = '/';
	}
}

static void write_file(const char *root, const char *path, const char *text)
{
	char name[512];
	FILE *f;

	place(root, path, name, sizeof(name));
	f = fopen(name, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void finds(const char *root, const char *engine, const char *want_engine, const char *name,
		  const char *pod_name)
{
	struct where w = { 0 };

	snprintf(w.part[WHERE_CONTAINER], WHERE_SZ, "%s", ID);
	snprintf(w.part[WHERE_ENGINE], WHERE_SZ, "%s", engine);
	engine_files__find(root, &w);
	assert_string_equal(w.part[WHERE_NAME], name);
	assert_string_equal(w.part[WHERE_POD_NAME], pod_name);
	assert_string_equal(w.part[WHERE_ENGINE], want_engine);
}

static void docker_says_what_it_calls_a_container(void **state)
{
	write_file(*state, DOCKER, "{\"ID\":\"" ID "\",\"Name\":\"/web-1\",\"Config\":{}}");
	finds(*state, "docker", "docker", "web-1", "");
	finds(*state, "podman", "podman", "", "");
	write_file(*state, DOCKER,
		   "{\"Name\":\"/k8s_app_x\",\"Config\":{\"Labels\":{"
		   "\"io.kubernetes.container.name\":\"app\",\"io.kubernetes.pod.name\":\"shop-"
		   "7d9\"}}}");
	finds(*state, "docker", "docker", "app", "shop-7d9");
}

/* Under the kubelet a path may say no engine: that whose files know the id is it. */
static void under_the_kubelet_annotations_say_it(void **state)
{
	finds(*state, "", "", "", "");
	write_file(*state, CRIO,
		   "{\"annotations\":{\"io.kubernetes.container.name\":\"app\","
		   "\"io.kubernetes.pod.name\":\"shop-7d9\"}}");
	finds(*state, "cri-o", "cri-o", "app", "shop-7d9");
	finds(*state, "", "cri-o", "app", "shop-7d9");
	finds(*state, "containerd", "containerd", "", "");
	write_file(*state, CONTAINERD,
		   "{\"annotations\":{\"io.kubernetes.cri.container-name\":\"db\","
		   "\"io.kubernetes.cri.sandbox-name\":\"store-0\"}}");
	finds(*state, "", "containerd", "db", "store-0");
}

static void podman_has_all_in_one_file(void **state)
{
	write_file(*state, PODMAN,
		   "[{\"id\":\"" ID2 "\",\"names\":[\"other\"]},7,null,{\"id\":7},"
		   "{\"id\":\"" ID "\",\"names\":[\"web\",\"w\"]}]");
	finds(*state, "podman", "podman", "web", "");
	finds(*state, "", "podman", "web", "");
	write_file(*state, PODMAN, "[{\"id\":\"" ID2 "\",\"names\":[\"other\"]}]");
	finds(*state, "podman", "podman", "", "");
}

static void what_is_no_such_file_says_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"7",
		"null",
		"{\"Name\":7}",
		"{\"Name\":null}",
		"{\"Name\":{}}",
		"{\"Name\":\"/\"}",
		"{\"Config\":[]}",
		"{\"Name\":\"\"}",
		"{\"Name\":\"\xff\"}",
	};
	__cleanup(sbuf__free) struct sbuf deep = { 0 };
	char path[512];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		write_file(*state, DOCKER, texts[i]);
		finds(*state, "docker", "docker", "", "");
	}
	write_file(*state, DOCKER, "{\"Name\":\"/a\\u001b[31m\"}");
	finds(*state, "docker", "docker", "a?[31m", "");
	for (int i = 0; i < 100000; i++)
		sbuf__puts(&deep, "[");
	write_file(*state, DOCKER, sbuf__str(&deep));
	finds(*state, "docker", "docker", "", "");
	/* Too long to be read, though it would say something. */
	write_file(*state, DOCKER, "{\"Name\":\"/web\"}");
	place(*state, DOCKER, path, sizeof(path));
	assert_int_equal(truncate(path, BUDGET_ENGINE_FILE + 1), 0);
	finds(*state, "docker", "docker", "", "");
	/* Neither of these may be opened: it would wait for a writer. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	finds(*state, "docker", "docker", "", "");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	finds(*state, "docker", "docker", "", "");
}

/* ---- a process with a root of its own ---- */

struct child {
	pid_t pid;
	int stop;
};

/* In namespaces of its own, with root as its root. False: this user may not. */
static bool child_start(struct child *c, const char *root, int flags)
{
	int ready[2], stop[2];
	char ok;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(stop), 0);
	c->pid = fork();
	if (!c->pid) {
		close(stop[1]);
		ok = (char)(!unshare(flags) && !chroot(root) && !chdir("/"));
		if (write(ready[1], &ok, 1) == 1 && read(stop[0], &ok, 1) < 0)
			_exit(1);
		_exit(0);
	}
	close(stop[0]);
	close(ready[1]);
	c->stop = stop[1];
	assert_int_equal(read(ready[0], &ok, 1), 1);
	close(ready[0]);
	return ok;
}

static void child_end(struct child *c)
{
	close(c->stop);
	assert_int_equal(waitpid(c->pid, NULL, 0), c->pid);
}

static void host_name_is(pid_t pid, const char *want)
{
	char name[65];

	engine_files__host_name(pid, name, sizeof(name));
	assert_string_equal(name, want);
}

static void a_host_name_is_read_in_the_root_of_the_process(void **state)
{
	char path[512], secret[512], link[600];
	struct child c;

	if (!child_start(&c, *state, CLONE_NEWUTS)) {
		child_end(&c);
		skip(); /* needs root */
	}
	host_name_is(c.pid, "");
	write_file(*state, "/etc/hostname", "web-1\nmore\n");
	host_name_is(c.pid, "web-1");
	write_file(*state, "/etc/hostname", "a\033[31m\n");
	host_name_is(c.pid, "");
	write_file(*state, "/etc/hostname", "");
	host_name_is(c.pid, "");
	write_file(*state, "/etc/hostname",
		   S10 S10 S10 S10 S10 S10 S10 S10 S10 S10 S10 S10 S10 S10 S10 S10 S10 S10 S10 S10
			   S10 S10 S10 S10 S10 S10);
	host_name_is(c.pid, "");
	/* A link leads to where it leads the process: never to our file of that name. */
	place(*state, "/etc/hostname", path, sizeof(path));
	snprintf(secret, sizeof(secret), "%s-secret", (char *)*state);
	write_file("", secret, "secret\n");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(secret, path), 0);
	host_name_is(c.pid, "");
	snprintf(link, sizeof(link), "../../../../../../..%s", secret);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(link, path), 0);
	host_name_is(c.pid, "");
	assert_int_equal(unlink(secret), 0);
	write_file(*state, "/run/name", "linked");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/run/name", path), 0);
	host_name_is(c.pid, "linked");
	/* What blocks who opens it. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	host_name_is(c.pid, "");
	assert_int_equal(unlink(path), 0);
	if (!mknod(path, S_IFCHR | 0600, makedev(1, 5))) /* /dev/zero: endless */
		host_name_is(c.pid, "");
	child_end(&c);
	host_name_is(c.pid, "");
}

static void a_process_that_is_gone_is_nowhere(void **state)
{
	struct where_names *n = where_names__new(*state);
	struct where w;
	pid_t pid = fork();

	assert_non_null(n);
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	where_names__find(n, pid, &w);
	for (int i = 0; i < WHERE_CNT; i++)
		assert_string_equal(w.part[i], "");
	assert_int_equal(w.ns_pid, 0);
	/* Its worker was not needed for that, and nothing is lost. */
	assert_int_equal(where_names__cpu_ns(n), 0);
	where_names__find(n, getpid(), &w);
	assert_string_not_equal(w.part[WHERE_CGROUP], "");
	assert_int_equal(where_names__lost_cnt(n), 0);
	where_names__free(n);
	where_names__free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(docker_says_what_it_calls_a_container, make_root,
						remove_root),
		cmocka_unit_test_setup_teardown(under_the_kubelet_annotations_say_it, make_root,
						remove_root),
		cmocka_unit_test_setup_teardown(podman_has_all_in_one_file, make_root, remove_root),
		cmocka_unit_test_setup_teardown(what_is_no_such_file_says_nothing, make_root,
						remove_root),
		cmocka_unit_test_setup_teardown(a_host_name_is_read_in_the_root_of_the_process,
						make_root, remove_root),
		cmocka_unit_test_setup_teardown(a_process_that_is_gone_is_nowhere, make_root,
						remove_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
