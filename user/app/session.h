/* SPDX-License-Identifier: BSD-2-Clause */
/* session.h - one run: sources, timers, signals and a view in one epoll loop */
#ifndef GILTOP_APP_SESSION_H
#define GILTOP_APP_SESSION_H

#include "user/app/opts.h"

/* Run top, record or dump to the end. Returns an exit code (enum exit_code, or the command's). */
int session__run(const struct opts *o);
/* The same of a recording (o->files): its text or JSON, one moment of it, or it in another format. */
int session__replay(const struct opts *o);

#endif
