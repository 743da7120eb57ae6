/* SPDX-License-Identifier: BSD-2-Clause */
/* native_sym.h - from an instruction address in a process to shared object and function */
#ifndef GILTOP_TARGET_NATIVE_SYM_H
#define GILTOP_TARGET_NATIVE_SYM_H

#include <stdint.h>
#include <sys/types.h>

struct native_sym;

struct native_place {
	const char *object; /* last part of the mapped file's path; clean text */
	const char *symbol; /* "" where the file names no function there */
	uint64_t offset;    /* in the file */
};

/* Symbols of files, read once for all processes; bounded: the longest unused are forgotten. NULL + errno. */
struct native_files;
struct native_files *native_files__new(void);
void native_files__free(struct native_files *fs);
uint64_t native_files__reads(const struct native_files *fs); /* how often a file was read */

/* files must outlive it. NULL + errno. */
struct native_sym *native_sym__new(pid_t pid, struct native_files *files);
void native_sym__free(struct native_sym *n);
/* 0; -ENOENT: not in a mapped file (JIT code, or unmapped since). Strings live as long as n. */
int native_sym__find(struct native_sym *n, uint64_t ip, struct native_place *ret);

#endif
