/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tui/tui.h"
#include "user/app/invoker.h"
#include "user/base/log.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/view/columns.h"

/* ---- text ---- */

enum { KEY_COLUMNS, KEY_SORT, KEY_SCHEME, KEY_SCREEN, KEY_GROUP, KEY_MY_CODE, KEY_MOUSE, KEY_CNT };

static const char *const keys[KEY_CNT] = {
	[KEY_COLUMNS] = "columns", [KEY_SORT] = "sort",	  [KEY_SCHEME] = "colours",
	[KEY_SCREEN] = "screen",   [KEY_GROUP] = "pools", [KEY_MY_CODE] = "own-code",
	[KEY_MOUSE] = "mouse",
};

static const char *screen_name(int i)
{
	return i < 0 ? NULL : tui__screen_name((size_t)i);
}

static const char *switch_name(int i)
{
	return i == 0 ? "off" : i == 1 ? "on" : NULL;
}

/* Column i has the number i + 1 here, as in the settings. */
static const char *sort_name(int i)
{
	return i >= 0 && i <= (int)thread_column_cnt ? i ? thread_columns[i - 1].name : "" : NULL;
}

static int by_name(const char *(*name)(int i), const char *value, int *ret)
{
	for (int i = 0; name(i); i++) {
		if (strcmp(name(i), value))
			continue;
		*ret = i;
		return 0;
	}
	return -EINVAL;
}

/* The columns in their order; -EINVAL: one of them is not known, the others are taken all the same. */
static int parse_columns(char *value, struct tui_settings *s)
{
	char *save = NULL;
	int err = 0, col;

	s->columns = 0;
	s->order_cnt = 0;
	for (char *w = strtok_r(value, " \t,", &save); w; w = strtok_r(NULL, " \t,", &save)) {
		if (by_name(sort_name, w, &col) || s->columns >> (col - 1) & 1) {
			err = -EINVAL;
			continue;
		}
		s->columns |= 1ull << (col - 1);
		s->order[s->order_cnt++] = (uint8_t)(col - 1);
	}
	return err;
}

static int parse_value(int key, char *value, struct tui_settings *s)
{
	int on = 0, err;

	switch (key) {
	case KEY_COLUMNS: return parse_columns(value, s);
	case KEY_SORT: return *value ? by_name(sort_name, value, &s->sort) : -EINVAL;
	case KEY_SCHEME: return by_name(tui_settings__scheme_name, value, &s->scheme);
	case KEY_SCREEN: return by_name(screen_name, value, &s->screen);
	case KEY_GROUP: return by_name(tui_settings__group_name, value, &s->group);
	case KEY_MY_CODE:
	case KEY_MOUSE:
		err = by_name(switch_name, value, &on);
		if (!err)
			*(key == KEY_MOUSE ? &s->mouse : &s->my_code) = on;
		return err;
	default: return 0;
	}
}

/* A line without its end; false: there are no more. It is cut into key and value; key "": nothing is in
 * it. Bytes that no text has make it a line that is not understood: value NULL.
 */
static bool next_line(const char **at, const char *end, char *line, size_t sz, char **value)
{
	const char *nl;
	size_t len;

	if (*at >= end)
		return false;
	nl = memchr(*at, '\n', (size_t)(end - *at));
	len = (size_t)((nl ? nl : end) - *at);
	*value = NULL;
	snprintf(line, sz, "?");
	if (len < sz && !memchr(*at, '\0', len)) {
		memcpy(line, *at, len);
		line[len] = '\0';
		while (len && strchr(" \t\r", line[len - 1]))
			line[--len] = '\0';
		if (!len || *line == '#')
			*line = '\0';
		*value = line + strcspn(line, " \t");
		if (**value)
			*(*value)++ = '\0';
		*value += strspn(*value, " \t");
	}
	*at = nl ? nl + 1 : end;
	return true;
}

/* -1: not known; -2: not even a word. */
static int find_key(const char *key)
{
	for (int k = 0; k < KEY_CNT; k++)
		if (!strcmp(keys[k], key))
			return k;
	return key[strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] ? -2 : -1;
}

size_t settings__parse(const char *text, size_t len, struct tui_settings *ret, size_t *ret_line)
{
	const char *at = text, *end = text + len;
	struct tui_settings s = { 0 };
	size_t bad = 0, first = 0;
	char line[1024], *value;

	for (size_t n = 1; next_line(&at, end, line, sizeof(line), &value); n++) {
		int key = value && *line ? find_key(line) : value ? -1 : -2;

		if (key != -2 && (key == -1 || !parse_value(key, value, &s)))
			continue;
		bad++;
		first = first ? first : n;
	}
	*ret = s;
	*ret_line = first;
	return bad;
}

