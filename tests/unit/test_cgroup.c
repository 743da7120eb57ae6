/* SPDX-License-Identifier: BSD-2-Clause */
/* test_cgroup.c - /proc/PID/cgroup as the engines, the kubelet and systemd make it, and as nobody does */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cgroup.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/base/where.h"

#define ID   "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
#define ID2  "1111111111111111111111111111111111111111111111111111111111111111"
#define UID  "3b4c5d6e-1a2b-4c3d-8e9f-0a1b2c3d4e5f"
#define UID_ "3b4c5d6e_1a2b_4c3d_8e9f_0a1b2c3d4e5f"
#define HASH "5a8b3c1d2e4f60718293a4b5c6d7e8f9"

struct expect {
	const char *path, *container, *engine, *name, *pod, *unit;
};

static void check(const char *text, const struct expect *e)
{
	struct where w;

	cgroup__where(text, &w);
	if (strcmp(w.part[WHERE_CONTAINER], e->container) != 0 ||
	    strcmp(w.part[WHERE_ENGINE], e->engine) != 0 ||
	    strcmp(w.part[WHERE_NAME], e->name) != 0 || strcmp(w.part[WHERE_POD], e->pod) != 0 ||
	    strcmp(w.part[WHERE_UNIT], e->unit) != 0)
		fail_msg("%s: container '%s' (%s, %s), pod '%s', unit '%s'", text,
			 w.part[WHERE_CONTAINER], w.part[WHERE_ENGINE], w.part[WHERE_NAME],
			 w.part[WHERE_POD], w.part[WHERE_UNIT]);
	assert_string_equal(w.part[WHERE_CGROUP], e->path);
	assert_string_equal(w.part[WHERE_POD_NAME], "");
	assert_int_equal(w.ns_pid, 0);
}

static void check_path(const struct expect *e)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };

	sbuf__printf(&text, "0::%s\n", e->path);
	check(sbuf__str(&text), e);
}

