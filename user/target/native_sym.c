/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/target/native_sym.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/hmap.h"
#include "user/base/proc.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/elf/elf_file.h"

struct place {
	char object[128];
	char symbol[192];
	uint64_t offset;
};

struct native_sym {
	pid_t pid;
	struct proc_maps maps;
	struct hmap known; /* ip -> struct place */
	size_t cnt, cap;
	struct place **places; /* owned */
};

struct native_sym *native_sym__new(pid_t pid)
{
	struct native_sym *n = calloc(1, sizeof(*n));

	if (n)
		n->pid = pid;
	return n;
}

void native_sym__free(struct native_sym *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->cnt; i++)
		free(n->places[i]);
	free(n->places);
	hmap__free(&n->known);
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

struct nearest {
	uint64_t va, best;
	char *name;
	size_t sz;
};

/* Functions that contain the address; those of unknown size (assembler) when nothing else is near. */
static int visit(const char *name, const struct elf_sym *sym, void *arg)
{
	struct nearest *want = arg;
	bool inside = sym->size ? want->va - sym->va < sym->size : want->va - sym->va < 4096;

	if (!sym->is_func || sym->va > want->va || !inside || sym->va < want->best)
		return 0;
	want->best = sym->va;
	clean_text(name, strlen(name), want->name, want->sz);
	return 0;
}

static uint64_t off_to_va(const struct elf_file *elf, uint64_t off)
{
	struct elf_seg seg;

	for (size_t i = 0; i < elf_file__seg_cnt(elf); i++)
		if (!elf_file__seg(elf, i, &seg) && (seg.flags & PF_X) && off >= seg.off &&
		    off - seg.off < seg.filesz)
			return seg.va + (off - seg.off);
	return 0;
}

static void name_it(const struct native_sym *n, const struct proc_map *m, struct place *p)
{
	struct nearest want = { .name = p->symbol, .sz = sizeof(p->symbol) };
	__cleanup(closep) int fd = -1;
	struct elf_file *elf;
	char path[512];

	fd = proc_map__open(m, n->pid, path, sizeof(path));
	elf = fd >= 0 ? elf_file__open_fd(fd) : NULL;
	if (!elf)
		return;
	want.va = off_to_va(elf, p->offset);
	if (want.va) {
		elf_file__each_sym(elf, ELF_DYNSYM, visit, &want);
		elf_file__each_sym(elf, ELF_SYMTAB, visit, &want);
	}
	elf_file__free(elf);
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
		if (!m || array_grow(&n->places, n->cnt, &n->cap, sizeof(*n->places)))
			return -ENOENT;
		p = calloc(1, sizeof(*p));
		if (!p)
			return -ENOMEM;
		n->places[n->cnt++] = p;
		base = path_base(m->path);
		clean_text(base, strlen(base), p->object, sizeof(p->object));
		p->offset = ip - m->start + m->off;
		name_it(n, m, p);
		if (hmap__put(&n->known, ip, 0, p))
			return -ENOMEM;
	}
	*ret = (struct native_place){ p->object, p->symbol, p->offset };
	return 0;
}
