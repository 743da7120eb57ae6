/* SPDX-License-Identifier: BSD-2-Clause */
/* proc_sleep.h - does a thread sleep, and has it run meanwhile? */
#ifndef GILTOP_BASE_PROC_SLEEP_H
#define GILTOP_BASE_PROC_SLEEP_H

#include <stdint.h>
#include <sys/types.h>

/* Does this thread sleep? cnt: how often it has left a CPU: as often as before, and it has slept on. 0; -EAGAIN: it does not sleep;
 * another -errno. In which system call is not asked: that waits for an exec that is under way, which may be made endless.
 */
int proc__sleep(pid_t pid, pid_t tid, uint64_t *cnt);

#endif
