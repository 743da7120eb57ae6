/* SPDX-License-Identifier: BSD-2-Clause */
/* object.h - read a few kinds of Python objects out of another process: str, dict, attributes
 *
 * The objects may change or be freed while they are read: all sizes are bounded, all failures soft.
 */
#ifndef GILTOP_PYTHON_OBJECT_H
#define GILTOP_PYTHON_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "user/python/process.h"

/* A str as clean UTF-8 (see clean_text), cut to ret_sz - 1 bytes. Length, or -EFAULT: not readable;
 * -EINVAL: no str there.
 */
int py_str__read(const struct py_process *p, uint64_t str, char *ret, size_t ret_sz);

/* Characters of 1 (latin-1), 2 or 4 bytes -> UTF-8; what is no character becomes '?'. Returns the
 * length, at most out_sz; cut at a character.
 */
size_t py_chars_to_utf8(const void *chars, size_t cnt, unsigned int kind, char *out, size_t out_sz);

/* Call fn for every item of a dict, the last one that was added first; it returns false to stop. 0 or -errno. */
typedef bool (*py_dict_fn)(void *ctx, uint64_t key, uint64_t value);
int py_dict__each(const struct py_process *p, uint64_t dict, py_dict_fn fn, void *ctx);

/* The value of a str key of a dict; -ENOENT. */
int py_dict__get(const struct py_process *p, uint64_t dict, const char *key, uint64_t *ret);

/* An attribute in an instance's own dict or values (not one of its class); -ENOENT. */
int py_object__attr(const struct py_process *p, uint64_t obj, const char *name, uint64_t *ret);

/* A non-negative int below 2^64; -EINVAL. */
int py_int__read(const struct py_process *p, uint64_t obj, uint64_t *ret);

#endif
