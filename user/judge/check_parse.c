/* SPDX-License-Identifier: BSD-2-Clause */
/* check_parse.c - METRIC[(ARGS)] OP VALUE
 *
 * Names of threads have brackets ("Thread-3 (handle)"), so the last bracket of all ends the arguments: no value has one.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/nearest.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/judge/check.h"

#define SPACE "\t "

struct piece {
	const char *s;
	size_t len;
};

static struct piece trimmed(const char *s, size_t len)
{
	for (; len && strchr(SPACE, *s); len--)
		s++;
	while (len && strchr(SPACE, s[len - 1]))
		len--;
	return (struct piece){ s, len };
}

static bool is(struct piece p, const char *word)
{
	return p.len == strlen(word) && !memcmp(p.s, word, p.len);
}

static int complain(struct sbuf *why, const char *before, struct piece p, const char *after)
{
	sbuf__puts(why, before);
	sbuf__add(why, p.s, p.len < 80 ? p.len : 80);
	sbuf__puts(why, after);
	return -EINVAL;
}

static int complain_of(struct sbuf *why, const char *what)
{
	sbuf__puts(why, what);
	return -EINVAL;
}

static int no_metric(struct piece word, bool in_change, struct sbuf *why)
{
	char copy[64];
	struct nearest near = { .word = copy };

	if (!word.len)
		return complain_of(why,
				   "it begins with what is checked, as in delay(MainThread)<10%");
	memcpy(copy, word.s, word.len < 63 ? word.len : 63);
	copy[word.len < 63 ? word.len : 63] = '\0';
	complain(why, "there is no '", word, "' (");
	for (int i = 0; i < CHECK_METRICS; i++) {
		sbuf__printf(why, "%s%s", i ? ", " : "", check_metrics[i].name);
		nearest__try(&near, check_metrics[i].name);
	}
	if (!in_change)
		nearest__try(&near, "change");
	sbuf__puts(why, in_change ? ")" : ", change)");
	if (near.best)
		sbuf__printf(why, "; did you mean %s?", near.best);
	return -EINVAL;
}

/* A thread or a place, maybe in quotes. */
static int put_name(struct piece p, struct check *c, struct sbuf *why)
{
	if (p.len > 1 && (*p.s == '\'' || *p.s == '"') && p.s[p.len - 1] == *p.s) {
		p.s++;
		p.len -= 2;
	}
	if (!p.len)
		return complain_of(why, "there is nothing in its brackets");
	if (p.len >= sizeof(c->name))
		return complain(why, "the name '", p, "..' is too long");
	memcpy(c->name, p.s, p.len);
	c->name[p.len] = '\0';
	return 0;
}

static int usage_of(const struct check *c, const char *what, struct sbuf *why)
{
	sbuf__puts(why, what);
	check_metric__usage(&check_metrics[c->metric], why);
	return -EINVAL;
}

/* "wait", "hold,worker-*" */
static int put_what(struct piece args, struct check *c, struct sbuf *why)
{
	const char *comma = memchr(args.s, ',', args.len);
	struct piece what = trimmed(args.s, comma ? (size_t)(comma - args.s) : args.len);

	c->holds = is(what, "hold");
	if (!c->holds && !is(what, "wait"))
		return usage_of(c, "it is of wait or of hold: ", why);
	if (!comma)
		return 0;
	return put_name(trimmed(comma + 1, args.len - (size_t)(comma + 1 - args.s)), c, why);
}

/* args.s NULL: there are no brackets. */
static int put_args(struct piece args, struct check *c, struct sbuf *why)
{
	switch (check_metrics[c->metric].args) {
	case CHECK_NO_ARGS: return args.s ? usage_of(c, "it takes no brackets: ", why) : 0;
	case CHECK_THREAD: return args.s ? put_name(args, c, why) : 0;
	case CHECK_WHAT:
		return args.s ? put_what(args, c, why) : usage_of(c, "it is of something: ", why);
	case CHECK_PLACE:
		return args.s ? put_name(args, c, why) : usage_of(c, "it is of a place: ", why);
	}
	return -EINVAL;
}

