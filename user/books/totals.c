/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/books/totals.h"

#include <stdlib.h>
#include <string.h>

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
