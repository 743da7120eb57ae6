/* SPDX-License-Identifier: BSD-2-Clause */
/* recording_words.h - what people are told of a recording: of when it is, that its end is missing */
#ifndef GILTOP_APP_RECORDING_WORDS_H
#define GILTOP_APP_RECORDING_WORDS_H

#include <stdbool.h>
#include <stdint.h>

struct recording;
struct sbuf;

/* If it is cut or damaged: what is read of it. After that was read. */
void recording_words__say_cut(const struct recording *r, const char *path);
/* A moment of it, "14:03:07" by the clock of this machine's user, or with the date. */
void recording_words__time(const struct recording *r, uint64_t ns, bool date, struct sbuf *out);
/* "is of 2026-11-29 14:03:07 to 14:13:07 (10m)" */
void recording_words__span(const struct recording *r, struct sbuf *out);

#endif
