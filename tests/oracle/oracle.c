/* SPDX-License-Identifier: BSD-2-Clause */
/* oracle.c - the other way to measure the GIL: from inside, to judge giltop's numbers by
 *
 * The GIL is a flag guarded by a mutex and two condition variables (gil->cond, gil->switch_cond). This
 * library, put in front of libc with LD_PRELOAD, sees every call on them, at the same moments at which
 * giltop's uprobes fire, and only writes down (time, thread, lock, what). It sums up nothing: intervals,
 * totals and blame are made afterwards by compare.py from that log, so that no idea (and no mistake) is
 * shared with the code under test. Each of those calls comes right after a lock call and before an unlock
 * call: the clock is read there, too, so that the log says how exact each of its times can be.
 *
 * What a call means is told by the address alone:
 *   pthread_cond_timedwait(cond)      WAIT
 *   pthread_cond_signal(switch_cond)  ACQUIRE
 *   pthread_cond_signal(cond)         RELEASE
 *   pthread_cond_wait(switch_cond)    YIELD, its return YIELD_END
 * and the two lie a fixed distance apart in struct _gil_runtime_state (Include/internal/
 * pycore_gil.h, unchanged from CPython 3.7 to 3.15).
 */
#include "oracle.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* So that the library also loads where libc is older than 2.34 (Debian 11), in a chroot. */
#if defined(__x86_64__)
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");
__asm__(".symver dlvsym, dlvsym@GLIBC_2.2.5");
#endif

/* The GIL's fields as far as they are looked at, counted from gil->cond (in free-threaded builds all
 * of the struct moves by 8, so this is the fixed point). The distance of the condition variables
 * is sizeof(pthread_cond_t) + sizeof(pthread_mutex_t): 0x58 on x86-64, 0x60 on arm64.
 */
#define SWITCH_COND_OFF (sizeof(pthread_cond_t) + sizeof(pthread_mutex_t))
#define INTERVAL_OFF	(-0x20) /* unsigned long, microseconds */
#define LAST_HOLDER_OFF (-0x18) /* PyThreadState * */
#define LOCKED_OFF	(-0x10) /* int */
#define INTERVAL_MAX_US 1000000000ul

typedef int (*cond_signal_fn)(pthread_cond_t *);
typedef int (*cond_wait_fn)(pthread_cond_t *, pthread_mutex_t *);
typedef int (*cond_timedwait_fn)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
typedef int (*mutex_fn)(pthread_mutex_t *);

/* An interposed function has no context to be handed: these are all the process-wide state. Written
 * by the constructor, before any thread exists, and read-only after it.
 */
static struct {
	struct oracle_header *hdr; /* NULL: only pass calls on */
	struct oracle_chunk *chunks;
	uintptr_t text_lo; /* the interpreter's code: calls from elsewhere are not the GIL's */
	uintptr_t text_hi;
	cond_signal_fn signal;
	cond_wait_fn wait;
	cond_timedwait_fn timedwait;
	mutex_fn lock;
	mutex_fn unlock;
	bool late; /* ORACLE_LATE_ENV */
	const char *
		folder; /* each process makes a file of its own there; NULL: one for this process alone */
} oracle;

/* What a thread remembers from one call to the next. */
static __thread struct {
	struct oracle_chunk *chunk;
	uint64_t locked_ns; /* its last lock call returned */
	/* An event whose probe is between a return and the next unlock call; 0: none. */
	enum oracle_kind open;
	unsigned int open_gil;
	uint64_t open_ns;
	/* A timed wait for this GIL returned then, and no lock or unlock call came since; 0: none. */
	uint64_t after_ns;
	unsigned int after_gil;
} own __attribute__((tls_model("initial-exec")));

static void *real_symbol(const char *name)
{
	/* x86-64 also has an old version of these (GLIBC_2.2.5), with another struct behind it. */
	void *fn = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");

	return fn ? fn : dlsym(RTLD_NEXT, name);
}

static void resolve(void)
{
	oracle.signal = (cond_signal_fn)real_symbol("pthread_cond_signal");
	oracle.wait = (cond_wait_fn)real_symbol("pthread_cond_wait");
	oracle.timedwait = (cond_timedwait_fn)real_symbol("pthread_cond_timedwait");
	oracle.lock = (mutex_fn)real_symbol("pthread_mutex_lock");
	oracle.unlock = (mutex_fn)real_symbol("pthread_mutex_unlock");
	if (!oracle.signal || !oracle.wait || !oracle.timedwait || !oracle.lock || !oracle.unlock)
		abort();
}

static uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* A place for this thread's next event, or NULL when the file is full. */
static struct oracle_chunk *chunk_with_room(struct oracle_header *hdr)
{
	struct oracle_chunk *c = own.chunk;
	uint32_t i;

