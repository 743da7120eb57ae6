/* SPDX-License-Identifier: BSD-2-Clause */
/* multi.h - uprobe_multi links by the bare bpf(2) call: libbpf before 1.3 has no API for them */
#ifndef GILTOP_PROBE_MULTI_H
#define GILTOP_PROBE_MULTI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* enum bpf_attach_type BPF_TRACE_UPROBE_MULTI (linux/bpf.h since 6.6). */
#define GT_TRACE_UPROBE_MULTI 48

/* Can this kernel attach uprobe_multi links whose pid means a process? Tried, not guessed from a
 * version: a link is made on "/" (which must fail in a telling way). why: one line. See FEATURE_MULTI.
 * Needs the privileges to load a program; without them the answer is no.
 */
bool probe_multi__try(const char **why);

/* One link on cnt file offsets of path, for the process pid (0: any). cookies may be NULL.
 * The link lives as long as the returned descriptor. >= 0 or -errno.
 */
int probe_multi__link(int prog_fd, const char *path, const uint64_t *offsets,
		      const uint64_t *cookies, size_t cnt, uint32_t pid);

#endif
