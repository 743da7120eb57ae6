/* SPDX-License-Identifier: BSD-2-Clause */
/* native_sym.h - from an instruction address in a process to shared object and function
 *
 * A worker has the tables (native_table.c): of each file its functions by address, read once for all processes. What it
 * answers is kept here by function, not by address; that nothing is known there, too.
 */
#ifndef GILTOP_TARGET_NATIVE_SYM_H
#define GILTOP_TARGET_NATIVE_SYM_H

#include <stdint.h>
#include <sys/types.h>

struct native_sym;

struct native_place {
	const char *object; /* last part of the mapped file's path; clean text */
	const char *symbol; /* "" where the file names no function there, or none is known yet */
};

/* The worker with its tables. NULL + errno. */
struct native_files;
struct native_files *native_files__new(void);
void native_files__free(struct native_files *fs);
uint64_t native_files__reads(const struct native_files *fs);	/* how often a file was read */
uint64_t native_files__asked(const struct native_files *fs);	/* how often the worker was asked */
uint64_t native_files__lost_cnt(const struct native_files *fs); /* .. and given up */
uint64_t native_files__cpu_ns(const struct native_files *fs);	/* CPU time that it has taken */

/* files must outlive it. NULL + errno. */
struct native_sym *native_sym__new(pid_t pid, struct native_files *files);
void native_sym__free(struct native_sym *n);
/* Its process is over: what is not known of it by now never is. */
void native_sym__has_ended(struct native_sym *n);
/* 0; -ENOENT: not in a mapped file (JIT code, or unmapped since), or that cannot be told now. The strings are valid until
 * the next call.
 */
int native_sym__find(struct native_sym *n, uint64_t ip, struct native_place *ret);

#endif
