/* SPDX-License-Identifier: BSD-2-Clause */
/* budgets.h - how much of what others provide is read, and how long that may take
 *
 * Targets, their files and their names belong to somebody else, who may have made them endless. So each kind of reading has
 * its bound here, all in one place; doc/architecture.md ("Budgets") says for each what happens beyond it and where that is
 * counted. Time and memory are enforced by user/base/worker.c, sizes where the reading is done.
 */
#ifndef GILTOP_BASE_BUDGETS_H
#define GILTOP_BASE_BUDGETS_H

#define BUDGET_MS 1000000ull /* ns */
#define BUDGET_MB (1ull << 20)

/* To look at a process for the first time: its mappings and files (libraries without symbols take a tenth of a second). */
#define BUDGET_LOOK_CPU_NS  (2000 * BUDGET_MS)
#define BUDGET_LOOK_WAIT_NS (500 * BUDGET_MS)
#define BUDGET_LOOK_MEMORY  (384 * BUDGET_MB)
#define BUDGET_LOOK_ANSWER  BUDGET_MB
#define BUDGET_MAPS	    200000 /* lines of /proc/PID/maps */
/* Of its files: mappings of each that are tried (a part may be mapped apart from the rest), and the CPU time after which no
 * other is begun, which would pay for those before it.
 */
#define BUDGET_FILE_TRIES   4
#define BUDGET_FILES_CPU_NS (BUDGET_LOOK_CPU_NS / 2)
/* Different interpreters that are kept to the end: a program can make itself a new one each time that it starts. */
#define BUDGET_ANALYSES 1024
/* Files without an interpreter that are known again: some 6 MB. */
#define BUDGET_DULL_FILES 100000
/* Processes that a worker is asked for at a time; it begins none after so long, for all of a call have one call's time. */
#define BUDGET_BATCH	64
#define BUDGET_BATCH_NS (50 * BUDGET_MS)
/* Children that are looked at for a hint: each may cost a worker. */
#define BUDGET_HINTS 64

/* To read in the interpreter's memory, each time: the names of 10,000 threads take a tenth of a second; a page comes from a
 * disk in less than this wait. One that did not come: its process is left alone for a second, then for two, up to a minute.
 */
#define BUDGET_READ_CPU_NS	  (1000 * BUDGET_MS)
#define BUDGET_READ_WAIT_NS	  (250 * BUDGET_MS)
#define BUDGET_READ_MEMORY	  (256 * BUDGET_MB)
#define BUDGET_READ_ANSWER	  (64 * BUDGET_MB)
#define BUDGET_READ_SILENT_NS	  (1000 * BUDGET_MS)
#define BUDGET_READ_SILENT_MAX_NS (60000 * BUDGET_MS)
#define BUDGET_INTERPRETERS	  4096
#define BUDGET_THREADS		  65536

/* Code objects of a process: names, files and line tables, which are searched from their start. */
#define BUDGET_CODES	  65536
#define BUDGET_CODE_BYTES (32 * BUDGET_MB)
#define BUDGET_LINE_TABLE (4 * BUDGET_MB) /* of one: a function of a million lines */
#define BUDGET_LINES_BYTES                                                                         \
	(16 * BUDGET_MB) /* read or searched from one reading to the next: some 20 ms */

/* Names of native functions: the largest libraries have a million, half a second to read and sort, once. */
#define BUDGET_NATIVE_CPU_NS	(1500 * BUDGET_MS)
#define BUDGET_NATIVE_WAIT_NS	(250 * BUDGET_MS)
#define BUDGET_NATIVE_MEMORY	(384 * BUDGET_MB)
#define BUDGET_NATIVE_BYTES	(64 * BUDGET_MB) /* of tables; one file's may take a quarter */
#define BUDGET_NATIVE_SILENT_NS (30000 * BUDGET_MS)

/* Stacks of a run that are told apart, and what they, their frames and all names in them may take. */
#define BUDGET_STACKS	   50000
#define BUDGET_STACK_BYTES (48 * BUDGET_MB)

/* A process's cgroup and those above it: levels that are looked at for a CPU limit, and bytes of the file of each. */
#define BUDGET_CGROUP_LEVELS 16
#define BUDGET_CGROUP_FILE   4096
/* /proc/PID/cgroup: a line for each of at most some 14 hierarchies, each with a path of at most 4096 bytes. */
#define BUDGET_CGROUPS 65536

/* To ask for the names of a container: the files of its engine, its host name. Some of these lose their worker in a run:
 * names are not asked for any more.
 */
#define BUDGET_NAMES_CPU_NS    (250 * BUDGET_MS)
#define BUDGET_NAMES_WAIT_NS   (250 * BUDGET_MS)
#define BUDGET_NAMES_MEMORY    (128 * BUDGET_MB)
#define BUDGET_NAMES_ANSWER    4096
#define BUDGET_NAMES_LOST      3
#define BUDGET_ENGINE_FILE     (8 * BUDGET_MB) /* podman's has all its containers */
#define BUDGET_HOST_NAME_BYTES 256

/* Looks at gil->locked each time that it is time for some, 97 times a second, some microseconds each; GILs of a process that
 * are looked at.
 */
#define BUDGET_LOOKS	   8
#define BUDGET_LOOKED_GILS 256

/* Of a process, each: pairs of threads, times by stack, chains. Of more than these the lightest go to "other" at the next
 * reading, down to so many; and of those that are new until then what is beyond the last.
 */
#define BUDGET_TALLIES	    40000
#define BUDGET_TALLIES_KEPT 30000
#define BUDGET_TALLIES_NEW  60000
/* Of a process: places where holders slept. (The kernel's table has room for 8,192 of all processes.) */
#define BUDGET_SLEEPS 8192
/* Threads that ended and keep a row of their own. */
#define BUDGET_ENDED_ROWS 1000
/* Rows of a list, or lines, that are written of a process at most; the rest is one more. */
#define BUDGET_ROWS 10000

/* To put the probes of a process in place. Some milliseconds, but under emulation, and by perf events, which wait for all
 * CPUs at each place.
 */
#define BUDGET_ATTACH_CPU_NS  (5000 * BUDGET_MS)
#define BUDGET_ATTACH_WAIT_NS (2000 * BUDGET_MS)

#endif
