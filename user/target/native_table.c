/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/target/native_table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "user/base/budgets.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/elf/elf_file.h"

/* The file that was not used for longest goes first. */
#define FILES_MAX 32
/* Processes whose mappings are kept, and how often they are read again because something is not in them. */
#define PROCS_MAX 16
#define AGAIN_NS  1000000000ull
/* Assembler has no sizes: so far its functions reach, if no other begins before. */
#define UNSIZED 4096
/* A function inside of a larger one: so many are looked at, back from the address. */
#define NESTED_MAX 16
/* Where there is no file, or no table: no more than this is said to be alike. */
#define GRAIN 16

struct function {
	uint64_t off, size; /* in the file */
	uint32_t name;	    /* in names */
};

struct file {
	struct stat st;
	size_t cnt, cap;
	struct function *functions; /* by off */
	struct sbuf names;
	uint64_t used; /* by this lookup; 0: the slot is free */
};

struct mapped {
	pid_t pid;
	uint64_t serial, read_ns, used;
	struct proc_maps maps;
};

struct native_tables {
	struct file files[FILES_MAX];
	struct mapped procs[PROCS_MAX];
	uint64_t lookups, reads;
};

struct native_tables *native_tables__new(void)
{
	return calloc(1, sizeof(struct native_tables));
}

uint64_t native_tables__reads(const struct native_tables *t)
{
	return t->reads;
}

static void file_forget(struct file *f)
{
	free(f->functions);
	sbuf__free(&f->names);
	*f = (struct file){ 0 };
}

void native_tables__free(struct native_tables *t)
{
	for (size_t i = 0; t && i < FILES_MAX; i++)
		file_forget(&t->files[i]);
	for (size_t i = 0; t && i < PROCS_MAX; i++)
		proc_maps__free(&t->procs[i].maps);
	free(t);
}

/* ---- functions of a file ---- */

static size_t bytes_of(const struct file *f)
{
	return f->cap * sizeof(*f->functions) + f->names.cap;
}

struct reading {
	const struct elf_file *elf;
	struct file *f;
};

static int take_function(const char *name, const struct elf_sym *sym, void *arg)
{
	struct reading *r = arg;
	struct file *f = r->f;
	uint64_t off;

	if (!sym->is_func || elf_file__va_to_off(r->elf, sym->va, &off))
		return 0;
	if (bytes_of(f) > BUDGET_NATIVE_BYTES / 4 || /* it doubles */
	    array_grow(&f->functions, f->cnt, &f->cap, sizeof(*f->functions)))
		return -1;
	f->functions[f->cnt++] = (struct function){ off, sym->size, (uint32_t)f->names.len };
	sbuf__add(&f->names, name, strlen(name) + 1);
	return f->names.oom ? -1 : 0;
}

static int by_off(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	/* Of several with one address the one that says more of itself; then the one that came first. */
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return (x->name > y->name) - (x->name < y->name);
}

static void read_functions(struct file *f, int fd)
{
	struct elf_file *elf = elf_file__open_fd(fd);
	struct reading r = { elf, f };

	if (elf && !elf_file__each_sym(elf, ELF_DYNSYM, take_function, &r))
		elf_file__each_sym(elf, ELF_SYMTAB, take_function, &r);
	elf_file__free(elf);
	if (f->cnt)
		qsort(f->functions, f->cnt, sizeof(*f->functions), by_off);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtime == b->st_mtime;
}

/* Room for one more: the longest unused goes, and others while there is too much. */
static struct file *make_room(struct native_tables *t)
{
	for (;;) {
		struct file *least = NULL, *free_one = NULL;
		size_t bytes = 0;

		for (size_t i = 0; i < FILES_MAX; i++) {
			struct file *f = &t->files[i];

			bytes += bytes_of(f);
			if (!f->used)
				free_one = f;
			else if (!least || f->used < least->used)
				least = f;
		}
		if (free_one && bytes <= BUDGET_NATIVE_BYTES / 2)
			return free_one;
		file_forget(least);
	}
}

