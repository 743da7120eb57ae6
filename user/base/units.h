/* SPDX-License-Identifier: BSD-2-Clause */
/* units.h - durations, shares and rates in a small fixed width, for tables and sentences
 *
 * "?" stands for what is not known, "-" for what did not happen. All functions write a
 * NUL-terminated string of at most UNITS_SZ - 1 bytes, ASCII only.
 */
#ifndef GILTOP_BASE_UNITS_H
#define GILTOP_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#define UNITS_SZ 32

#define NS_UNKNOWN UINT64_MAX /* a time that is not known */

/* "850ns" "38.2ms" "101ms" "2.5s" "101s" "28m" "5.2h": at most 6 characters. NS_UNKNOWN: "?". */
const char *units__duration(uint64_t ns, char buf[UNITS_SZ]);
/* As above for a quantile or maximum: "-" if there was nothing to measure. */
const char *units__duration_or_none(uint64_t ns, char buf[UNITS_SZ]);
/* 100 * part / whole: "97.8" "0.3" "100"; "0" only if it is exactly 0. At most 5 characters, no
 * sign. "?" if the whole is 0 or either is not known (NS_UNKNOWN).
 */
const char *units__percent(uint64_t part, uint64_t whole, char buf[UNITS_SZ]);
/* For a sentence: "41%", "0.3%", "<0.1%", "100%". */
const char *units__percent_word(uint64_t part, uint64_t whole, char buf[UNITS_SZ]);
/* "0" "3.2" "212" "1.9k" "23k" "1.2M": at most 5 characters; below 0 or not a number: "?". */
const char *units__count(double v, char buf[UNITS_SZ]);
/* n in span_ns, a second. */
const char *units__rate(uint64_t n, uint64_t span_ns, char buf[UNITS_SZ]);
/* "00:01:12", "3d 04:05:06". */
const char *units__clock(uint64_t ns, char buf[UNITS_SZ]);

#endif
