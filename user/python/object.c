/* SPDX-License-Identifier: BSD-2-Clause */
/* object.c - read a few kinds of Python objects out of another process: str, dict, attributes */
#include "user/python/object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/text.h"
#include "user/base/util.h"

#define STR_BYTES_MAX 4096	 /* of a str that are read; names are shorter */
#define DICT_MAX      (1u << 16) /* items of a dict that are looked at */
#define VALUES_MAX    64	 /* split keys have at most 30 */

/* ---- str --------------------------------------------------------------------------------------- */

size_t py_chars_to_utf8(const void *chars, size_t cnt, unsigned int kind, char *out, size_t out_sz)
{
	const uint8_t *p = chars;
	size_t len = 0;

	for (size_t i = 0; i < cnt; i++, p += kind) {
		uint32_t c = 0;
		char buf[4];
		size_t n;

		memcpy(&c, p, kind); /* little-endian */
		/* Lone surrogates are legal in a str, but not in UTF-8. */
		if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
			c = '?';
		n = utf8_write(c, buf);
		if (n > out_sz - len)
			break;
		memcpy(out + len, buf, n);
		len += n;
	}
	return len;
}

struct str_head {
	uint64_t length;
	unsigned int kind; /* bytes per character */
	uint64_t data;	   /* address of the characters */
};

static int read_str_head(const struct py_process *p, uint64_t str, struct str_head *ret)
{
	const struct py_objects *o = &py_process__runtime(p)->obj;
	unsigned int kind, shift = o->str_kind_shift;
	bool compact, ascii;
	uint8_t raw[64];
	uint32_t state;
	int err;

	err = py_process__read(p, str, raw, (size_t)o->str_state + 4);
	if (err)
		return err;
	memcpy(&ret->length, raw + o->str_length, 8);
	memcpy(&state, raw + o->str_state, 4);
	kind = state >> shift & 7;
	compact = state >> (shift + 3) & 1;
	ascii = state >> (shift + 4) & 1;
	/* Names and files are always compact; what is not is no str (or a legacy one). */
	if ((kind != 1 && kind != 2 && kind != 4) || !compact || ret->length > 1ull << 40)
		return -EINVAL;
	ret->kind = kind;
	ret->data = str + (ascii ? o->str_ascii_size : o->str_compact_size);
	return 0;
}

int py_str__read(const struct py_process *p, uint64_t str, char *ret, size_t ret_sz)
{
	char raw[STR_BYTES_MAX], utf8[STR_BYTES_MAX];
	struct str_head head = {};
	size_t len, cnt;
	int err = str ? read_str_head(p, str, &head) : -EINVAL;

	if (err)
		return err;
	cnt = head.length;
	if (cnt > sizeof(raw) / head.kind)
		cnt = sizeof(raw) / head.kind;
	if (cnt > ret_sz)
		cnt = ret_sz;
	if (cnt) {
		err = py_process__read(p, head.data, raw, cnt * head.kind);
		if (err)
			return err;
	}
	len = py_chars_to_utf8(raw, cnt, head.kind, utf8, sizeof(utf8));
	return (int)clean_text(utf8, len, ret, ret_sz);
}

int py_int__read(const struct py_process *p, uint64_t obj, uint64_t *ret)
{
	const struct py_objects *o = &py_process__runtime(p)->obj;
	uint64_t head, v = 0;
	uint32_t digit[3] = {};
	int err = py_process__read_ptr(p, obj + o->var_size, &head);

	if (err)
		return err;
	/* 3.12+: number of digits << 3, below it the sign (0: positive) and a flag. */
	if (o->int_tagged) {
		if (head & 2)
			return -EINVAL;
		head >>= 3;
	}
	if (!head || head > 3)
		return -EINVAL;
	err = py_process__read(p, obj + o->var_size + 8, digit, head * 4);
	if (err)
		return err;
	for (size_t i = (size_t)head; i-- > 0;)
		v = v << 30 | (digit[i] & 0x3fffffff);
	*ret = v;
	return 0;
}