static const struct file *functions_of(struct native_tables *t, int fd, const struct stat *st)
{
	struct file *f = NULL;

	for (size_t i = 0; i < FILES_MAX && !f; i++)
		if (t->files[i].used && is_same_file(&t->files[i].st, st))
			f = &t->files[i];
	if (!f) {
		f = make_room(t);
		f->st = *st;
		read_functions(f, fd);
		t->reads++;
	}
	f->used = t->lookups;
	return f;
}

/* ---- looking up ---- */

/* The number of functions that begin at off or before. */
static size_t begun(const struct file *f, uint64_t off)
{
	size_t lo = 0, hi = f->cnt;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->functions[mid].off <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint64_t end_of(const struct function *fn)
{
	uint64_t size = fn->size ? fn->size : UNSIZED;

	return fn->off + size < fn->off ? UINT64_MAX : fn->off + size;
}

/* The function around off, or NULL. [*start, *end): the answer is the same for all of these. */
static const struct function *find_function(const struct file *f, uint64_t off, uint64_t *start,
					    uint64_t *end)
{
	size_t n = begun(f, off);

	*start = n ? f->functions[n - 1].off : 0;
	*end = n < f->cnt ? f->functions[n].off : UINT64_MAX;
	for (size_t i = n; i-- > 0 && n - i <= NESTED_MAX;) {
		const struct function *fn = &f->functions[i];
		uint64_t fn_end = end_of(fn);

		if (off < fn_end) {
			*end = fn_end < *end ? fn_end : *end;
			return fn;
		}
		*start = fn_end > *start ? fn_end : *start;
	}
	return NULL;
}

static const struct proc_map *find_map(const struct proc_maps *maps, uint64_t ip)
{
	size_t lo = 0, hi = maps->cnt;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct proc_map *m = &maps->maps[mid];

		if (ip >= m->end)
			lo = mid + 1;
		else if (ip < m->start)
			hi = mid;
		else
			return m->exec ? m : NULL;
	}
	return NULL;
}

static struct mapped *mapped_of(struct native_tables *t, pid_t pid, uint64_t serial)
{
	struct mapped *least = &t->procs[0];

	for (size_t i = 0; i < PROCS_MAX; i++) {
		if (t->procs[i].pid == pid && t->procs[i].serial == serial)
			return &t->procs[i];
		if (t->procs[i].used < least->used)
			least = &t->procs[i];
	}
	proc_maps__free(&least->maps);
	*least = (struct mapped){ .pid = pid, .serial = serial };
	return least;
}

static void name_it(struct native_tables *t, const struct mapped *p, const struct proc_map *m,
		    uint64_t ip, struct native_range *ret)
{
	uint64_t off = ip - m->start + m->off, start, end, shift = m->start - m->off;
	const char *base = path_base(m->path), *name;
	const struct function *fn;
	__cleanup(closep) int fd = -1;
	const struct file *f;
	struct stat st;
	char path[512];

	clean_text(base, strlen(base), ret->object, sizeof(ret->object));
	fd = proc_map__open(m, p->pid, path, sizeof(path));
	if (fd < 0 || fstat(fd, &st))
		return;
	f = functions_of(t, fd, &st);
	fn = find_function(f, off, &start, &end);
	if (fn) {
		name = f->names.s + fn->name;
		clean_text(name, strlen(name), ret->symbol, sizeof(ret->symbol));
	}
	/* In the mapping. */
	if (start < m->off)
		start = m->off;
	if (end > m->off + (m->end - m->start))
		end = m->off + (m->end - m->start);
	ret->start = start + shift;
	ret->end = end + shift;
}

void native_tables__find(struct native_tables *t, pid_t pid, uint64_t serial, uint64_t ip,
			 struct native_range *ret)
{
	struct mapped *p = mapped_of(t, pid, serial);
	const struct proc_map *m = find_map(&p->maps, ip);
	uint64_t now = now_ns();

	p->used = ++t->lookups;
	if (!m && (!p->read_ns || now - p->read_ns > AGAIN_NS)) { /* mapped since? */
		proc_maps__free(&p->maps);
		p->read_ns = now;
		if (!proc_maps__read(pid, &p->maps))
			m = find_map(&p->maps, ip);
	}
	*ret = (struct native_range){ .start = ip / GRAIN * GRAIN,
				      .end = ip / GRAIN * GRAIN + GRAIN };
	if (m)
		name_it(t, p, m, ip, ret);
}