static void every_engine_is_known_by_its_paths(void **state)
{
	static const struct expect all[] = {
		{ "/system.slice/docker-" ID ".scope", ID, "docker", "", "", "" },
		{ "/docker/" ID, ID, "docker", "", "", "" },
		{ "/docker/" ID "/init.scope", ID, "docker", "", "", "init.scope" },
		{ "/actions_job/" ID, ID, "", "", "", "" },
		{ "/system.slice/nerdctl-" ID ".scope", ID, "containerd", "", "", "" },
		{ "/machine.slice/libpod-" ID ".scope/container", ID, "podman", "", "", "" },
		{ "/libpod_parent/libpod-" ID, ID, "podman", "", "", "" },
		{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID
		  ".scope/container",
		  ID, "podman", "", "", "" },
		{ "/system.slice/shop.service/libpod-payload-" ID, ID, "podman", "", "",
		  "shop.service" },
		{ "/machine.slice/machine-libpod_pod_" ID2 ".slice/libpod-" ID ".scope", ID,
		  "podman", "", ID2, "" },
		{ "/lxc/web-1", "web-1", "lxc", "web-1", "", "" },
		{ "/lxc/101/ns/system.slice/app.service", "101", "lxc", "101", "", "app.service" },
		{ "/lxc.payload.web-1/init.scope", "web-1", "lxc", "web-1", "", "init.scope" },
		{ "/lxc.payload/web-1", "web-1", "lxc", "web-1", "", "" },
		{ "/machine.slice/systemd-nspawn@web\\x2d1.service/payload", "web-1",
		  "systemd-nspawn", "web-1", "", "" },
		{ "/machine.slice/machine-web\\x2d1.scope/payload/system.slice/app.service",
		  "web-1", "systemd-nspawn", "web-1", "", "app.service" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		check_path(&all[i]);
}

static void pods_are_known_by_both_drivers_of_the_kubelet(void **state)
{
	static const struct expect all[] = {
		{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
		  ".slice/cri-containerd-" ID ".scope",
		  ID, "containerd", "", UID, "" },
		{ "/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope", ID, "cri-o", "",
		  UID, "" },
		{ "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" HASH
		  ".slice/docker-" ID ".scope",
		  ID, "docker", "", HASH, "" },
		{ "/kubepods/burstable/pod" UID "/" ID, ID, "", "", UID, "" },
		{ "/kubepods/pod" UID "/crio-" ID, ID, "cri-o", "", UID, "" },
		{ "/system.slice/containerd.service/kubepods-burstable-pod" UID_
		  ".slice:cri-containerd:" ID,
		  ID, "containerd", "", UID, "" },
		/* A node that is a container itself: what is inside is what runs. */
		{ "/docker/" ID2 "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" UID_
		  ".slice/cri-containerd-" ID ".scope",
		  ID, "containerd", "", UID, "" },
		/* Seen from a cgroup namespace. */
		{ "/../../kubepods-burstable-pod" UID_ ".slice/cri-containerd-" ID ".scope", ID,
		  "containerd", "", UID, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		check_path(&all[i]);
}

static void units_are_those_of_the_system_or_of_the_user(void **state)
{
	static const struct expect all[] = {
		{ "/system.slice/gunicorn.service", "", "", "", "", "gunicorn.service" },
		{ "/system.slice/system-worker.slice/worker@3.service/sub", "", "", "", "",
		  "worker@3.service" },
		{ "/user.slice/user-1000.slice/session-3.scope", "", "", "", "",
		  "session-3.scope" },
		{ "/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.service", "", "",
		  "", "", "app-x.service" },
		{ "/user.slice/user-1000.slice/user@1000.service/init.scope", "", "", "", "",
		  "init.scope" },
		{ "/user.slice/user-1000.slice/user@1000.service/app.slice/"
		  "dbus-:1.2-org.x@0.service",
		  "", "", "", "", "dbus-:1.2-org.x@0.service" },
		{ "/system.slice/_cpu.service", "", "", "", "", "cpu.service" },
		{ "/system.slice/gone.service (deleted)", "", "", "", "", "gone.service" },
		{ "/init.scope", "", "", "", "", "init.scope" },
		{ "/system.slice", "", "", "", "", "" },
		{ "/", "", "", "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		check_path(&all[i]);
}

static void what_only_looks_like_one_is_none(void **state)
{
	static const struct expect all[] = {
		{ "/docker/0123456789ab", "", "", "", "", "" },
		{ "/system.slice/docker-" ID "0.scope", "", "", "", "", "docker-" ID "0.scope" },
		{ "/docker/" ID "g", "", "", "", "", "" },
		{ "/machine.slice/libpod-conmon-" ID ".scope", "", "", "", "",
		  "libpod-conmon-" ID ".scope" },
		{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", "", "", "", "",
		  "machine-qemu\\x2d1\\x2dvm.scope" },
		{ "/lxc.monitor.web-1", "", "", "", "", "" },
		{ "/lxc.payload.", "", "", "", "", "" },
		{ "/x/pod" UID, "", "", "", "", "" },
		{ "/kubepods/burstable/podcast", "", "", "", "", "" },
		{ "/kubepods.slice/kubepods-pod" UID_ "0.slice", "", "", "", "", "" },
		{ "/.service", "", "", "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		check_path(&all[i]);
}

/* Version 1: each hierarchy has a path; version 2 beside it; the one that says most is told. */
static void of_several_hierarchies_the_one_that_says_most_counts(void **state)
{
	static const struct {
		const char *text;
		struct expect e;
	} all[] = {
		{ "12:cpuset:/docker/" ID "\n5:cpu,cpuacct:/docker/" ID
		  "\n1:name=systemd:/docker/" ID "\n",
		  { "/docker/" ID, ID, "docker", "", "", "" } },
		{ "3:memory:/jobs/7\n1:name=systemd:/\n0::/system.slice/docker-" ID ".scope\n",
		  { "/system.slice/docker-" ID ".scope", ID, "docker", "", "", "" } },
		{ "3:memory:/docker/" ID "\n1:name=systemd:/system.slice/a.service\n"
		  "0::/system.slice/a.service\n",
		  { "/docker/" ID, ID, "docker", "", "", "" } },
		{ "3:memory:/jobs/7\n1:name=systemd:/system.slice/a.service\n0::/\n",
		  { "/system.slice/a.service", "", "", "", "", "a.service" } },
		{ "3:memory:/jobs/7\n2:cpu:/\n1:name=systemd:/\n0::/\n",
		  { "/jobs/7", "", "", "", "", "" } },
		{ "0::/\n3:memory:/\n", { "/", "", "", "", "", "" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		check(all[i].text, &all[i].e);
}

static void nonsense_says_nothing_and_is_cut_and_clean(void **state)
{
	static const char *const nothing[] = { "",   "\n\n\n", "0", "0:",     "0::",   ":",
					       "::", "0::\n",  "x", "0::a/b", "1:cpu", "0:::/x" };
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	struct where w;
	char *again;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nothing); i++)
		check(nothing[i], &(struct expect){ "", "", "", "", "", "" });
	/* A name that drives a terminal, half a character at the end, an escape of the same. */
	check("0::/system.slice/a\033[31m.service\n",
	      &(struct expect){ "/system.slice/a?[31m.service", "", "", "", "", "a?[31m.service" });
	cgroup__where("0::/lxc/\xe5\xb7\n", &w);
	assert_null(strstr(w.part[WHERE_NAME], "\xe5"));
	cgroup__where("0::/machine.slice/machine-a\\x1b\\x0ab\\x2.scope\n", &w);
	assert_string_equal(w.part[WHERE_NAME], "a??b\\x2");
	/* What is behind a NUL is not part of a text. */
	cgroup__where("0::/machine.slice/machine-a\\x00b.scope\n", &w);
	assert_string_equal(w.part[WHERE_NAME], "a");
	/* Longer than any buffer: cut, and still what it is at its end. */
	sbuf__puts(&text, "0::");
	for (int i = 0; i < 5000; i++)
		sbuf__puts(&text, "/\xe5\xb7\xa5");
	sbuf__puts(&text, "/docker-" ID ".scope");
	cgroup__where(sbuf__str(&text), &w);
	assert_string_equal(w.part[WHERE_CONTAINER], ID);
	assert_true(strlen(w.part[WHERE_CGROUP]) < WHERE_SZ);
	again = malloc(WHERE_SZ);
	assert_non_null(again);
	clean_text(w.part[WHERE_CGROUP], strlen(w.part[WHERE_CGROUP]), again, WHERE_SZ);
	assert_string_equal(again, w.part[WHERE_CGROUP]);
	free(again);
	/* A unit's name has an end, too. */
	sbuf__reset(&text);
	sbuf__puts(&text, "0::/system.slice/");
	for (int i = 0; i < 300; i++)
		sbuf__puts(&text, "a");
	sbuf__puts(&text, ".service");
	cgroup__where(sbuf__str(&text), &w);
	assert_string_equal(w.part[WHERE_UNIT], "");
}

static void a_cgroup_is_found_by_path_by_folder_and_where_it_is_mounted(void **state)
{
	static const char text[] = "5:cpu,cpuacct:/batch\n3:memory:/jobs/7\n"
				   "1:name=systemd:/system.slice/a.service\n0::/shop/web/x\n";
	static const char *const in[] = {
		"/",
		"/shop",
		"/shop/",
		"/shop/web",
		"shop/web",
		"/shop/web/x",
		"/jobs/7",
		"web",
		"x",
		"7",
		"batch",
		"a.service",
		"/system.slice",
		"/sys/fs/cgroup/shop/web",
		"/sys/fs/cgroup/unified/shop",
		"/sys/fs/cgroup/unified/shop/web/",
		"/sys/fs/cgroup/memory/jobs",
		"/sys/fs/cgroup/systemd/system.slice/a.service",
		"/sys/fs/cgroup/cpu,cpuacct/batch",
		"/sys/fs/cgroup/cpu/batch",
		"/sys/fs/cgroup/cpuacct/batch",
	};
	static const char *const out[] = { "",
					   "/sho",
					   "/shop/we",
					   "/shop/web/x/y",
					   "sho",
					   "we",
					   "/web",
					   "web/x/y",
					   "memory",
					   "/sys/fs/cgroup/memory/shop",
					   "/sys/fs/cgroup/unified/jobs",
					   "/sys/fs/cgroup/cp/batch",
					   "/sys/fs/cgroup/memory/job",
					   "/sys/fs/cgroupx/shop" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(in); i++)
		if (!cgroup__is_in(text, in[i]))
			fail_msg("is not in '%s'", in[i]);
	for (size_t i = 0; i < ARRAY_SIZE(out); i++)
		if (cgroup__is_in(text, out[i]))
			fail_msg("is in '%s'", out[i]);
	assert_false(cgroup__is_in("", "/"));
	assert_false(cgroup__is_in("0::\n", "/"));
}

static void says(const struct where_list *w, const char *label, const char *words)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	char buf[WHERE_SZ];

	where__label(w, buf, sizeof(buf));
	assert_string_equal(buf, label);
	where__words(w, &text);
	assert_string_equal(sbuf__str(&text), words);
}

static void words_say_what_is_there_and_no_more(void **state)
{
	(void)state;
	says(&(struct where_list){ 0 }, "", "");
	says(&(struct where_list){ .part = { [WHERE_CONTAINER] = ID } }, "0f1e2d3c4b5a",
	     "container 0f1e2d3c4b5a");
	says(&(struct where_list){ .part = { [WHERE_CONTAINER] = ID,
					     [WHERE_ENGINE] = "docker",
					     [WHERE_NAME] = "web-1" },
				   .ns_pid = 7 },
	     "web-1", "container web-1 (docker, 0f1e2d3c4b5a), pid 7 there");
	says(&(struct where_list){ .part = { [WHERE_CONTAINER] = "web-1",
					     [WHERE_ENGINE] = "lxc",
					     [WHERE_NAME] = "web-1",
					     [WHERE_UNIT] = "app.service" } },
	     "web-1", "container web-1 (lxc), app.service");
	says(&(struct where_list){ .part = { [WHERE_CONTAINER] = ID,
					     [WHERE_ENGINE] = "cri-o",
					     [WHERE_POD] = UID,
					     [WHERE_POD_NAME] = "shop-7d9" } },
	     "shop-7d9/0f1e2d3c4b5a", "container 0f1e2d3c4b5a (cri-o), pod shop-7d9 (" UID ")");
	says(&(struct where_list){ .part = { [WHERE_POD] = UID } }, UID, "pod " UID);
	says(&(struct where_list){ .part = { [WHERE_UNIT] = "gunicorn@3.service" } },
	     "gunicorn@3.service", "gunicorn@3.service");
	says(&(struct where_list){ .part = { [WHERE_UNIT] = "session-3.scope" } }, "", "");
	says(&(struct where_list){ .ns_pid = 5 }, "", "a pid namespace of its own, pid 5 there");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_engine_is_known_by_its_paths),
		cmocka_unit_test(pods_are_known_by_both_drivers_of_the_kubelet),
		cmocka_unit_test(units_are_those_of_the_system_or_of_the_user),
		cmocka_unit_test(what_only_looks_like_one_is_none),
		cmocka_unit_test(of_several_hierarchies_the_one_that_says_most_counts),
		cmocka_unit_test(nonsense_says_nothing_and_is_cut_and_clean),
		cmocka_unit_test(a_cgroup_is_found_by_path_by_folder_and_where_it_is_mounted),
		cmocka_unit_test(words_say_what_is_there_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