void settings__print(const struct tui_settings *given, const char *old, struct sbuf *out)
{
	const char *at = old, *end = old + strlen(old);
	struct tui_settings whole = *given, *s = &whole;
	char line[1024], *value;
	int screen_cnt = 0;

	while (screen_name(screen_cnt))
		screen_cnt++;
	tui_settings__complete(s, screen_cnt);
	sbuf__puts(out,
		   "# What giltop's live view was set to (F2). Unknown keys are kept.\ncolumns");
	for (size_t i = 0; i < s->order_cnt; i++)
		if (tui_settings__shows(s, s->order[i]))
			sbuf__printf(out, " %s", thread_columns[s->order[i]].name);
	sbuf__printf(out, "\nsort %s\ncolours %s\nscreen %s\npools %s\nown-code %s\nmouse %s\n",
		     sort_name(s->sort), tui_settings__scheme_name(s->scheme),
		     screen_name(s->screen), tui_settings__group_name(s->group),
		     switch_name(s->my_code), switch_name(s->mouse));
	while (next_line(&at, end, line, sizeof(line), &value))
		if (value && *line && find_key(line) == -1 && out->len < SETTINGS_MAX_SZ / 2)
			sbuf__printf(out, "%s %s\n", line, value);
}

/* ---- the file; all of this with the rights of the user whose it is ---- */

/* The directories are made if they are wanted and not there. 0 or -errno. */
static int find_path(struct sbuf *path, bool make)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	int err = 0;

	/* A relative one is to be ignored, says who invented it. */
	if (config && *config == '/')
		sbuf__puts(path, config);
	else
		err = invoker__home(path);
	if (err)
		return err;
	if (!config || *config != '/')
		sbuf__puts(path, "/.config");
	if (make && !path->oom && mkdir(sbuf__str(path), 0700) && errno != EEXIST)
		err = -errno;
	sbuf__puts(path, "/giltop");
	if (make && !err && !path->oom && mkdir(sbuf__str(path), 0700) && errno != EEXIST)
		err = -errno;
	sbuf__puts(path, "/settings");
	return path->oom ? -ENOMEM : err;
}

/* Nothing but a regular file is opened: links are refused, and devices and pipes not touched. */
static int read_regular(const char *path, struct sbuf *text)
{
	__cleanup(closep) int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char fd_path[32];
	struct stat st;
	int err;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISLNK(st.st_mode) ? -ELOOP : -EINVAL;
	snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", fd);
	err = read_file(AT_FDCWD, fd_path, SETTINGS_MAX_SZ + 1, text);
	return err ? err : text->len > SETTINGS_MAX_SZ ? -EFBIG : 0;
}

int settings__load(struct tui_settings *ret, bool quiet)
{
	__cleanup(sbuf__free) struct sbuf path = { 0 }, text = { 0 };
	struct invoker_rights rights = { 0 };
	size_t bad, line;
	int err = invoker__enter(&rights);

	*ret = (struct tui_settings){ 0 };
	if (!err)
		err = find_path(&path, false);
	if (!err)
		err = read_regular(sbuf__str(&path), &text);
	invoker__leave(&rights);
	/* No such file or home: nothing was ever chosen. */
	if (err == -ENOENT || err == -ENOTDIR)
		return 0;
	if (path.s)
		clean_in_place(path.s);
	if (err) {
		if (!quiet)
			pr_warn("settings: cannot read %s: %s\n", sbuf__str(&path), errstr(err));
		return err;
	}
	bad = settings__parse(sbuf__str(&text), text.len, ret, &line);
	if (bad && !quiet)
		pr_warn("settings: %s: line %zu is not understood%s\n", sbuf__str(&path), line,
			bad > 1 ? ", nor are others" : "");
	return 0;
}

static int write_all(int fd, const struct sbuf *text)
{
	for (size_t done = 0; done < text->len;) {
		ssize_t n = write(fd, text->s + done, text->len - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* A new file beside it, and then its name. */
static int put_in_place(const char *path, const struct sbuf *text)
{
	__cleanup(sbuf__free) struct sbuf beside = { 0 };
	uint64_t unguessable;
	int fd, err;

	if (getrandom(&unguessable, sizeof(unguessable), 0) != sizeof(unguessable))
		return -EIO;
	sbuf__printf(&beside, "%s.%016" PRIx64, path, unguessable);
	if (beside.oom || text->oom)
		return -ENOMEM;
	fd = open(sbuf__str(&beside), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = write_all(fd, text);
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(sbuf__str(&beside), path))
		err = -errno;
	if (err)
		unlink(sbuf__str(&beside));
	return err;
}

int settings__save(const struct tui_settings *s, struct sbuf *ret_path)
{
	__cleanup(sbuf__free) struct sbuf path = { 0 }, old = { 0 }, text = { 0 };
	struct invoker_rights rights = { 0 };
	int err = invoker__enter(&rights);

	if (!err)
		err = find_path(&path, true);
	if (!err)
		err = read_regular(sbuf__str(&path), &old);
	if (err == -ENOENT && path.s)
		err = 0;
	if (!err) {
		settings__print(s, strlen(sbuf__str(&old)) == old.len ? sbuf__str(&old) : "",
				&text);
		err = put_in_place(sbuf__str(&path), &text);
	}
	invoker__leave(&rights);
	if (path.s && ret_path) {
		clean_in_place(path.s);
		sbuf__puts(ret_path, path.s);
	}
	return err;
}