static size_t word_len(const char *s)
{
	return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

/* METRIC[(ARGS)], all of p. */
static int put_metric(struct piece p, struct check *c, struct sbuf *why)
{
	struct piece word = { p.s, word_len(p.s) }, args = { 0 }, rest;
	int m = 0;

	if (word.len > p.len)
		word.len = p.len;
	while (m < CHECK_METRICS && !is(word, check_metrics[m].name))
		m++;
	if (m == CHECK_METRICS)
		return no_metric(word, c->change, why);
	c->metric = (enum check_metric)m;
	rest = trimmed(p.s + word.len, p.len - word.len);
	if (rest.len && (*rest.s != '(' || rest.s[rest.len - 1] != ')'))
		return complain(why, "what is '", rest, "'?");
	if (rest.len)
		args = trimmed(rest.s + 1, rest.len - 2);
	return put_args(args, c, why);
}

/* The left side ends where the operator begins. */
static int put_left(struct piece p, struct check *c, struct sbuf *why)
{
	size_t len = word_len(p.s);
	struct piece word = { p.s, len < p.len ? len : p.len }, rest;

	if (!is(word, "change"))
		return put_metric(p, c, why);
	c->change = true;
	rest = trimmed(p.s + word.len, p.len - word.len);
	if (rest.len < 3 || *rest.s != '(' || rest.s[rest.len - 1] != ')')
		return complain_of(why, "change is of something: change(delay)<5%");
	return put_metric(trimmed(rest.s + 1, rest.len - 2), c, why);
}

static const char *put_op(const char *s, struct check *c)
{
	if (*s != '<' && *s != '>')
		return NULL;
	c->op = *s == '<' ? CHECK_LT : CHECK_GT;
	s++;
	if (*s != '=')
		return s;
	c->op = c->op == CHECK_LT ? CHECK_LE : CHECK_GE;
	return s + 1;
}

static int no_unit(const struct check *c, const char *said, struct sbuf *why)
{
	static const char *const examples[] = { "10%", "20ms", "500/s", "2.5" };
	unsigned int units = check_metrics[c->metric].units;
	const char *before = "";

	if (*said)
		sbuf__printf(why, "'%.20s' is no unit of %s: it is compared with ", said,
			     check_metrics[c->metric].name);
	else
		sbuf__printf(why, "the value has no unit: %s is compared with ",
			     check_metrics[c->metric].name);
	if (c->change)
		units |= CHECK_PERCENT;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		if (!(units & 1u << i))
			continue;
		sbuf__printf(why, "%s%s", before, examples[i]);
		before = " or ";
	}
	return -EINVAL;
}

static int put_unit(const char *s, struct check *c, struct sbuf *why)
{
	static const struct {
		const char *suffix;
		enum check_unit unit;
		double factor;
	} units[] = {
		{ "%", CHECK_PERCENT, 0.01 }, { "ns", CHECK_TIME, 1 },	{ "us", CHECK_TIME, 1e3 },
		{ "ms", CHECK_TIME, 1e6 },    { "s", CHECK_TIME, 1e9 }, { "/s", CHECK_RATE, 1 },
		{ "", CHECK_RATE, 1 },	      { "", CHECK_NUMBER, 1 },
	};
	unsigned int allowed = check_metrics[c->metric].units;

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		bool relative =
			c->change && units[i].unit == CHECK_PERCENT && !(allowed & CHECK_PERCENT);

		if (strcmp(s, units[i].suffix) || !(allowed & units[i].unit || relative))
			continue;
		c->unit = units[i].unit;
		c->relative = relative;
		c->value *= units[i].factor;
		/* A number of what is else in percent: 0.9 is 90%. */
		if (c->unit == CHECK_NUMBER && allowed & CHECK_PERCENT)
			c->unit = CHECK_PERCENT;
		return 0;
	}
	return no_unit(c, s, why);
}

static int put_value(const char *s, struct check *c, struct sbuf *why)
{
	char *end, text[64];
	struct piece p = trimmed(s, strlen(s));
	size_t digits;

	if (!p.len)
		return complain_of(why, "there is no value to compare with");
	if (p.len >= sizeof(text))
		return complain(why, "'", p, "' is no value");
	memcpy(text, p.s, p.len);
	text[p.len] = '\0';
	s = text + (c->change && (*text == '-' || *text == '+'));
	digits = strspn(s, "0123456789.");
	c->value = strtod(s, &end);
	if (!digits || end != s + digits || !isfinite(c->value) || c->value > 1e18)
		return complain(why, "'", p, "' is no value, as 10%, 20ms, 500/s or 2.5 are");
	if (*text == '-')
		c->value = -c->value;
	return put_unit(end + strspn(end, SPACE), c, why);
}

int check__parse(const char *text, struct check *ret, struct sbuf *why)
{
	const char *bracket = strrchr(text, ')'), *from = bracket ? bracket : text;
	const char *op = strpbrk(from, "<>="), *value;
	struct check c = { .text = text };
	struct piece all = trimmed(text, strlen(text)), left;
	int err;

	if (!all.len)
		return complain_of(why,
				   "it is empty: METRIC OP VALUE, as in delay(MainThread)<10%");
	left = op ? trimmed(text, (size_t)(op - text)) : all;
	err = put_left(left, &c, why);
	if (err)
		return err;
	value = op ? put_op(op, &c) : NULL;
	if (!value)
		return complain(why, "after '", left, "' it compares by <, <=, > or >=");
	err = put_value(value, &c, why);
	if (!err)
		*ret = c;
	return err;
}
