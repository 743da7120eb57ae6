/* SPDX-License-Identifier: BSD-2-Clause */
/* schedule_cnt.h - how many random schedules a test tries: as many as the environment says times what it tries by itself */
#ifndef GILTOP_TEST_SCHEDULE_CNT_H
#define GILTOP_TEST_SCHEDULE_CNT_H

#include <stdint.h>
#include <stdlib.h>

/* GILTOP_TEST_TIMES=N: N times as many (tests/long/schedules.bats). */
static inline uint64_t schedule_cnt(uint64_t usual)
{
	const char *times = getenv("GILTOP_TEST_TIMES");

	return usual * (times ? strtoull(times, NULL, 10) : 1);
}

#endif
