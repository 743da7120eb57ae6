/* SPDX-License-Identifier: BSD-2-Clause */
/* price.h - what does one hit of a probe cost here? (part of probe/; probe.h has probe__price_ns) */
#ifndef GILTOP_PROBE_PRICE_H
#define GILTOP_PROBE_PRICE_H

#include <stdbool.h>
#include <stdint.h>

struct bpf_program;
struct children;

/* Try it, in a child: a probe on a call of its own code, with this program, by a link of this kind. Returns ns a hit, or
 * PRICE_UNKNOWN_NS if it cannot be tried. Takes some 30 ms.
 */
uint64_t price__of_hit(const struct bpf_program *prog, bool multi, struct children *left);

/* That of a slow machine: 5-9 us were seen where hits trap to a hypervisor (scripts/bench). */
#define PRICE_UNKNOWN_NS 8000

#endif
