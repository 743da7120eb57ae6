/* SPDX-License-Identifier: BSD-2-Clause */
/* mode_choice.h - exact or light? by what exact has been seen to cost; pure
 *
 * What hits of ACQUIRE and RELEASE cost is taken from savings, which grow with the budget and hold ten seconds of it: so a
 * burst is paid for, and over any minute the cost is what the budget allows, and little more. Without savings the books
 * become light. From there exact books are tried again, for a moment, when the savings have come back; they stay if they
 * take less than half of the budget.
 */
#ifndef GILTOP_SOURCE_MODE_CHOICE_H
#define GILTOP_SOURCE_MODE_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

struct mode_choice {
	uint64_t price_ns;   /* of a hit */
	uint64_t budget_ppm; /* of one CPU; 0: no limit */
	bool once;	     /* probes take long to go: when they have gone they do not come back */
	bool light, trial;
	int64_t savings_ns;	   /* of CPU time */
	uint64_t last_ns, step_ns; /* the last look; in this mode since */
	unsigned int failed;	   /* trials in a row that were far above the budget */
};

enum mode_step { MODE_STAY, MODE_TO_LIGHT, MODE_TO_EXACT };

/* A process's books start now, exact. Returns when to look first; 0: never. */
uint64_t mode_choice__init(struct mode_choice *ch, uint64_t now, uint64_t price_ns,
			   uint64_t budget_ppm, bool once);
/* .. light, because others are measured exactly. */
uint64_t mode_choice__init_light(struct mode_choice *ch, uint64_t now, uint64_t price_ns,
				 uint64_t budget_ppm, bool once);
/* hits: of ACQUIRE and RELEASE since the last look (while light: none). *next: when to look again, 0: never. The caller takes
 * the step, or says mode_choice__stays() if it cannot.
 */
enum mode_step mode_choice__look(struct mode_choice *ch, uint64_t now, uint64_t hits,
				 uint64_t *next);
/* How long after the step to exact books they are looked at first. */
uint64_t mode_choice__peek_ns(void);
/* The step to exact books was not possible at that moment: it is, the next time. */
void mode_choice__again(struct mode_choice *ch, uint64_t now);
/* The step that was said was not possible. */
void mode_choice__stays(struct mode_choice *ch, uint64_t now);

#endif
