/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/target/native_sym.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "user/base/hmap.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/elf/elf_file.h"

/* What the kept symbols may take in all; the file that was not used for longest goes first. */
#define FILES_MAX 32
#define BYTES_MAX (16u << 20)

struct function {
	uint64_t off, size; /* in the file */
	size_t name;	    /* in names */
};

struct file {
	struct stat st;
	size_t cnt, cap;
	struct function *functions;
	struct sbuf names;
	uint64_t used; /* by this lookup; 0: the slot is free */
};

struct native_files {
	struct file files[FILES_MAX];
	uint64_t lookups, reads;
};

struct place {
	char object[128];
	char symbol[192];
	uint64_t offset;
};

struct native_sym {
	pid_t pid;
	struct native_files *files; /* not owned */
	struct proc_maps maps;
	struct hmap known; /* ip -> struct place, owned */
};

struct native_files *native_files__new(void)
{
	return calloc(1, sizeof(struct native_files));
}

static void file_forget(struct file *f)
{
	free(f->functions);
	sbuf__free(&f->names);
	*f = (struct file){ 0 };
}

void native_files__free(struct native_files *fs)
{
	for (size_t i = 0; fs && i < FILES_MAX; i++)
		file_forget(&fs->files[i]);
	free(fs);
}

uint64_t native_files__reads(const struct native_files *fs)
{
	return fs->reads;
}

struct native_sym *native_sym__new(pid_t pid, struct native_files *files)
{
	struct native_sym *n = calloc(1, sizeof(*n));

	if (n) {
		n->pid = pid;
		n->files = files;
	}
	return n;
}

void native_sym__free(struct native_sym *n)
{
	if (!n)
		return;
	hmap__free_all(&n->known, free);
	proc_maps__free(&n->maps);
	free(n);
}

static const struct proc_map *find_map(const struct native_sym *n, uint64_t ip)
{
	for (size_t i = 0; i < n->maps.cnt; i++)
		if (n->maps.maps[i].exec && ip >= n->maps.maps[i].start && ip < n->maps.maps[i].end)
			return &n->maps.maps[i];
	return NULL;
}

/* ---- functions of a file ---- */

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
	if (array_grow(&f->functions, f->cnt, &f->cap, sizeof(*f->functions)))
		return -ENOMEM;
	f->functions[f->cnt++] = (struct function){ off, sym->size, f->names.len };
	sbuf__add(&f->names, name, strlen(name) + 1);
	return f->names.oom ? -ENOMEM : 0;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtime == b->st_mtime;
}

static struct file *oldest(struct native_files *fs)
{
	struct file *ret = &fs->files[0];

	for (size_t i = 1; i < FILES_MAX; i++)
		if (fs->files[i].used < ret->used)
			ret = &fs->files[i];
	return ret;
}

/* The functions of an open file. What there is of them, without memory for all. */
static const struct file *functions_of(struct native_files *fs, int fd, const struct stat *st)
{
	struct reading r = { .f = oldest(fs) };
	struct elf_file *elf;

	fs->lookups++;
	for (size_t i = 0; i < FILES_MAX; i++)
		if (fs->files[i].used && is_same_file(&fs->files[i].st, st))
			r.f = &fs->files[i];
	if (!r.f->used || !is_same_file(&r.f->st, st)) {
		file_forget(r.f);
		r.f->st = *st;
		r.elf = elf = elf_file__open_fd(fd);
		if (elf && !elf_file__each_sym(elf, ELF_DYNSYM, take_function, &r))
			elf_file__each_sym(elf, ELF_SYMTAB, take_function, &r);
		elf_file__free(elf);
		fs->reads++;
	}
	r.f->used = fs->lookups;
	return r.f;
}

/* One file alone may be larger than all that is kept: then it goes as soon as it was used. */
static void forget_surplus(struct native_files *fs)
{
	for (;;) {
		struct file *least = NULL;
		size_t bytes = 0;

		for (size_t i = 0; i < FILES_MAX; i++) {
			struct file *f = &fs->files[i];

			bytes += f->cap * sizeof(*f->functions) + f->names.cap;
			if (f->used && (!least || f->used < least->used))
				least = f;
		}
		if (bytes <= BYTES_MAX)
			return;
		file_forget(least);
	}
}

/* The function that contains the place; one of unknown size (assembler) when nothing else is near. */
static void name_it(const struct native_sym *n, const struct proc_map *m, struct place *p)
{
	const struct function *best = NULL;
	const struct file *f;
	__cleanup(closep) int fd = -1;
	struct stat st;
	char path[512];

	fd = proc_map__open(m, n->pid, path, sizeof(path));
	if (fd < 0 || fstat(fd, &st))
		return;
	f = functions_of(n->files, fd, &st);
	for (size_t i = 0; i < f->cnt; i++) {
		const struct function *fn = &f->functions[i];

		if (fn->off <= p->offset && p->offset - fn->off < (fn->size ? fn->size : 4096) &&
		    (!best || fn->off >= best->off))
			best = fn;
	}
	if (best)
		clean_text(f->names.s + best->name, strlen(f->names.s + best->name), p->symbol,
			   sizeof(p->symbol));
	forget_surplus(n->files);
}

int native_sym__find(struct native_sym *n, uint64_t ip, struct native_place *ret)
{
	struct place *p = hmap__get(&n->known, ip, 0);
	const struct proc_map *m;
	const char *base;

	if (!p) {
		m = find_map(n, ip);
		if (!m) { /* mapped since? */
			proc_maps__free(&n->maps);
			if (proc_maps__read(n->pid, &n->maps))
				return -ENOENT;
			m = find_map(n, ip);
		}
		if (!m)
			return -ENOENT;
		p = calloc(1, sizeof(*p));
		if (!p || hmap__put(&n->known, ip, 0, p)) {
			free(p);
			return -ENOMEM;
		}
		base = path_base(m->path);
		clean_text(base, strlen(base), p->object, sizeof(p->object));
		p->offset = ip - m->start + m->off;
		name_it(n, m, p);
	}
	*ret = (struct native_place){ p->object, p->symbol, p->offset };
	return 0;
}
