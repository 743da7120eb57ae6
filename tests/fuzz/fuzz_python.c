/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_python.c - a CPython whose memory holds anything: objects, code, lines, threads, their names
 *
 * The first byte says which version's layout it is taken for, the second what is read and where from: the rest is the
 * memory, or (bit 6) changes to that of a process as it should be, each a place of two bytes and a value of eight. With
 * bit 7 the memory's end is what a 3.13+ says of its own layout, too (_Py_DebugOffsets).
 */
#include <elf.h>
#include <errno.h>
#include <sys/uio.h>

#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/python/line.h"
#include "user/python/object.h"
#include "user/python/process.h"
#include "user/python/sym.h"
#include "user/python/thread_name.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/made_up_process.h"

#define PID  4242
#define OWN  7 /* own ids are the small ones that bytes are likely to name */
#define TIDS 8

_Static_assert(OWN == MADE_UP_OWN - 1, "the first of the ids");

static struct fuzz_mem mem;

ssize_t __wrap_process_vm_readv(pid_t pid, const struct iovec *local, unsigned long local_cnt,
				const struct iovec *remote, unsigned long remote_cnt,
				unsigned long flags);
ssize_t __wrap_proc__tids(pid_t pid, uint32_t **ret);
uint32_t __wrap_proc__own_tid(pid_t pid, pid_t tid);
void __wrap_proc__comm(pid_t pid, pid_t tid, char *buf, size_t sz);
void __wrap_proc__exe(pid_t pid, char *buf, size_t sz);
int __wrap_read_file(int dirfd, const char *path, size_t max, struct sbuf *b);

ssize_t __wrap_process_vm_readv(pid_t pid, const struct iovec *local, unsigned long local_cnt,
				const struct iovec *remote, unsigned long remote_cnt,
				unsigned long flags)
{
	(void)pid, (void)flags;
	promise(local_cnt == 1 && remote_cnt == 1 && local->iov_len == remote->iov_len);
	if (!fuzz_mem__read(&mem, local->iov_base, local->iov_len,
			    (uint64_t)(uintptr_t)remote->iov_base))
		return (ssize_t)local->iov_len;
	errno = EFAULT;
	return -1;
}

ssize_t __wrap_proc__tids(pid_t pid, uint32_t **ret)
{
	uint32_t *ids = malloc(TIDS * sizeof(*ids));

	promise(ids);
	for (uint32_t i = 0; i < TIDS; i++)
		ids[i] = (uint32_t)pid + i;
	*ret = ids;
	return TIDS;
}

uint32_t __wrap_proc__own_tid(pid_t pid, pid_t tid)
{
	return OWN + (uint32_t)(tid - pid);
}

void __wrap_proc__comm(pid_t pid, pid_t tid, char *buf, size_t sz)
{
	snprintf(buf, sz, tid == pid + 2 ? "worker" : tid == pid + 3 ? "?" : "python");
}

void __wrap_proc__exe(pid_t pid, char *buf, size_t sz)
{
	(void)pid;
	snprintf(buf, sz, "/usr/bin/python");
}

int __wrap_read_file(int dirfd, const char *path, size_t max, struct sbuf *b)
{
	(void)dirfd, (void)path;
	sbuf__add(b, (const char *)mem.bytes, mem.sz < max ? mem.sz : max);
	return b->oom ? -ENOMEM : 0;
}

static struct py_process *open_process(uint8_t which, bool own_words)
{
	struct py_row row = py_rows[which % py_row_cnt];
	size_t words = py_debug_offsets__size(row.minor);
	struct py_runtime rt = { .major = 3, .minor = row.minor, .machine = EM_X86_64 };
	char why[128];

	if (own_words && words && words <= mem.sz &&
	    py_row__apply_debug_offsets(&row, mem.bytes + mem.sz - words, words, why, sizeof(why)) <
		    0)
		return NULL;
	rt.free_threaded = row.free_threaded;
	rt.layout = row.layout;
	rt.obj = row.obj;
	rt.runtime_va = FUZZ_MEM_BASE;
	rt.code_type_va = which & 0x80 ? 0 : mu_addr(MU_CODE_TYPE);
	return py_process__new(PID, &rt, 0);
}

static bool look_at_item(void *ctx, uint64_t key, uint64_t value)
{
	const struct py_process *p = ctx;
	char text[64];
	uint64_t v;

	if (py_str__read(p, key, text, sizeof(text)) >= 0)
		promise_clean(text, sizeof(text));
	py_int__read(p, value, &v);
	return true;
}

static void objects(struct py_process *p)
{
	char text[32];
	uint64_t v;

	for (uint64_t at = FUZZ_MEM_BASE; at < FUZZ_MEM_BASE + mem.sz; at += 128) {
		int len = py_str__read(p, at, text, 1 + at / 128 % sizeof(text));

		if (len >= 0)
			promise(len == (int)strlen(text));
		py_dict__each(p, at, look_at_item, p);
		py_dict__get(p, at, "threading", &v);
		py_object__attr(p, at, "_name", &v);
	}
}

