/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor.h - the two verbs that attach nothing: list and doctor */
#ifndef GILTOP_APP_DOCTOR_H
#define GILTOP_APP_DOCTOR_H

#include <stddef.h>
#include <stdint.h>

struct opts;

struct python_list {
	size_t cnt;
	struct python_entry {
		uint32_t pid;
		char version[24], comm[64], cmdline[256];
	} * p;
};

/* The Python processes that can be measured; the caller frees ret->p. 0 or -ENOMEM. */
int doctor__pythons(struct python_list *ret);

/* Both return an exit code. */
int doctor__list(const struct opts *o);
int doctor__run(const struct opts *o);

#endif
