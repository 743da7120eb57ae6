/* SPDX-License-Identifier: BSD-2-Clause */
/* parking.c - threads that a finalizing interpreter parks for ever
 *
 * A daemon thread that wants the GIL after its interpreter has begun to finalize was ended up to 3.13.5, and is parked
 * since: it calls pause() in a loop, out of take_gil. Nothing else tells it from one that waits. So pause() is probed,
 * which programs hardly ever call; the handler looks whether the thread waits for a GIL.
 */
#include "user/base/log.h"
#include "user/probe/probe.h"
#include "user/python/runtime.h"
#include "user/source/collector_impl.h"
#include "user/target/libc_pause.h"

#define FIRST_MINOR 13

void tracked__watch_parking(struct tracked *t, struct collector *c)
{
	pid_t pid = t->target.pid;
	char path[512];
	uint64_t off;

	if (t->pause_tried || t->target.py->minor < FIRST_MINOR)
		return;
	t->pause_tried = true;
	if (!libc_pause__find(c->cache, pid, t->target.runtime, path, sizeof(path), &off))
		t->att_pause = probe__attach_pause(c->probe, pid, path, off);
	if (!t->att_pause)
		pr_verb("pid %d: threads that its finalization parks will seem to wait on\n", pid);
}
