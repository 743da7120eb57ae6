/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/limits.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "user/base/log.h"
#include "user/target/failure.h"

/* Maps, programs and links of a run with one process take some 50 descriptors. */
#define FILES_LEAST 64
/* What loading takes. */
#define MEMORY_LEAST (12u << 20)

static void raise_one(int what, struct rlimit *ret)
{
	struct rlimit r;

	*ret = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	if (getrlimit((__rlimit_resource_t)what, &r))
		return;
	*ret = r;
	r.rlim_cur = r.rlim_max;
	(void)setrlimit((__rlimit_resource_t)what, &r);
}

void limits__raise(struct limits *ret)
{
	raise_one(RLIMIT_NOFILE, &ret->files);
	raise_one(RLIMIT_MEMLOCK, &ret->locked);
}

void limits__restore(const struct limits *l)
{
	/* The hard ones too: libbpf may have raised that of locked memory. */
	(void)setrlimit(RLIMIT_NOFILE, &l->files);
	(void)setrlimit(RLIMIT_MEMLOCK, &l->locked);
}

int limits__check(void)
{
	struct rlimit r;
	void *p;

	if (!getrlimit(RLIMIT_NOFILE, &r) && r.rlim_cur < FILES_LEAST) {
		pr_warn("out of descriptors: %" PRIuMAX
			" open files are allowed, %d are needed; try: ulimit -n 1024\n",
			(uintmax_t)r.rlim_cur, FILES_LEAST);
		return EXIT_RUNTIME;
	}
	p = mmap(NULL, MEMORY_LEAST, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p != MAP_FAILED) {
		munmap(p, MEMORY_LEAST);
		return 0;
	}
	if (!getrlimit(RLIMIT_AS, &r) && r.rlim_cur != RLIM_INFINITY)
		pr_warn("out of memory: %" PRIuMAX " KiB are allowed; try: ulimit -v unlimited\n",
			(uintmax_t)r.rlim_cur / 1024);
	else
		pr_warn("out of memory\n");
	return EXIT_RUNTIME;
}
