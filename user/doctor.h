/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor.h - the two verbs that attach nothing: list and doctor */
#ifndef GILTOP_DOCTOR_H
#define GILTOP_DOCTOR_H

struct opts;

/* Both return an exit code. */
int doctor__list(const struct opts *o);
int doctor__run(const struct opts *o);

#endif
