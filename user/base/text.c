/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

size_t utf8_decode(const unsigned char *s, size_t n, uint32_t *ret)
{
	static const uint32_t min[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = s[0] < 0x80   ? 1
		     : s[0] < 0xc2 ? 0
		     : s[0] < 0xe0 ? 2
		     : s[0] < 0xf0 ? 3
		     : s[0] < 0xf5 ? 4
				   : 0;
	uint32_t c;

	if (len == 0 || len > n)
		return 0;
	c = len == 1 ? s[0] : s[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < min[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return len;
}

size_t utf8_write(uint32_t c, char ret[4])
{
	static const uint8_t first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = len; i-- > 1; c >>= 6)
		ret[i] = (char)(0x80 | (c & 0x3f));
	ret[0] = (char)(first[len] | c);
	return len;
}

/* Control characters, and the marks that reorder or hide the text around them. */
static bool is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) ||
	       (c & 0xfffe) == 0xfffe || (c >= 0xe0000 && c <= 0xe0fff);
}

size_t clean_text(const char *in, size_t in_len, char *out, size_t out_sz)
{
	size_t i = 0, o = 0;

	if (!out_sz)
		return 0;
	while (i < in_len && in[i]) {
		uint32_t c = 0;
		size_t len = utf8_decode((const unsigned char *)in + i, in_len - i, &c);
		bool bad = len == 0 || is_unsafe(c);
		size_t need = bad ? 1 : len;

		if (o + need >= out_sz)
			break;
		if (bad)
			out[o] = '?';
		else
			memmove(out + o, in + i, len); /* in place it may overlap */
		o += need;
		i += len ? len : 1;
	}
	out[o] = '\0';
	return o;
}

void clean_in_place(char *s)
{
	clean_text(s, strlen(s), s, strlen(s) + 1); /* it never becomes longer */
}

size_t text_prefix(const char *s, size_t max_chars, size_t max_bytes, size_t *ret_chars)
{
	size_t i = 0, chars = 0;

	while (s[i] && chars < max_chars) {
		size_t len = 1;

		while (((unsigned char)s[i + len] & 0xc0) == 0x80)
			len++;
		if (i + len > max_bytes)
			break;
		i += len;
		chars++;
	}
	if (ret_chars)
		*ret_chars = chars;
	return i;
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

const char *path_short(const char *path)
{
	static const char *const common[] = {
		"__init__.py", "__main__.py", "api.py",	   "app.py",	"base.py",   "core.py",
		"handlers.py", "main.py",     "models.py", "routes.py", "server.py", "tasks.py",
		"urls.py",     "utils.py",    "views.py",  "wsgi.py"
	};
	const char *base = path_base(path), *dir = base;
	bool is_common = false;

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		is_common |= !strcmp(base, common[i]);
	if (!is_common || base == path)
		return base;
	for (dir--; dir > path && dir[-1] != '/';)
		dir--;
	return dir + 1 < base ? dir : base;
}

const char *command_short(const char *cmdline)
{
	size_t len = strcspn(cmdline, " ");
	const char *base = cmdline + len, *rest = cmdline + len + strspn(cmdline + len, " ");

	while (base > cmdline && base[-1] != '/')
		base--;
	if (!*rest || strncmp(base, "python", 6))
		return cmdline;
	base += 6;
	base += strspn(base, "0123456789.");
	return base == cmdline + len ? rest : cmdline;
}