	if (c && c->event_cnt < ORACLE_CHUNK_EVENTS)
		return c;
	i = __atomic_fetch_add(&hdr->next_chunk, 1, __ATOMIC_RELAXED);
	if (i >= hdr->chunk_cnt) {
		__atomic_fetch_sub(&hdr->next_chunk, 1, __ATOMIC_RELAXED);
		return NULL;
	}
	c = &oracle.chunks[i];
	c->tid = (uint32_t)syscall(SYS_gettid);
	own.chunk = c;
	return c;
}

/* The clock was from_ns before the probe, to_ns behind it. */
static void record(struct oracle_header *hdr, unsigned int gil, enum oracle_kind kind,
		   uint64_t from_ns, uint64_t to_ns)
{
	struct oracle_chunk *c = chunk_with_room(hdr);

	if (!c) {
		__atomic_fetch_add(&hdr->lost, 1, __ATOMIC_RELAXED);
		return;
	}
	c->event[c->event_cnt] = (struct oracle_event){
		.word = ORACLE_WORD(to_ns, gil, kind),
		.spread_ns = to_ns - from_ns,
	};
	__atomic_store_n(&c->event_cnt, c->event_cnt + 1, __ATOMIC_RELEASE);
}

/* The next unlock call will be behind the probe of this event. */
static void record_at_unlock(unsigned int gil, enum oracle_kind kind, uint64_t from_ns)
{
	own.open = kind;
	own.open_gil = gil;
	own.open_ns = from_ns;
}

/* Does a GIL lie around this condition variable, with locked as it must be at this call? */
static bool looks_like_gil(uintptr_t cond, int locked)
{
	unsigned long interval_us = *(const unsigned long *)(cond + INTERVAL_OFF);
	const void *last_holder = *(void *const *)(cond + LAST_HOLDER_OFF);

	return interval_us && interval_us <= INTERVAL_MAX_US && last_holder &&
	       *(const int *)(cond + LOCKED_OFF) == locked;
}

static int gil_add(struct oracle_header *hdr, uintptr_t cond)
{
	uint32_t i = __atomic_fetch_add(&hdr->gil_cnt, 1, __ATOMIC_ACQ_REL);

	if (i >= ORACLE_GILS_MAX) {
		__atomic_fetch_sub(&hdr->gil_cnt, 1, __ATOMIC_ACQ_REL);
		return -ENOSPC;
	}
	__atomic_store_n(&hdr->gil_cond[i], cond, __ATOMIC_RELEASE);
	return (int)i;
}

/* Number of the GIL with this cond; -ENOENT. The calls on one GIL are serialised by its own mutex, so
 * no two threads can find the same GIL missing at the same time.
 */
static int gil_find(struct oracle_header *hdr, uintptr_t cond)
{
	uint32_t cnt = __atomic_load_n(&hdr->gil_cnt, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < cnt && i < ORACLE_GILS_MAX; i++)
		if (__atomic_load_n(&hdr->gil_cond[i], __ATOMIC_ACQUIRE) == cond)
			return (int)i;
	return -ENOENT;
}

/* Which GIL and event is a call on `addr`, which is a cond when of kind as_cond, a switch_cond when of kind
 * as_switch (0: this call is never made on one)? Returns the GIL's number and *ret_kind, or a negative errno.
 */
static int identify(struct oracle_header *hdr, uintptr_t addr, enum oracle_kind as_cond,
		    enum oracle_kind as_switch, enum oracle_kind *ret_kind)
{
	enum oracle_kind kind = as_cond;
	int gil = -ENOENT;

	if (as_cond)
		gil = gil_find(hdr, addr);
	if (gil < 0 && as_switch) {
		kind = as_switch;
		gil = gil_find(hdr, addr - SWITCH_COND_OFF);
	}
	if (gil < 0) {
		/* A GIL not seen before. Its flag says which of its condition variables this is:
		 * released = 0, waited for or just acquired = 1, while a YIELD tells nothing.
		 */
		if (as_switch == ORACLE_ACQUIRE && looks_like_gil(addr - SWITCH_COND_OFF, 1))
			gil = gil_add(hdr, addr - SWITCH_COND_OFF);
		else if (as_cond && looks_like_gil(addr, as_cond == ORACLE_WAIT ? 1 : 0))
			kind = as_cond, gil = gil_add(hdr, addr);
	}
	if (gil < 0)
		__atomic_fetch_add(&hdr->foreign, 1, __ATOMIC_RELAXED);
	*ret_kind = kind;
	return gil;
}

/* Write down a call that has just been entered: see identify(). Returns the GIL's number or an error. */
static int note_call(struct oracle_header *hdr, uintptr_t addr, enum oracle_kind as_cond,
		     enum oracle_kind as_switch)
{
	uint64_t now = monotonic_ns();
	enum oracle_kind kind;
	int gil = identify(hdr, addr, as_cond, as_switch, &kind);

	if (gil >= 0)
		record(hdr, (unsigned int)gil, kind, own.locked_ns ? own.locked_ns : now, now);
	return gil;
}

