/* SPDX-License-Identifier: BSD-2-Clause */
/* burn.c - a shared object that computes and knows nothing of Python (long_hold.py calls it) */
#include <time.h>

int burn(double seconds);
void burn_some(void);

static volatile unsigned long burnt;

__attribute__((noinline)) void burn_some(void)
{
	for (int i = 0; i < 100000; i++)
		burnt += (unsigned long)i;
}

int burn(double seconds)
{
	struct timespec from, now;

	clock_gettime(CLOCK_MONOTONIC, &from);
	do {
		burn_some();
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((double)(now.tv_sec - from.tv_sec) + 1e-9 * (double)(now.tv_nsec - from.tv_nsec) <
		 seconds);
	return 0;
}
