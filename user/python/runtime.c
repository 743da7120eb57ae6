/* SPDX-License-Identifier: BSD-2-Clause */
/* runtime.c - which CPython an ELF file holds, and how its memory is laid out
 *
 * The mark of a CPython is _PyRuntime, in .dynsym of every build since 3.7 (plugins need it), and its
 * own section .PyRuntime since 3.10. What version it is, best evidence first:
 *   1. _Py_DebugOffsets at its start (3.13+): version and layout in the interpreter's own words;
 *   2. the variable Py_Version (3.11+), which must agree with the size of _PyRuntime;
 *   3. the size of _PyRuntime alone (3.7 - 3.10: another one in each), which must agree with the
 *      soname if there is one.
 * The size also is the proof that the build has the layout of the table: other options (trace
 * references, other lock types) change it. What is not proven is refused: a wrong name or line is
 * worse than none.
 */
#include "user/python/runtime.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "user/elf/elf_file.h"

#define HELP "see README, \"New CPython\""

static bool has_sym(const struct elf_file *elf, const char *name)
{
	struct elf_sym sym;

	return elf_file__find_sym(elf, name, &sym) == 0;
}

/* Minor version of "libpython3.X[m|d|t].so.1.0", -1 if it is not of that form. */
static int soname_minor(const char *soname)
{
	const char *p = soname ? strstr(soname, "libpython3.") : NULL;
	long v;
	char *end;

	if (!p)
		return -1;
	p += strlen("libpython3.");
	v = strtol(p, &end, 10);
	return end != p && v >= 0 && v < 1000 ? (int)v : -1;
}

/* The version in the text "3.MINOR.MICRO" that starts at p; -1: another text. */
static int micro_at(const char *p, const char *end)
{
	int v = 0, digits = 0;

	for (; p < end && *p >= '0' && *p <= '9' && digits < 3; p++, digits++)
		v = v * 10 + (*p - '0');
	return digits && p < end && (!*p || *p == '+' || *p == 'r') ? v : -1;
}

/* The micro version as Py_GetVersion prints it: a constant "3.MINOR.MICRO", which linkers like to
 * merge into the end of a longer one (".../versions/3.10.13"). Only if no other one disagrees.
 */
static int find_micro(const struct elf_file *elf, int minor)
{
	char key[16];
	struct elf_seg seg;
	int ret = -1, key_len = snprintf(key, sizeof(key), "3.%d.", minor);

	for (size_t i = 0; !elf_file__seg(elf, i, &seg); i++) {
		const char *start, *p, *end;

		if (!seg.filesz)
			continue;
		start = p = elf_file__at(elf, seg.va, seg.filesz);
		end = p ? p + seg.filesz : NULL;
		while (p && (p = memmem(p, (size_t)(end - p), key, (size_t)key_len))) {
			bool own = p == start || !p[-1] || p[-1] == '/';
			int micro = micro_at(p + key_len, end);

			p += key_len;
			if (!own || micro < 0)
				continue;
			if (ret >= 0 && ret != micro)
				return -1;
			ret = micro;
		}
	}
	return ret;
}

static void take_row(struct py_runtime *rt, const struct py_row *row)
{
	rt->layout = row->layout;
	rt->obj = row->obj;
}

static void set_version(struct py_runtime *rt, uint32_t hex)
{
	static const char *const level[16] = { [0xa] = "a", [0xb] = "b", [0xc] = "rc" };
	const char *l = level[(hex >> 4) & 15];
	char pre[16] = "";

	rt->hex = hex;
	rt->major = (int)(hex >> 24);
	rt->minor = (hex >> 16) & 0xff;
	rt->micro = (hex >> 8) & 0xff;
	if (l)
		snprintf(pre, sizeof(pre), "%s%u", l, hex & 15);
	snprintf(rt->version, sizeof(rt->version), "%d.%d.%d%s%s", rt->major, rt->minor, rt->micro,
		 pre, rt->free_threaded ? "t" : "");
}

static int by_debug_offsets(const struct elf_file *elf, struct py_runtime *rt, char *why,
			    size_t why_sz)
{
	const struct py_row *known;
	struct py_row row;
	uint64_t head[3];
	const void *table;
	char detail[128] = "";
	size_t len;
	int differs;

	memcpy(head, elf_file__at(elf, rt->runtime_va, sizeof(head)), sizeof(head));
	rt->free_threaded = head[2] & 1;
	set_version(rt, (uint32_t)head[1]);
	known = rt->major == 3 ? py_row__find(rt->minor, rt->free_threaded) : NULL;
	len = py_debug_offsets__size(rt->minor);
	table = known && len ? elf_file__at(elf, rt->runtime_va, len) : NULL;
	if (!table) {
		snprintf(why, why_sz,
			 "CPython %s has debug offsets, but no layout of it is known: "
			 "refusing to guess (%s)",
			 rt->version, HELP);
		return -ENOTSUP;
	}
	row = *known;
	differs = py_row__apply_debug_offsets(&row, table, len, detail, sizeof(detail));
	if (differs < 0) {
		snprintf(why, why_sz,
			 "CPython %s: %s: not the known layout, refusing to guess (%s)",
			 rt->version, detail, HELP);
		return -ENOTSUP;
	}
	take_row(rt, &row);
	snprintf(rt->how, sizeof(rt->how), "debug offsets in the file%s",
		 differs ? ", some interpreter fields moved" : ", all as known");
	return 0;
}

