/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* accounting.bpf.h - all of the accounting, in the order in which its parts build on one another
 *
 * What is not in here (gil.bpf.c) needs a kernel: programs and their contexts. The rest is plain C over
 * maps and a few helpers; tests/unit/bpf_shim.h has those in user space.
 */
#ifndef GILTOP_ACCOUNTING_BPF_H
#define GILTOP_ACCOUNTING_BPF_H

#include "bpf/giltop.h"
#include "bpf/maps.bpf.h"
#include "bpf/modes.h"
#include "bpf/ids.bpf.h"
#include "bpf/cut.bpf.h"
#include "bpf/adopt.bpf.h"
#include "bpf/alarm_rows.bpf.h"
#include "bpf/records.bpf.h"
#include "bpf/stacks.bpf.h"
#include "bpf/alarm.bpf.h"
#include "bpf/memory.bpf.h"
#include "bpf/looks.bpf.h"
#include "bpf/single.bpf.h"
#include "bpf/books.bpf.h"
#include "bpf/light.bpf.h"
#include "bpf/offcpu.bpf.h"
#include "bpf/events.bpf.h"
#include "bpf/life.bpf.h"

#endif
