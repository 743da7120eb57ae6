/* SPDX-License-Identifier: BSD-2-Clause */
/* line.h - CPython's three line number tables: code unit -> source line */
#ifndef GILTOP_PYTHON_LINE_H
#define GILTOP_PYTHON_LINE_H

#include <stddef.h>
#include <stdint.h>
#include "user/python/layout_table.h"

/* The line of a code unit (2 bytes of bytecode; -1: not started, the first line). 0: none, or the
 * table is broken or too short.
 */
uint32_t py_line__find(enum py_line_table kind, const uint8_t *table, size_t len,
		       uint32_t firstlineno, int32_t unit);

#endif