static int by_py_version(const struct elf_file *elf, uint64_t rt_size, struct py_runtime *rt,
			 char *why, size_t why_sz)
{
	const struct py_row *row = py_row__by_size(rt_size, rt->machine);
	struct elf_sym sym;
	const void *p;
	uint64_t hex;

	if (elf_file__find_sym(elf, "Py_Version", &sym))
		return -ENOENT;
	p = elf_file__at(elf, sym.va, sizeof(hex));
	if (!p)
		return -ENOENT;
	memcpy(&hex, p, sizeof(hex));
	set_version(rt, (uint32_t)hex);
	if (!row || rt->major != 3 || row->minor != rt->minor) {
		snprintf(why, why_sz,
			 "CPython %s with a _PyRuntime of %llu bytes: a build with another "
			 "layout than those known, refusing to guess (%s)",
			 rt->version, (unsigned long long)rt_size, HELP);
		return -ENOTSUP;
	}
	take_row(rt, row);
	snprintf(rt->how, sizeof(rt->how), "Py_Version, _PyRuntime of %llu bytes",
		 (unsigned long long)rt_size);
	return 0;
}

static int by_size(const struct elf_file *elf, uint64_t rt_size, struct py_runtime *rt, char *why,
		   size_t why_sz)
{
	const struct py_row *row = py_row__by_size(rt_size, rt->machine);
	const char *soname = elf_file__soname(elf);
	int minor = soname_minor(soname);

	/* 3.11+ would have been told by Py_Version. */
	if (!row || row->minor > 10 || (minor >= 0 && minor != row->minor)) {
		snprintf(why, why_sz,
			 "a CPython (soname %s) with a _PyRuntime of %llu bytes and no "
			 "Py_Version: not a known layout, refusing to guess (%s)",
			 soname ? soname : "-", (unsigned long long)rt_size, HELP);
		return -ENOTSUP;
	}
	rt->major = 3;
	rt->minor = row->minor;
	rt->micro = find_micro(elf, row->minor);
	if (rt->micro >= 0)
		snprintf(rt->version, sizeof(rt->version), "3.%d.%d", rt->minor, rt->micro);
	else
		snprintf(rt->version, sizeof(rt->version), "3.%d.?", rt->minor);
	take_row(rt, row);
	snprintf(rt->how, sizeof(rt->how), "_PyRuntime of %llu bytes%s%s",
		 (unsigned long long)rt_size, minor >= 0 ? ", soname " : "",
		 minor >= 0 ? soname : "");
	return 0;
}

/* Where _PyRuntime is; from 3.10 on the section is enough (no symbols at all). */
static int find_runtime(const struct elf_file *elf, uint64_t *va, uint64_t *size, char *why,
			size_t why_sz)
{
	struct elf_sym sym;

	if (!elf_file__find_sym(elf, "_PyRuntime", &sym)) {
		*va = sym.va;
		*size = sym.size;
		return 0;
	}
	if (!elf_file__find_section(elf, ".PyRuntime", va, size))
		return 0;
	if (has_sym(elf, "_PyEval_EvalFrameDefault")) {
		snprintf(why, why_sz, "a CPython without _PyRuntime: 3.6 or older, not supported");
		return -ENOTSUP;
	}
	snprintf(why, why_sz, "no _PyRuntime symbol and no .PyRuntime section: no CPython");
	return -ENOENT;
}

int py_runtime__identify(const struct elf_file *elf, struct py_runtime *ret, char *why,
			 size_t why_sz)
{
	struct py_runtime rt = { .micro = -1 };
	struct elf_sym sym;
	uint64_t size = 0;
	const char *start;
	int err;

	rt.machine = elf_file__machine(elf);
	err = find_runtime(elf, &rt.runtime_va, &size, why, why_sz);
	if (err)
		return err;
	/* Exported under this option only, which lengthens every object's header. */
	if (has_sym(elf, "_Py_PrintReferences")) {
		snprintf(why, why_sz, "a CPython built with Py_TRACE_REFS: not supported");
		return -ENOTSUP;
	}
	if (!elf_file__find_sym(elf, "PyCode_Type", &sym))
		rt.code_type_va = sym.va;
	start = elf_file__at(elf, rt.runtime_va, 24);
	if (start && !memcmp(start, PY_DEBUG_OFFSETS_COOKIE, 8))
		err = by_debug_offsets(elf, &rt, why, why_sz);
	else
		err = by_py_version(elf, size, &rt, why, why_sz);
	if (err == -ENOENT)
		err = by_size(elf, size, &rt, why, why_sz);
	if (err)
		return err;
	*ret = rt;
	return 0;
}
