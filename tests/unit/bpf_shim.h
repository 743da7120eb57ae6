/* SPDX-License-Identifier: BSD-2-Clause */
/* bpf_shim.h - what the BPF programs need, in user space: maps, helpers, a CPU that they run on
 *
 * So that the accounting of bpf/ itself is what tests drive, sanitizers see and gdb steps through.
 * Include this instead of bpf/kernel.bpf.h, then bpf/accounting.bpf.h, in one file of a program: the
 * maps are its global variables. Maps keep to their max_entries; shim__resize() stands for what user
 * space sets before load.
 *
 * Each map operation, look at the clock or at the target's memory is a scheduling point: shim.point is
 * called there, and whatever it runs is another CPU's or an interrupt's (a reading, an exit, another
 * GIL's event). The CPU that was interrupted goes on as if nothing had been.
 */
#ifndef GILTOP_TEST_BPF_SHIM_H
#define GILTOP_TEST_BPF_SHIM_H

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- the CPU ---- */

struct signal_struct {
	struct {
		int counter;
	} live;
};

/* In the unit tests all are in one namespace (bpf/ids.bpf.h has the kernel's). */
#define GILTOP_IDS_BPF_H

struct task_struct {
	int pid, tgid;
	int sleeps;
	unsigned long nvcsw;
	uint64_t queued_ns;
	bool queued_unknown;
	uint64_t arrived_ns, ran_ns; /* when it last got a CPU, and its CPU time by then */
	struct signal_struct *signal;
};

/* Who runs, and what it sees of the clock. */
struct shim_cpu {
	uint32_t tgid, tid;
	uint64_t now_ns;
	const char *comm;
	struct task_struct *task;
};

#define SHIM_DEPTH 3 /* CPUs at most that interrupt one another */
#define SHIM_MAPS  33

struct shim_map {
	void **home; /* the first word of the map's definition, which points here */
	uint32_t type, max, key_sz, value_sz;
	uint32_t cnt;
	uint32_t head;		    /* of a queue: its oldest element; of a ring: bytes in it */
	struct shim_elem **buckets; /* hash; array: one element a place */
	char *bytes;		    /* queue, ring */
};

struct shim_elem {
	struct shim_elem *next;
	char *key;
	uint64_t value[];
};

static struct shim {
	struct shim_cpu cpu;
	/* cnt: scheduling points so far, this one included. Returns how much later (ns) the CPU goes on. */
	uint64_t (*point)(void *ctx, uint64_t cnt);
	void *ctx;
	uint64_t point_cnt;
	unsigned int depth;
	/* The target's memory; 0, or -1 if there is none: then dst stays zeroed. */
	int (*read)(void *ctx, void *dst, uint32_t size, uint64_t addr);
	void *read_ctx;
	size_t map_cnt;
	struct shim_map maps[SHIM_MAPS];
} shim;

static inline void shim__point(void)
{
	struct shim_cpu cpu = shim.cpu;

	if (!shim.point || shim.depth == SHIM_DEPTH)
		return;
	shim.depth++;
	cpu.now_ns += shim.point(shim.ctx, ++shim.point_cnt);
	shim.depth--;
	shim.cpu = cpu;
}

/* ---- maps ---- */

#define SHIM_BUCKETS 64

static inline struct shim_map *shim__map(void **home, uint32_t type, uint32_t max, uint32_t key_sz,
					 uint32_t value_sz)
{
	struct shim_map *m = *home;

	if (m)
		return m;
	if (shim.map_cnt == SHIM_MAPS)
		abort();
	m = *home = &shim.maps[shim.map_cnt++];
	*m = (struct shim_map){
		.home = home, .type = type, .max = max, .key_sz = key_sz, .value_sz = value_sz
	};
	return m;
}

