/* SPDX-License-Identifier: BSD-2-Clause */
/* put.h - write all of it, but not for ever: to a pipe that nobody reads, a terminal that was stopped */
#ifndef GILTOP_BASE_PUT_H
#define GILTOP_BASE_PUT_H

#include <stddef.h>

/* Write len bytes, however long that takes, until an end was asked for (ending.h) and for some 200 ms not
 * one byte could be written. 0 or -errno (-EINTR: that); *ret_done: so many were written.
 */
int put__all(int fd, const void *buf, size_t len, size_t *ret_done);

#endif
