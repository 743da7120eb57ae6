/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/books/totals.h"

#include <stdlib.h>

void totals__free(struct totals *t)
{
	free(t->gils);
	free(t->threads);
	free(t->ended);
	free(t->pairs);
	free(t->stacks);
	free(t->chains);
	*t = (struct totals){ 0 };
}
