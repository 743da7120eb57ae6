/* SPDX-License-Identifier: BSD-2-Clause */
/* parse.h - checked numbers */
#ifndef GILTOP_BASE_PARSE_H
#define GILTOP_BASE_PARSE_H

#include <stdint.h>

/* Whole-string numbers. 0 or -EINVAL / -ERANGE; *ret untouched on failure. */
int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret);
/* "0", "0.5", ".5", "20": digits and a point, from 0 to max. The same errors. */
int parse_decimal(const char *s, double max, double *ret);
/* "10", "10s", "1.5s", "500ms", "2m", "250us" -> ns; a bare number is seconds. */
int parse_duration(const char *s, uint64_t *ret_ns);
/* "500K", "64M", "2GiB" -> bytes, in powers of 1024; the unit must be there. */
int parse_size(const char *s, uint64_t *ret);

#endif
