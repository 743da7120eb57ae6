/* SPDX-License-Identifier: BSD-2-Clause */
/* links.h - links are made and taken away by processes that nobody kills (part of probe/)
 *
 * The kernel gives up in the middle of it when a fatal signal is pending for who puts a uprobe in place or takes it away
 * (uprobe_unregister: "leaking uprobe"), and the breakpoint stays in the target. And who is in the middle of it may be
 * stuck there, at a page that does not come. So giltop only holds the links. A child makes them and hands them over; and a
 * child is the last to have them, which it gives up by ending: no signal reaches a process that ends.
 */
#ifndef GILTOP_PROBE_LINKS_H
#define GILTOP_PROBE_LINKS_H

#include <stdbool.h>

#include "user/probe/attach.h"

struct child;
struct children;

/* 0; -ETIMEDOUT: it is stuck (and goes away, with what it has put in place, as soon as it is not); -EINTR: giltop is to
 * end; -ESTALE: the path names another file than job->file;
 * or as probe_attach__do: then nothing is attached. job->file is the file. *cpu_ns: what it took is added.
 */
int links__make(struct probe_job *job, struct children *left, struct link_fds ret[PROBE_GROUP_CNT],
		uint64_t *cpu_ns);
/* Take them away. They are gone after that, for where a program has been replaced by another they would act in it, too: but
 * not if that takes seconds; then they go later.
 */
void links__drop(struct link_fds *l, struct children *left);

/* Begin to: *ret is the child that does it, with whom they are gone (CHILD_NONE: they are). */
void links__let_go(struct link_fds *l, struct child *ret);

#endif