/* ---- dict -------------------------------------------------------------------------------------- */

/* The entries of a PyDictKeysObject. */
struct keys {
	uint64_t entries; /* address */
	size_t cnt;
	unsigned int entry_sz; /* 24: hash, key, value; 16: key, value */
};

static int read_keys(const struct py_process *p, uint64_t addr, struct keys *ret)
{
	const struct py_objects *o = &py_process__runtime(p)->obj;
	uint64_t n, size, index_bytes;
	uint8_t raw[40];
	int err = py_process__read(p, addr, raw, sizeof(raw));

	if (err)
		return err;
	memcpy(&n, raw + o->keys_nentries, 8);
	ret->entry_sz = 24;
	if (o->keys_log2) {
		/* dk_log2_size, dk_log2_index_bytes, dk_kind: 0 is any key, 1 str keys, 2 split */
		if (raw[8] > 32 || raw[9] > 36 || raw[10] > 2)
			return -EINVAL;
		size = 1ull << raw[8];
		index_bytes = 1ull << raw[9];
		if (raw[10])
			ret->entry_sz = 16;
	} else {
		memcpy(&size, raw + 8, 8);
		if (!size || size > 1ull << 32 || (size & (size - 1)))
			return -EINVAL;
		index_bytes = size * (size <= 0xff	   ? 1
				      : size <= 0xffff	   ? 2
				      : size <= 0xffffffff ? 4
							   : 8);
	}
	if (n > size || n > DICT_MAX)
		return -EINVAL;
	ret->entries = addr + o->keys_indices + index_bytes;
	ret->cnt = (size_t)n;
	return 0;
}

/* values: array of the values where they are not in the entries, else NULL. All entries are read in one
 * go: one system call, and as little tearing as possible.
 */
static int each_entry(const struct py_process *p, const struct keys *k, const uint64_t *values,
		      py_dict_fn fn, void *ctx)
{
	__cleanup(freep) uint64_t *entries = calloc(k->cnt + 1, k->entry_sz);
	size_t words = k->entry_sz / 8;

	if (!entries || (k->cnt && py_process__read(p, k->entries, entries, k->cnt * k->entry_sz)))
		return -EFAULT;
	for (size_t i = k->cnt; i-- > 0;) {
		const uint64_t *e = entries + i * words;
		uint64_t key = e[words - 2];
		uint64_t value = values ? values[i] : e[words - 1];

		if (key && value && !fn(ctx, key, value))
			break;
	}
	return 0;
}

/* The items of an object's values array (split keys). */
static int each_value(const struct py_process *p, uint64_t keys, uint64_t values, py_dict_fn fn,
		      void *ctx)
{
	const struct py_objects *o = &py_process__runtime(p)->obj;
	uint64_t array[VALUES_MAX];
	struct keys k;
	int err = read_keys(p, keys, &k);

	if (!err && k.cnt > VALUES_MAX)
		err = -EINVAL;
	if (!err && k.cnt)
		err = py_process__read(p, values + o->values_data, array, k.cnt * 8);
	return err ? err : each_entry(p, &k, array, fn, ctx);
}

int py_dict__each(const struct py_process *p, uint64_t dict, py_dict_fn fn, void *ctx)
{
	const struct py_objects *o = &py_process__runtime(p)->obj;
	uint64_t keys, values;
	struct keys k;
	int err = py_process__read_ptr(p, dict + o->dict_keys, &keys);

	if (!err)
		err = py_process__read_ptr(p, dict + o->dict_values, &values);
	if (!err && values)
		return each_value(p, keys, values, fn, ctx);
	if (!err)
		err = read_keys(p, keys, &k);
	return err ? err : each_entry(p, &k, NULL, fn, ctx);
}

struct by_name {
	const struct py_process *p;
	const char *name;
	uint64_t *ret;
	int err; /* -ENOENT until it is found */
};

