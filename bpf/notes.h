/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* notes.h - what the BPF programs tell user space by the ring buffers (part of giltop.h) */
#ifndef GILTOP_NOTES_H
#define GILTOP_NOTES_H

#ifndef __bpf__
#include <stdint.h>
#include <linux/types.h>
#endif

enum gt_note_kind {
	GT_NOTE_SPAN = 1,   /* a closed state of a thread, for the timeline (only when asked for) */
	GT_NOTE_FORK = 2,   /* tgid forked tid (a new process) */
	GT_NOTE_EXEC = 3,   /* tgid runs another program now */
	GT_NOTE_THREAD = 4, /* the first event of tid at a GIL */
	GT_NOTE_STACK = 5,  /* a stack of tgid that was not there before */
	GT_NOTE_ADOPT =
		6, /* the books of tgid have started at start_ns, by its file, which is in tid */
	GT_NOTE_UNSEEN =
		7, /* tgid has ended without books: its program, of the file ino, dev (tid), began at start_ns */
	GT_NOTE_HELD = 16,   /* a long hold is over: a struct gt_alarm_note (bpf/alarm.h) */
	GT_NOTE_WAITED = 17, /* .. a long wait */
};

struct gt_note {
	__u32 kind;
	__u32 tgid;
	__u32 tid;
	__u32 state; /* enum gt_state, for spans; of one that is adopted its parent */
	__u64 start_ns;
	union {
		struct {
			__u64 end_ns;
			union {
				__u64 gil;
				__u64 stack; /* its hash */
				__u64 ino;
			};
		};
		char comm[16]; /* of a thread, by then */
	};
};

/* User space is not woken more often for new threads: it looks for more this long after it was. */
#define GT_BIRTH_WAKE_NS 2000000

_Static_assert(sizeof(struct gt_note) == 40, "wire format");

#endif
