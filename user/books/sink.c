/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/books/sink.h"

#include <errno.h>

int sinks__add(struct sinks *all, struct sink *s)
{
	if (all->cnt == SINKS_MAX)
		return -ENOSPC;
	all->list[all->cnt++] = s;
	return 0;
}

void sinks__remove(struct sinks *all, const struct sink *s)
{
	size_t n = 0;

	for (size_t i = 0; i < all->cnt; i++)
		if (all->list[i] != s)
			all->list[n++] = all->list[i];
	all->cnt = n;
}

int sinks__send(const struct sinks *all, const struct record *r)
{
	int first = 0;

	for (size_t i = 0; i < all->cnt; i++) {
		int err = all->list[i]->take(all->list[i], r);

		first = first ? first : err;
	}
	return first;
}