/* The definition of a map says it all in types of members that are never set. */
#define SHIM_MAP(m)                                                                                \
	shim__map((void **)(m), sizeof(*(m)->type) / sizeof(int),                                  \
		  sizeof(*(m)->max_entries) / sizeof(int), sizeof(*(m)->key), sizeof(*(m)->value))
#define SHIM_QUEUE(m)                                                                              \
	shim__map((void **)(m), BPF_MAP_TYPE_QUEUE, sizeof(*(m)->max_entries) / sizeof(int), 0,    \
		  sizeof(*(m)->value_size) / sizeof(int))
#define SHIM_RING(m)                                                                               \
	shim__map((void **)(m), BPF_MAP_TYPE_RINGBUF, sizeof(*(m)->max_entries) / sizeof(int), 0, 1)

static inline bool shim__is_array(const struct shim_map *m)
{
	return m->type == BPF_MAP_TYPE_ARRAY || m->type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

/* As user space does before load; the map must be empty. */
static inline void shim__resize(struct shim_map *m, uint32_t max)
{
	if (m->buckets || m->bytes)
		abort();
	m->max = max;
}

/* Where the link to the element of this key is, or would be. */
static inline struct shim_elem **shim__place(struct shim_map *m, const void *key)
{
	struct shim_elem **e;
	uint32_t h = 2166136261u;

	if (!m->buckets)
		m->buckets = calloc(shim__is_array(m) ? m->max : SHIM_BUCKETS, sizeof(*m->buckets));
	if (!m->buckets)
		abort();
	if (shim__is_array(m)) {
		memcpy(&h, key, sizeof(h));
		return h < m->max ? &m->buckets[h] : NULL;
	}
	for (uint32_t i = 0; i < m->key_sz; i++)
		h = (h ^ ((const uint8_t *)key)[i]) * 16777619u;
	for (e = &m->buckets[(h ^ h >> 16) % SHIM_BUCKETS]; *e; e = &(*e)->next)
		if (!memcmp((*e)->key, key, m->key_sz))
			break;
	return e;
}

static inline struct shim_elem *shim__elem_new(struct shim_map *m, const void *key)
{
	struct shim_elem *e = calloc(1, sizeof(*e) + m->value_sz);

	if (!e || !(e->key = malloc(m->key_sz)))
		abort();
	memcpy(e->key, key, m->key_sz);
	m->cnt++;
	return e;
}

static inline void *shim__find(struct shim_map *m, const void *key)
{
	struct shim_elem **e = shim__place(m, key);

	if (e && !*e && shim__is_array(m))
		*e = shim__elem_new(m, key);
	return e && *e ? (*e)->value : NULL;
}

static inline int shim__update(struct shim_map *m, const void *key, const void *value,
			       uint64_t flags)
{
	struct shim_elem **e = shim__place(m, key);

	if (!e || (!*e && m->cnt == m->max))
		return -E2BIG;
	if (*e && flags == BPF_NOEXIST)
		return -EEXIST;
	if (!*e && flags == BPF_EXIST)
		return -ENOENT;
	if (!*e)
		*e = shim__elem_new(m, key);
	memcpy((*e)->value, value, m->value_sz);
	return 0;
}

/* Freed at once: who still writes to it loses what it writes, and the sanitizer says so. */
static inline int shim__delete(struct shim_map *m, const void *key)
{
	struct shim_elem **place = shim__place(m, key), *e = place ? *place : NULL;

	if (!e)
		return -ENOENT;
	*place = e->next;
	free(e->key);
	free(e);
	m->cnt--;
	return 0;
}

static inline int shim__push(struct shim_map *m, const void *value)
{
	if (!m->bytes)
		m->bytes = calloc(m->max, m->value_sz);
	if (!m->bytes)
		abort();
	if (m->cnt == m->max)
		return -E2BIG;
	memcpy(m->bytes + (size_t)(m->head + m->cnt++) % m->max * m->value_sz, value, m->value_sz);
	return 0;
}

static inline int shim__pop(struct shim_map *m, void *value)
{
	memset(value, 0, m->value_sz);
	if (!m->cnt)
		return -ENOENT;
	memcpy(value, m->bytes + (size_t)m->head * m->value_sz, m->value_sz);
	m->head = (m->head + 1) % m->max;
	m->cnt--;
	return 0;
}

/* A ring is read by taking it: shim__ring_take(). Records have a header of 8 bytes, as in the kernel. */
static inline int shim__output(struct shim_map *m, const void *data, uint32_t size)
{
	uint32_t sz = 8 + (size + 7) / 8 * 8;

	if (m->head + sz > m->max)
		return -EAGAIN;
	if (m->head / 4096 != (m->head + sz) / 4096 || !m->bytes)
		m->bytes = realloc(m->bytes, m->head + sz + 4096);
	if (!m->bytes)
		abort();
	memcpy(m->bytes + m->head, &size, sizeof(size));
	memcpy(m->bytes + m->head + 8, data, size);
	m->head += sz;
	m->cnt++;
	return 0;
}

/* Records of one size at most: copies them out, empties the ring. Returns how many there were. */
static inline uint32_t shim__ring_take(struct shim_map *m, void *ret, uint32_t size, uint32_t max)
{
	uint32_t cnt = m->cnt, sz = 8 + (size + 7) / 8 * 8;

	for (uint32_t i = 0; i < cnt && i < max; i++)
		memcpy((char *)ret + (size_t)i * size, m->bytes + (size_t)i * sz + 8, size);
	m->head = m->cnt = 0;
	return cnt;
}

/* Copies of all keys of a hash map, in *ret, freed by the caller. */
static inline uint32_t shim__keys(const struct shim_map *m, char **ret)
{
	uint32_t cnt = 0;

	*ret = malloc((size_t)m->cnt * m->key_sz + 1);
	if (!*ret)
		abort();
	for (uint32_t b = 0; m->buckets && b < SHIM_BUCKETS; b++)
		for (const struct shim_elem *e = m->buckets[b]; e; e = e->next)
			memcpy(*ret + (size_t)cnt++ * m->key_sz, e->key, m->key_sz);
	return cnt;
}

static inline void shim__empty(struct shim_map *m)
{
	uint32_t n = !m->buckets ? 0 : shim__is_array(m) ? m->max : SHIM_BUCKETS;

	for (uint32_t b = 0; b < n; b++)
		for (struct shim_elem *e = m->buckets[b], *next; e; e = next) {
			next = e->next;
			free(e->key);
			free(e);
		}
	free(m->buckets);
	free(m->bytes);
	m->buckets = NULL;
	m->bytes = NULL;
	m->cnt = m->head = 0;
}

/* All maps as they are defined, and empty; nothing interrupts. */
static inline void shim__reset(void)
{
	for (size_t i = 0; i < shim.map_cnt; i++) {
		shim__empty(&shim.maps[i]);
		*shim.maps[i].home = NULL;
	}
	shim = (struct shim){ 0 };
}

/* ---- helpers ---- */

static inline void *shim_map_lookup(struct shim_map *m, const void *key)
{
	shim__point();
	return shim__find(m, key);
}

static inline int shim_map_update(struct shim_map *m, const void *key, const void *value,
				  uint64_t flags)
{
	shim__point();
	return shim__update(m, key, value, flags);
}

static inline int shim_map_delete(struct shim_map *m, const void *key)
{
	shim__point();
	return shim__delete(m, key);
}

static inline int shim_map_push(struct shim_map *m, const void *value)
{
	shim__point();
	return shim__push(m, value);
}

static inline int shim_map_pop(struct shim_map *m, void *value)
{
	shim__point();
	return shim__pop(m, value);
}

static inline int shim_ring_output(struct shim_map *m, const void *data, uint32_t size,
				   uint64_t flags)
{
	(void)flags; /* whom to wake */
	shim__point();
	return shim__output(m, data, size);
}

static inline uint64_t bpf_ktime_get_ns(void)
{
	shim__point();
	return shim.cpu.now_ns;
}

static inline uint32_t bpf_get_prandom_u32(void)
{
	return (uint32_t)(shim.cpu.now_ns * 2654435761u >> 7);
}

static inline uint64_t bpf_get_current_pid_tgid(void)
{
	return (uint64_t)shim.cpu.tgid << 32 | shim.cpu.tid;
}

static inline uint64_t current_ids(void)
{
	return bpf_get_current_pid_tgid();
}

static inline uint64_t task_ids(const struct task_struct *task)
{
	return (uint64_t)(uint32_t)task->tgid << 32 | (uint32_t)task->pid;
}

static inline uint32_t parent_id(void)
{
	return 77;
}

static inline uint32_t inner_id(void)
{
	return 0;
}

static inline int task_sleeps(const struct task_struct *task)
{
	return task->sleeps;
}

static inline bool task_queued_known(void)
{
	return !shim.cpu.task || !shim.cpu.task->queued_unknown;
}

static inline uint64_t task_queued_ns(const struct task_struct *task)
{
	return task->queued_ns;
}

static inline uint64_t bpf_get_current_task(void)
{
	return (uintptr_t)shim.cpu.task;
}

static inline uint64_t task_arrived_ns(void)
{
	return shim.cpu.task ? shim.cpu.task->arrived_ns : 0;
}

static inline uint64_t task_ran_ns(void)
{
	return shim.cpu.task->ran_ns;
}

static inline long bpf_get_current_comm(void *buf, uint32_t size)
{
	memset(buf, 0, size);
	memcpy(buf, shim.cpu.comm, strnlen(shim.cpu.comm, size - 1));
	return 0;
}

static inline long shim_read_user(void *dst, uint32_t size, uint64_t addr)
{
	shim__point();
	memset(dst, 0, size);
	return shim.read ? shim.read(shim.read_ctx, dst, size, addr) : -1;
}

#define bpf_map_lookup_elem(m, key)		  shim_map_lookup(SHIM_MAP(m), key)
#define bpf_map_update_elem(m, key, value, flags) shim_map_update(SHIM_MAP(m), key, value, flags)
#define bpf_map_delete_elem(m, key)		  shim_map_delete(SHIM_MAP(m), key)
#define bpf_map_push_elem(m, value, flags)	  shim_map_push(SHIM_QUEUE(m), value)
#define bpf_map_pop_elem(m, value)		  shim_map_pop(SHIM_QUEUE(m), value)
#define bpf_ringbuf_output(m, data, size, flags)  shim_ring_output(SHIM_RING(m), data, size, flags)
#define bpf_ringbuf_query(m, flags)		  ((uint64_t)SHIM_RING(m)->head)
#define bpf_probe_read_user(dst, size, addr)	  shim_read_user(dst, size, (uintptr_t)(addr))
#define bpf_probe_read_kernel(dst, size, src)	  ((void)memcpy(dst, src, size))
#define py_read(stack, dst, size, addr)		  shim_read_user(dst, (uint32_t)(size), addr)

#define SHIM_CORE_READ(_1, _2, _3, name, ...) name
#define SHIM_CORE_READ_1(src, a)	      ((src)->a)
#define SHIM_CORE_READ_2(src, a, b)	      ((src)->a->b)
#define BPF_CORE_READ(...)                                                                         \
	SHIM_CORE_READ(__VA_ARGS__, SHIM_CORE_READ_2, SHIM_CORE_READ_1, )(__VA_ARGS__)

#define __uint(name, val) int(*name)[val]
#define __type(name, val) __typeof__(val) *name
#define SEC(name)
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#undef __noinline
#define __noinline __attribute__((noinline, unused))
/* Between the two halves of a sequence count, too. */
#define barrier()  shim__point()
#define GT_SETTING volatile

#endif
