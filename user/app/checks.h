/* SPDX-License-Identifier: BSD-2-Clause */
/* checks.h - the rules of --check, at the end of a run */
#ifndef GILTOP_APP_CHECKS_H
#define GILTOP_APP_CHECKS_H

#include "user/judge/check.h"

struct checks;
struct snapshot;

struct check_outcome {
	enum check_result result;
	char words[512];
};

/* Judge s, or for a change from before (else NULL) to s; a line on stderr for each rule that does not hold. ret (may be
 * NULL): one for each. 0 or EXIT_CHECK.
 */
int checks__judge(const struct checks *c, const struct snapshot *before, const struct snapshot *s,
		  struct check_outcome *ret);

#endif
