/* SPDX-License-Identifier: BSD-2-Clause */
/* preflight.h - mistakes that can be told before BPF is touched */
#ifndef GILTOP_APP_PREFLIGHT_H
#define GILTOP_APP_PREFLIGHT_H

struct opts;

/* A pid that is not there, no privileges, no kernel for it: an exit code that has been explained. 0: fine. */
int preflight__check(const struct opts *o);

#endif