static bool match_name(void *ctx, uint64_t key, uint64_t value)
{
	struct by_name *m = ctx;
	struct str_head head;
	char buf[64];

	/* Most are of another length: one read less. */
	if (read_str_head(m->p, key, &head) || head.length != strlen(m->name))
		return true;
	if (py_str__read(m->p, key, buf, sizeof(buf)) < 0 || strcmp(buf, m->name))
		return true;
	*m->ret = value;
	m->err = 0;
	return false;
}

int py_dict__get(const struct py_process *p, uint64_t dict, const char *key, uint64_t *ret)
{
	struct by_name m = { p, key, ret, -ENOENT };
	int err = py_dict__each(p, dict, match_name, &m);

	return err ? err : m.err;
}

/* ---- attributes -------------------------------------------------------------------------------- */

/* Where an instance keeps its attributes: a dict, or values under its type's shared keys. */
struct attrs {
	uint64_t dict, values; /* 0: not this way */
};

#define TYPE_INLINE_VALUES (1u << 2) /* Py_TPFLAGS_INLINE_VALUES, 3.13 */
#define TYPE_MANAGED_DICT  (1u << 4) /* Py_TPFLAGS_MANAGED_DICT, 3.11+ */

static int find_managed(const struct py_process *p, uint64_t obj, uint64_t type, uint64_t flags,
			struct attrs *ret)
{
	const struct py_runtime *rt = py_process__runtime(p);
	uint64_t ptr, basicsize;
	int err;

	/* The slots before the object; a free-threaded build has no GC header there. */
	err = py_process__read_ptr(p, obj - (rt->free_threaded ? 8 : 24), &ptr);
	if (err)
		return err;
	switch (rt->obj.attrs) {
	case PY_ATTRS_PREHEADER:
		ret->dict = ptr;
		return ptr ? 0 : py_process__read_ptr(p, obj - 32, &ret->values);
	case PY_ATTRS_TAGGED:
		if (ptr & 1)
			ret->values = ptr + 1;
		else
			ret->dict = ptr;
		return 0;
	default:
		ret->dict = ptr;
		if (ptr || !(flags & TYPE_INLINE_VALUES))
			return 0;
		err = py_process__read_ptr(p, type + rt->obj.type_basicsize, &basicsize);
		ret->values = obj + basicsize;
		return err;
	}
}

static int find_attrs(const struct py_process *p, uint64_t obj, uint64_t type, struct attrs *ret)
{
	const struct py_objects *o = &py_process__runtime(p)->obj;
	uint64_t flags = 0, off = 0;
	int err = py_process__read_ptr(p, type + o->type_flags, &flags);

	if (!err && o->attrs != PY_ATTRS_DICTOFFSET && (flags & TYPE_MANAGED_DICT))
		return find_managed(p, obj, type, flags, ret);
	if (!err)
		err = py_process__read_ptr(p, type + o->type_dictoffset, &off);
	if (err)
		return err;
	/* Negative offsets are for variable sized objects. */
	if (!off || off > 1 << 16)
		return -ENOENT;
	return py_process__read_ptr(p, obj + off, &ret->dict);
}

int py_object__attr(const struct py_process *p, uint64_t obj, const char *name, uint64_t *ret)
{
	const struct py_objects *o = &py_process__runtime(p)->obj;
	struct by_name m = { p, name, ret, -ENOENT };
	struct attrs attrs = {};
	uint64_t type, keys;
	int err = py_process__read_ptr(p, obj + o->ob_type, &type);

	if (!err)
		err = find_attrs(p, obj, type, &attrs);
	if (err)
		return err;
	if (attrs.dict)
		return py_dict__get(p, attrs.dict, name, ret);
	if (!attrs.values || o->type_cached_keys == PY_NONE)
		return -ENOENT;
	err = py_process__read_ptr(p, type + o->type_cached_keys, &keys);
	if (!err)
		err = each_value(p, keys, attrs.values, match_name, &m);
	return err ? err : m.err;
}
