/* SPDX-License-Identifier: BSD-2-Clause */
/* opts_set.c - the value of one option, by its type, and what is said if it is none */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "user/app/opts_impl.h"
#include "user/base/nearest.h"
#include "user/base/parse.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/judge/check.h"
#include "user/view/columns.h"
#include "user/view/formats.h"

int usage(const char *fmt, ...)
{
	__cleanup(freep) char *text = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	/* A question (did you mean ..) is the last word. */
	fprintf(stderr, "giltop: %s%s\n", len < 0 ? "wrong usage" : text,
		len > 0 && text[len - 1] == '?' ? "" : "; see giltop --help");
	return -EINVAL;
}

int usage_none_of(const char *what, const struct nearest *n, const char *before,
		  const char *choices)
{
	if (n->best)
		return usage("%s (%s); did you mean %s%s?", what, choices, before, n->best);
	return usage("%s (%s)", what, choices);
}

static int add_list(const struct opt_desc *d, const char *arg, size_t *cnt, uint32_t **list)
{
	__cleanup(freep) char *copy = strdup(arg);
	char *save = NULL;

	if (!copy)
		return -ENOMEM;
	for (char *s = strtok_r(copy, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		uint32_t *more;
		uint64_t v;

		if (parse_u64(s, d->min, d->max, &v))
			return usage("--%s: '%s' is not a process or thread id", d->name, s);
		more = reallocarray(*list, *cnt + 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		*list = more;
		more[(*cnt)++] = (uint32_t)v;
	}
	return *cnt ? 0 : usage("--%s needs a number", d->name);
}

static int add_words(const struct opt_desc *d, const char *arg, struct proc_filter *f)
{
	int err = proc_filter__add(f, d->filter, arg);

	if (err == -EINVAL)
		return usage("--%s: '%s' has an empty word: it takes %s", d->name, arg, d->arg);
	return err;
}

static int add_check(const char *arg, struct checks *c)
{
	struct check *more = reallocarray(c->list, c->cnt + 1, sizeof(*more));
	__cleanup(sbuf__free) struct sbuf why = { 0 };

	if (!more)
		return -ENOMEM;
	c->list = more;
	if (check__parse(arg, &more[c->cnt], &why))
		return usage("--check '%s': %s", arg, sbuf__str(&why));
	c->cnt++;
	return 0;
}

void opt__values(const struct opt_desc *d, const char *sep, struct sbuf *out)
{
	const char *before = "";

	if (d->type == OPT_FORMAT)
		formats__names(FORMAT_RECORD, 0, sep, sep, out);
	for (size_t i = 0; d->names && d->names[i]; i++, before = sep)
		sbuf__printf(out, "%s%s", before, d->names[i]);
	for (size_t i = 0; d->type == OPT_COLUMN && i < thread_column_cnt; i++) {
		if (!thread_columns[i].cmp)
			continue;
		sbuf__printf(out, "%s%s", before, thread_columns[i].name);
		before = sep;
	}
}

static int set_enum(const struct opt_desc *d, const char *arg, int *field)
{
	__cleanup(sbuf__free) struct sbuf what = { 0 }, values = { 0 };
	struct nearest near = { .word = arg };

	for (int i = 0; d->names[i]; i++) {
		nearest__try(&near, d->names[i]);
		if (strcmp(d->names[i], arg))
			continue;
		*field = i;
		return 0;
	}
	opt__values(d, ", ", &values);
	sbuf__printf(&what, "--%s: '%s' is none of its values", d->name, arg);
	return usage_none_of(sbuf__str(&what), &near, "", sbuf__str(&values));
}

static int set_format(const struct opt_desc *d, const char *arg, const struct format **field)
{
	__cleanup(sbuf__free) struct sbuf what = { 0 }, names = { 0 };
	const struct format *f = formats__find(arg);
	struct nearest near = { .word = arg };

	if (f && f->bits & FORMAT_RECORD) {
		*field = f;
		return 0;
	}
	for (size_t i = 0; i < format_cnt; i++)
		if (format_table[i].bits & FORMAT_RECORD)
			nearest__try(&near, format_table[i].name);
	opt__values(d, ", ", &names);
	sbuf__printf(&what, "--%s: '%s' is no format", d->name, arg);
	return usage_none_of(sbuf__str(&what), &near, "", sbuf__str(&names));
}

static int set_column(const struct opt_desc *d, const char *arg, const char **field)
{
	__cleanup(sbuf__free) struct sbuf what = { 0 }, names = { 0 };
	struct nearest near = { .word = arg };
	int col = columns__find(arg);

	if (col >= 0 && thread_columns[col].cmp) {
		*field = arg;
		return 0;
	}
	for (size_t i = 0; i < thread_column_cnt && col < 0; i++)
		if (thread_columns[i].cmp)
			nearest__try(&near, thread_columns[i].name);
	opt__values(d, ", ", &names);
	if (col < 0)
		sbuf__printf(&what, "--%s: there is no column '%s'", d->name, arg);
	else
		sbuf__printf(&what, "--%s: the column '%s' has no order", d->name, arg);
	return usage_none_of(sbuf__str(&what), &near, "", sbuf__str(&names));
}

int opt__set(struct opts *o, const struct opt_desc *d, const char *arg)
{
	char *field = (char *)o + d->off;

	switch (d->type) {
	case OPT_FLAG: *(bool *)field = true; return 0;
	case OPT_COUNT: (*(int *)field)++; return 0;
	case OPT_OFF: *(int *)field = 0; return 0;
	case OPT_ON: *(int *)field = 1; return 0;
	case OPT_STR: *(const char **)field = arg; return 0;
	case OPT_FORMAT: return set_format(d, arg, (const struct format **)field);
	case OPT_COLUMN: return set_column(d, arg, (const char **)field);
	case OPT_ENUM_OR:
		if (!arg) {
			*(int *)field = d->alone;
			return 0;
		} /* fall through */
	case OPT_ENUM: return set_enum(d, arg, (int *)field);
	case OPT_LIST:
		return add_list(d, arg, (size_t *)field, (uint32_t **)(field + sizeof(size_t)));
	case OPT_DURATION:
		if (parse_duration(arg, (uint64_t *)field))
			return usage("--%s: '%s' is not a time (10, 10s, 500ms, 2m)", d->name, arg);
		return 0;
	case OPT_U64:
		if (parse_u64(arg, d->min, d->max, (uint64_t *)field))
			return usage("--%s: '%s' is not a number from %llu", d->name, arg,
				     (unsigned long long)d->min);
		return 0;
	case OPT_PCT:
		if (parse_decimal(arg, (double)d->max, (double *)(void *)field))
			return usage("--%s: '%s' is not a percentage (0.5, 1, 20), at most %llu",
				     d->name, arg, (unsigned long long)d->max);
		return 0;
	case OPT_SIZE:
		if (parse_size(arg, (uint64_t *)field))
			return usage("--%s: '%s' is not a size (500K, 64M, 2G)", d->name, arg);
		return 0;
	case OPT_RING:
		if (!parse_duration(arg, (uint64_t *)field) ||
		    !parse_size(arg, (uint64_t *)(void *)(field + sizeof(uint64_t))))
			return 0;
		return usage("--%s: '%s' is neither a time (60s, 5m) nor a size (64M, 1G)", d->name,
			     arg);
	case OPT_CHECKS: return add_check(arg, (struct checks *)(void *)field);
	case OPT_WORDS: return add_words(d, arg, (struct proc_filter *)(void *)field);
	case OPT_ACTION: break;
	}
	return 0;
}
