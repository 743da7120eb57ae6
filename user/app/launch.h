/* SPDX-License-Identifier: BSD-2-Clause */
/* launch.h - start a command so that its Python can be probed before it takes its GIL for the first time
 *
 * The command is our child, traced (ptrace) until a CPython is mapped in it: through exec and, with
 * follow, through fork. At that moment try_fn may attach; then it is let go for good. Only what giltop
 * itself started is ever stopped, and if giltop dies the kernel lets it go.
 */
#ifndef GILTOP_APP_LAUNCH_H
#define GILTOP_APP_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

struct launch;
struct limits;

/* A process has mapped new code while it stands still. True: it is taken care of, let it go. */
typedef bool (*launch_try_fn)(void *ctx, pid_t pid);

/* Start argv (as SUDO_UID:SUDO_GID if giltop runs under sudo), waiting before its exec: it never runs if giltop ends before
 * launch__go. out_fd: where its stdout and stderr go (then its stdin is empty); -1: as ours. limits: those it
 * gets. NULL + errno.
 */
struct launch *launch__start(char **argv, bool follow, int out_fd, const struct limits *limits,
			     launch_try_fn try_fn, void *ctx);
/* Let it run. */
void launch__go(struct launch *l);
/* Call at SIGCHLD: handles all that is to be waited for. */
void launch__on_sigchld(struct launch *l);
bool launch__ended(const struct launch *l);
/* Of the ended command: its exit status, or 128 + signal; *sig its signal or 0. 127: not executable. */
int launch__status(const struct launch *l, int *sig);
bool launch__failed(
	const struct launch *l);     /* could not be started (it has said why), or so it says */
void launch__free(struct launch *l); /* lets everything go; the command lives on */

#endif
