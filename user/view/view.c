/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/view.h"

bool view_opts__shows_tid(const struct view_opts *o, uint32_t tid)
{
	for (size_t i = 0; i < o->tid_cnt; i++)
		if (o->tids[i] == tid)
			return true;
	return !o->tid_cnt;
}
