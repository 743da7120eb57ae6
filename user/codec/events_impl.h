/* SPDX-License-Identifier: BSD-2-Clause */
/* events_impl.h - the layout of a block of events, for its writer and its reader */
#ifndef GILTOP_CODEC_EVENTS_IMPL_H
#define GILTOP_CODEC_EVENTS_IMPL_H

#define EVENTS_LAYOUT 1

/* In this order. */
enum events_column {
	COLUMN_THREADS,
	COLUMN_SYMBOLS,
	COLUMN_TIMES,
	COLUMN_CPU,
	COLUMN_STACKS,
	COLUMN_OTHERS,
	COLUMN_SEGMENTS,
	COLUMN_CNT,
};

/* Of a symbol: what it is, and what else there is to be said of it. */
#define SYMBOL_STACK	  1u
#define SYMBOL_OTHER	  2u
#define SYMBOL_KIND_SHIFT 2
#define SYMBOL_FLAG_SHIFT 10

/* In the column of CPU time: it ran all along; not known; the number follows; else a difference, plus this. */
enum cpu_code { CPU_RAN, CPU_UNKNOWN, CPU_NUMBER, CPU_DIFFERENCE };

#endif
