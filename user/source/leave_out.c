/* SPDX-License-Identifier: BSD-2-Clause */
/* leave_out.c - what the live source can do without when giltop costs too much */
#include "user/source/collector_impl.h"
#include "user/source/stacks.h"

void collector__leave_out(struct collector *c, bool walks, bool native)
{
	if (c->stacks)
		pystacks__leave_out(c->stacks, walks, native);
}