/* The file to write to if this call is to be recorded, else NULL. */
static struct oracle_header *recording(const void *caller)
{
	uintptr_t pc = (uintptr_t)caller;

	if (!oracle.hdr || !__atomic_load_n(&oracle.hdr->enabled, __ATOMIC_ACQUIRE))
		return NULL;
	return pc >= oracle.text_lo && pc < oracle.text_hi ? oracle.hdr : NULL;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	struct oracle_header *hdr = recording(__builtin_return_address(0));
	int ret;

	if (hdr && own.after_ns) /* switch_mutex: the wait is over, this thread takes the GIL */
		record(hdr, own.after_gil, ORACLE_AFTER, own.after_ns, monotonic_ns());
	own.after_ns = 0;
	if (!oracle.lock)
		resolve();
	ret = oracle.lock(mutex);
	if (hdr)
		own.locked_ns = monotonic_ns();
	return ret;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	struct oracle_header *hdr = recording(__builtin_return_address(0));

	if (hdr && own.open) {
		record(hdr, own.open_gil, own.open, own.open_ns, monotonic_ns());
		own.open = 0;
	}
	own.after_ns = 0;
	if (!oracle.unlock)
		resolve();
	return oracle.unlock(mutex);
}

int pthread_cond_signal(pthread_cond_t *cond)
{
	struct oracle_header *hdr = recording(__builtin_return_address(0));
	enum oracle_kind kind = 0;
	int ret, gil = -ENOENT;

	if (hdr && oracle.late)
		gil = identify(hdr, (uintptr_t)cond, ORACLE_RELEASE, ORACLE_ACQUIRE, &kind);
	else if (hdr)
		note_call(hdr, (uintptr_t)cond, ORACLE_RELEASE, ORACLE_ACQUIRE);
	if (!oracle.signal)
		resolve();
	ret = oracle.signal(cond);
	if (gil >= 0)
		record_at_unlock((unsigned int)gil, kind, monotonic_ns());
	return ret;
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
			   const struct timespec *restrict abstime)
{
	struct oracle_header *hdr = recording(__builtin_return_address(0));
	int gil = -ENOENT, ret;

	own.after_ns = 0;
	if (hdr)
		gil = note_call(hdr, (uintptr_t)cond, ORACLE_WAIT, 0);
	if (!oracle.timedwait)
		resolve();
	ret = oracle.timedwait(cond, mutex, abstime);
	if (gil >= 0) {
		own.after_gil = (unsigned int)gil;
		own.after_ns = monotonic_ns();
	}
	return ret;
}

int pthread_cond_wait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex)
{
	struct oracle_header *hdr = recording(__builtin_return_address(0));
	int gil = -ENOENT, ret;

	if (hdr)
		gil = note_call(hdr, (uintptr_t)cond, 0, ORACLE_YIELD);
	if (!oracle.wait)
		resolve();
	ret = oracle.wait(cond, mutex);
	if (gil >= 0)
		record_at_unlock((unsigned int)gil, ORACLE_YIELD_END, monotonic_ns());
	return ret;
}

/* The executable range of the ELF that holds the address in text_lo. */
static int find_text(struct dl_phdr_info *info, size_t sz, void *data)
{
	uintptr_t lo = UINTPTR_MAX, hi = 0, addr = *(uintptr_t *)data;

	(void)sz;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type != PT_LOAD || !(ph->p_flags & PF_X))
			continue;
		if (start < lo)
			lo = start;
		if (start + ph->p_memsz > hi)
			hi = start + ph->p_memsz;
	}
	if (addr < lo || addr >= hi)
		return 0;
	oracle.text_lo = lo;
	oracle.text_hi = hi;
	return 1;
}

static void use_file(struct oracle_header *hdr)
{
	oracle.hdr = hdr;
	oracle.chunks = hdr ? (struct oracle_chunk *)((char *)hdr + ORACLE_HEADER_SZ) : NULL;
}

/* A forked child shares the file but is not the process that is judged; where each has its own, it begins with a new one. */
static void after_fork_in_child(void)
{
	oracle.hdr = NULL;
	memset(&own, 0, sizeof(own));
	if (oracle.folder)
		use_file(oracle_file__make(oracle.folder, oracle.late));
}

__attribute__((constructor)) static void oracle_init(void)
{
	const char *path = getenv(ORACLE_ENV);
	uintptr_t python = (uintptr_t)dlsym(RTLD_DEFAULT, "PyEval_SaveThread");

	resolve();
	if (!path || !python || !dl_iterate_phdr(find_text, &python))
		return;
	oracle.late = getenv(ORACLE_LATE_ENV);
	if (oracle_file__is_folder(path)) {
		oracle.folder = path;
		use_file(oracle_file__make(path, oracle.late));
	} else {
		use_file(oracle_file__claim(path, oracle.late));
	}
	if (oracle.hdr)
		pthread_atfork(NULL, NULL, after_fork_in_child);
}
