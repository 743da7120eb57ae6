/* SPDX-License-Identifier: BSD-2-Clause */
/* decimal.h - numbers into a file that is mostly numbers (digits.h) */
#ifndef GILTOP_BASE_DECIMAL_H
#define GILTOP_BASE_DECIMAL_H

#include <stdint.h>
#include <stdio.h>

void decimal__put_u64(FILE *f, uint64_t v);
/* Milliseconds with all that the ns have and no more: 1500 is "0.0015", 2000000 "2". */
void decimal__put_ms(FILE *f, uint64_t ns);

#endif
