/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/books/totals.h"

#include <stdlib.h>
#include <string.h>

#include "bpf/modes.h"

void totals__free(struct totals *t)
{
	free(t->gils);
	free(t->threads);
	free(t->ended);
	free(t->pairs);
	free(t->stacks);
	free(t->chains);
	free(t->sleeps);
	*t = (struct totals){ 0 };
}

void totals__thread_at(struct gt_thread *rec, uint64_t cut)
{
	if (rec->cut == cut)
		memcpy(&rec->first_ns, rec->then.words, sizeof(rec->then.words));
}

void totals__lighten_gil(struct gt_gil *rec, const struct gt_modes *m, uint64_t now)
{
	uint64_t at = rec->light ? 0 : modes__light_after(m, rec->mode_ns);

	if (at && at <= now)
		gil_lighten(rec, at);
}

void totals__lighten_thread(struct gt_thread *rec, const struct gt_modes *m, uint64_t now)
{
	uint64_t at = rec->state == GT_HOLD ? modes__light_after(m, rec->since_ns) : 0;

	if (at && at <= now)
		thread_lighten(rec, at);
}
