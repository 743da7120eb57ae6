/* SPDX-License-Identifier: BSD-2-Clause */
/* decimal.h - numbers as text, for formats that are mostly numbers: what printf would write, in a tenth of the time */
#ifndef GILTOP_BASE_DECIMAL_H
#define GILTOP_BASE_DECIMAL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define DECIMAL_SZ 32

/* The length; no NUL. */
size_t decimal__u64(char buf[DECIMAL_SZ], uint64_t v);
/* Milliseconds with all that the ns have: 1500 is "0.0015", 2000000 "2". */
size_t decimal__ms(char buf[DECIMAL_SZ], uint64_t ns);
/* The same to a file. */
void decimal__put_u64(FILE *f, uint64_t v);
void decimal__put_ms(FILE *f, uint64_t ns);

#endif
