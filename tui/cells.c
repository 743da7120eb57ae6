/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/cells.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "user/base/text.h"

/* Marks that are invisible or reorder what is around them have no width, but are not harmless. */
static bool is_hidden(uint32_t c)
{
	return c == 0xad || c == 0x34f || c == 0x61c || c == 0x115f || c == 0x1160 || c == 0x180e ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0x3164 || (c >= 0xfe00 && c <= 0xfe0f) ||
	       c == 0xfeff || c == 0xffa0 || (c >= 0xfff0 && c <= 0xfffb) || c >= 0xe0000;
}

uint32_t cells__next(const char **s, bool unicode, int *ret_width)
{
	size_t len;
	uint32_t c;
	int w;

	*ret_width = 1;
	if (!**s)
		return 0;
	len = utf8_decode((const unsigned char *)*s, 4, &c);
	*s += len ? len : 1;
	if (!len)
		return '?';
	if (c >= 0x20 && c < 0x7f)
		return c;
	if (c < 0xa0 || !unicode || is_hidden(c))
		return '?';
	w = wcwidth((wchar_t)c);
	if (w < 0 || w > 2)
		return '?';
	*ret_width = w;
	return c;
}

int cells__width(const char *s, bool unicode)
{
	int sum = 0, w;

	while (cells__next(&s, unicode, &w))
		sum += w;
	return sum;
}

void cells__cut(const char *s, bool unicode, int width, char *buf, size_t sz)
{
	bool fits = cells__width(s, unicode) <= width;
	int room = fits ? width : width - 1, w;
	size_t n = 0;
	uint32_t c;

	if (!sz)
		return;
	while (width > 0 && (c = cells__next(&s, unicode, &w))) {
		char enc[4];
		size_t len = utf8_write(c, enc);

		if (w > room || n + len + 2 > sz)
			break;
		memcpy(buf + n, enc, len);
		n += len;
		room -= w;
	}
	if (!fits && width > 0 && n + 1 < sz)
		buf[n++] = '~';
	buf[n] = '\0';
}

/* The shortest piece of a file's name that still says something: "dem~". */
#define FILE_MIN 4

void cells__place(const char *name, const char *file, uint32_t line, bool unicode, int width,
		  char *buf, size_t sz)
{
	const char *dot = strrchr(name, '.'), *last = dot && dot[1] ? dot + 1 : name;
	char where[16] = "", part[512];
	int name_w = cells__width(name, unicode), file_w = cells__width(file, unicode), where_w,
	    room;

	if (line)
		snprintf(where, sizeof(where), ":%u", line);
	where_w = (int)strlen(where);
	room = width - where_w;
	if (!*file && !line) {
		cells__cut(name, unicode, width, buf, sz);
		return;
	}
	if (name_w + 1 + file_w <= room) {
		snprintf(buf, sz, "%s %s%s", name, file, where);
		return;
	}
	if (room < 1) {
		cells__cut(*where ? where : file, unicode, width, buf, sz);
		return;
	}
	/* Code without a name, "<module>" or "<lambda>": the file says more. */
	if (*name == '<') {
		cells__cut(file, unicode, room, part, sizeof(part));
		snprintf(buf, sz, "%s%s", part, where);
		return;
	}
	if (name_w + 1 + FILE_MIN > room)
		name = last; /* "encode" of "JSONEncoder.encode" */
	name_w = cells__width(name, unicode);
	if (name_w + 1 + FILE_MIN <= room) {
		cells__cut(file, unicode, room - name_w - 1, part, sizeof(part));
		snprintf(buf, sz, "%s %s%s", name, part, where);
		return;
	}
	cells__cut(name, unicode, room, part, sizeof(part));
	snprintf(buf, sz, "%s%s", part, where);
}

/* "Thread-712 (process_request)": the number tells it from the others, what it runs does not. */
static bool cut_target(const char *s, bool unicode, int width, char *buf, size_t sz)
{
	const char *target = strstr(s, " (");
	char head[64], tail[256];
	int w;

	if (!target || (size_t)(target - s) + 2 >= sizeof(head))
		return false;
	snprintf(head, sizeof(head), "%.*s", (int)(target - s) + 2, s);
	w = cells__width(head, unicode);
	if (width < w + 4)
		return false;
	cells__cut_middle(target + 2, unicode, width - w, tail, sizeof(tail));
	snprintf(buf, sz, "%s%s", head, tail);
	return true;
}

void cells__cut_middle(const char *s, bool unicode, int width, char *buf, size_t sz)
{
	int full = cells__width(s, unicode), tail = width >= 12 ? 6 : width / 3, w;
	const char *end = s;
	char head[512];

	if (full <= width || width < 4) {
		cells__cut(s, unicode, width, buf, sz);
		return;
	}
	if (cut_target(s, unicode, width, buf, sz))
		return;
	while (full > tail && cells__next(&end, unicode, &w))
		full -= w;
	/* The mark of the cut is where the head ends. */
	cells__cut(s, unicode, width - full, head, sizeof(head));
	snprintf(buf, sz, "%s%s", head, end);
}

bool cells__wrap(const char **s, bool unicode, int width, char *buf, size_t sz)
{
	const char *end = *s, *last_space = NULL, *next = *s;
	int used = 0, w;

	if (!**s || width < 1 || !sz)
		return false;
	while (cells__next(&next, unicode, &w) && used + w <= width) {
		used += w;
		end = next;
		if (*next == ' ' || !*next)
			last_space = next;
	}
	if (end == *s)
		cells__next(&end, unicode, &w); /* wider than the line: on its own */
	if (*end && last_space)
		end = last_space;
	snprintf(buf, sz, "%.*s", (int)(end - *s), *s);
	while (*end == ' ')
		end++;
	*s = end;
	return true;
}
