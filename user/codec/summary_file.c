/* SPDX-License-Identifier: BSD-2-Clause */
/* summary_file.c - find the last summary among JSON lines, in one pass: it may be a pipe, and larger than memory
 *
 * Which record a line is stands at its beginning. Only summaries are kept, the last one and the one that is being read.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/codec/summary.h"

/* So much of a line tells what it is. */
#define HEAD_SZ 64

enum line { LINE_OPEN, LINE_META, LINE_SUMMARY, LINE_OTHER };

struct scan {
	enum line kind; /* of the line that is being read; OPEN: not known yet */
	struct sbuf line, last;
	bool meta, summary;
	size_t line_cnt;
};

static const char *skip(const char *s, const char *word)
{
	s += strspn(s, " \t\r");
	return strncmp(s, word, strlen(word)) ? NULL : s + strlen(word);
}

/* {"type":"meta", with or without spaces; s ends with NUL. */
static bool is_type(const char *s, const char *quoted)
{
	static const char *const words[] = { "{", "\"type\"", ":" };

	for (size_t i = 0; i < ARRAY_SIZE(words) && s; i++)
		s = skip(s, words[i]);
	return s && skip(s, quoted);
}

static void decide(struct scan *s)
{
	const char *text = sbuf__str(&s->line);

	s->kind = is_type(text, "\"meta\"")	 ? LINE_META
		  : is_type(text, "\"summary\"") ? LINE_SUMMARY
						 : LINE_OTHER;
	s->meta |= s->kind == LINE_META;
	if (s->kind != LINE_SUMMARY)
		sbuf__reset(&s->line);
}

static int no_meta(struct sbuf *why)
{
	sbuf__puts(why,
		   "it is neither a recording nor what --json writes, which begins with a meta "
		   "record");
	return -EINVAL;
}

/* A part of a line. */
static int add(struct scan *s, const char *text, size_t len, struct sbuf *why)
{
	while (len) {
		size_t n = s->kind == LINE_OPEN && HEAD_SZ - s->line.len < len
				   ? HEAD_SZ - s->line.len
				   : len;

		if (s->kind == LINE_OPEN || s->kind == LINE_SUMMARY)
			sbuf__add(&s->line, text, n);
		if (s->kind == LINE_OPEN && s->line.len == HEAD_SZ)
			decide(s);
		text += n;
		len -= n;
		if (s->line.oom)
			return -ENOMEM;
		if (s->kind != LINE_OPEN && !s->meta)
			return no_meta(why);
		if (s->line.len > SUMMARY_MAX) {
			sbuf__printf(why, "its summary has more than %u MB", SUMMARY_MAX >> 20);
			return -EFBIG;
		}
	}
	return 0;
}

static int end_line(struct scan *s, struct sbuf *why)
{
	struct sbuf swap = s->line;

	if (s->kind == LINE_OPEN)
		decide(s);
	if (!s->meta)
		return no_meta(why);
	if (s->kind == LINE_SUMMARY) {
		swap = s->line;
		s->line = s->last;
		s->last = swap;
		s->summary = true;
	}
	sbuf__reset(&s->line);
	s->kind = LINE_OPEN;
	return 0;
}

static int take(struct scan *s, const char *text, size_t len, struct sbuf *why)
{
	int err = 0;

	while (len && !err) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl ? (size_t)(nl - text) : len;

		err = add(s, text, n, why);
		if (!err && nl)
			err = end_line(s, why);
		text += n + (nl != NULL);
		len -= n + (nl != NULL);
	}
	return err;
}

static int scan(struct scan *s, FILE *f, struct sbuf *why)
{
	char buf[1 << 16];
	size_t n;
	int err = 0;

	while (!err && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		err = take(s, buf, n, why);
	if (!err && ferror(f))
		err = errno ? -errno : -EIO;
	if (!err && s->line.len) /* without its newline: whole or not, that shows */
		err = end_line(s, why);
	if (!err && !s->meta)
		return no_meta(why);
	if (!err && !s->summary) {
		sbuf__puts(why, "it has no summary record: the run was cut short");
		return -EINVAL;
	}
	return err;
}

int summary__read(FILE *f, struct snapshot **ret, struct sbuf *why)
{
	struct scan s = { 0 };
	int err = scan(&s, f, why);

	sbuf__free(&s.line);
	if (!err)
		err = summary__decode(sbuf__str(&s.last), s.last.len, ret, why);
	sbuf__free(&s.last);
	return err;
}