static void code(struct py_process *p)
{
	struct pysym *ps = pysym__new(p);

	promise(ps);
	for (uint64_t at = FUZZ_MEM_BASE; at < FUZZ_MEM_BASE + mem.sz; at += 256) {
		struct py_frame_ref ref = { .id = py_process__code_id(p, at),
					    .where = at << 52 | (at & 0xfff) };
		struct pysym_frame f;

		if (pysym__resolve(ps, &ref, at, &f))
			continue;
		promise_clean(f.name, 8192);
		promise_clean(f.file, 8192);
		promise(f.line <= INT32_MAX);
	}
	pysym__begin(ps);
	pysym__free(ps);
}

/* What the kernel hands over is made of the target's memory, too. */
static void learn(struct py_process *p)
{
	struct pysym *ps = pysym__new(p);
	struct py_code c;

	promise(ps);
	fuzz_mem__read(&mem, &c, sizeof(c), FUZZ_MEM_BASE);
	c.name.kept %= PY_NAME_BYTES + 1; /* these the kernel's program promises */
	c.file.kept %= PY_FILE_BYTES + 1;
	promise(!pysym__learn(ps, &c));
	pysym__wants(ps, c.id);
	pysym__free(ps);
}

static void threads(struct py_process *p)
{
	static const uint32_t sought[] = { PID, PID + 3 };
	struct py_thread *list = NULL, *newest = NULL;
	struct py_thread_name *names;
	struct py_actives known = { 0 };
	struct pysym *ps = pysym__new(p);
	struct py_gil *gils = NULL;
	struct py_gil_state st;
	char why[128] = "";
	ssize_t n;

	promise(ps);
	py_process__check(p, why, sizeof(why));
	n = py_process__gils(p, &gils);
	for (ssize_t i = 0; i < n && i < 4; i++)
		py_process__gil_state(p, gils[i].addr, &st);
	py_process__gil_is_off(p);
	if (py_process__newest(p, sought, 2, &newest) >= 0)
		free(newest);
	n = py_process__threads(p, &list);
	if (n > 0) {
		names = calloc((size_t)n, sizeof(*names));
		promise(names);
		for (int twice = 0; twice < 2; twice++)
			py_thread_names__read(p, ps, &known, list, (size_t)n, names);
		for (ssize_t i = 0; i < n; i++)
			promise_clean(names[i].name, sizeof(names[i].name));
		free(names);
	}
	if (n >= 0)
		free(list);
	free(gils);
	pysym__free(ps);
}

static void lines(uint8_t kind)
{
	for (int32_t unit = -2; unit < 70; unit++)
		promise(py_line__find(kind % 3, mem.bytes, mem.sz, kind, unit) <= INT32_MAX);
	py_line__find(kind % 3, mem.bytes, mem.sz, UINT32_MAX, INT32_MAX);
}

/* As it should be: all of it is found. */
static void promise_found(const struct py_row *row)
{
	struct py_process *p = open_process((uint8_t)(row - py_rows), false);
	struct py_thread_name names[2];
	struct pysym *ps = pysym__new(p);
	struct py_thread *list = NULL;

	promise(ps && py_process__threads(p, &list) == 2);
	py_thread_names__read(p, ps, NULL, list, 2, names);
	if (row->obj.tstate_native_id != PY_NONE)
		promise(list[1].tid == PID + MADE_UP_OWN - OWN);
	promise(!strcmp(names[1].name, row->minor <= 13 ? "worker-1" : "handler()"));
	free(list);
	pysym__free(ps);
	py_process__free(p);
}

static void made_up(const struct py_row *row, struct input *changes)
{
	static struct made_up_process m;

	made_up_process(&m, row);
	mem = (struct fuzz_mem){ .bytes = m.bytes, .sz = sizeof(m.bytes), .max_reads = 5000 };
	if (!changes->left)
		promise_found(row);
	while (changes->left) {
		size_t at = take(changes);

		at = (at | (size_t)take(changes) << 8) % sizeof(m.bytes);
		for (size_t i = 0; i < 8 && at + i < sizeof(m.bytes) && changes->left; i++)
			m.bytes[at + i] = take(changes);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t which = take(&in), what = take(&in);
	struct py_process *p;

	mem = (struct fuzz_mem){ .bytes = in.p, .sz = in.left, .max_reads = 5000 };
	if (what & 0x40)
		made_up(&py_rows[which % py_row_cnt], &in);
	p = open_process(which, what & 0x80);
	if (!p)
		return 0;
	switch (what % 5) {
	case 0: objects(p); break;
	case 1: code(p); break;
	case 2: threads(p); break;
	case 3: learn(p); break;
	case 4: lines(which); break;
	}
	py_process__free(p);
	return 0;
}
