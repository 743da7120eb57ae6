/* SPDX-License-Identifier: BSD-2-Clause */
/* play - read a recording as fast as that goes, what happened one by one included: play FILE
 *
 * One line: intervals, spans (closed states of at least 1 ns), ns that it took.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/source/recording.h"

struct counting {
	struct sink sink;
	uint64_t span_cnt;
};

static int take(struct sink *s, const struct record *r)
{
	((struct counting *)s)->span_cnt += r->kind == REC_SPAN;
	return 0;
}

int main(int argc, char **argv)
{
	__cleanup(sbuf__free) struct sbuf why = { 0 };
	struct counting c = { .sink = { take } };
	struct sinks sinks = { 0 };
	struct recording *r;
	struct source *src;
	uint64_t start = now_ns(), marks = 0;

	if (argc != 2 || sinks__add(&sinks, &c.sink))
		return 2;
	r = recording__open(open(argv[1], O_RDONLY | O_CLOEXEC), argv[1], &sinks, &why);
	if (!r) {
		fprintf(stderr, "play: %s\n", sbuf__str(&why));
		return 1;
	}
	src = recording__source(r);
	src->ops->want_spans(src, 1);
	while (!src->ops->refresh(src))
		marks++;
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", marks, c.span_cnt, now_ns() - start);
	src->ops->free(src);
	return 0;
}
