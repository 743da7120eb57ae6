/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

void fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

void freep(void *p)
{
	free(*(void **)p);
}

const char *errstr(int err)
{
	static __thread char buf[96];
	const char *name;

	if (err < 0)
		err = -err;
	name = strerrorname_np(err);
	snprintf(buf, sizeof(buf), "%s: %s", name ? name : "?", strerror(err));
	return buf;
}

static bool sbuf_reserve(struct sbuf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 64;
	char *s;

	if (b->oom)
		return false;
	if (more > SIZE_MAX / 4 - b->len) {
		b->oom = true;
		return false;
	}
	while (cap < b->len + more + 1)
		cap *= 2;
	if (cap == b->cap)
		return true;
	s = realloc(b->s, cap);
	if (!s) {
		b->oom = true;
		return false;
	}
	b->s = s;
	b->cap = cap;
	return true;
}

void sbuf__add(struct sbuf *b, const char *s, size_t len)
{
	if (!sbuf_reserve(b, len))
		return;
	memcpy(b->s + b->len, s, len);
	b->len += len;
	b->s[b->len] = '\0';
}

void sbuf__puts(struct sbuf *b, const char *s)
{
	sbuf__add(b, s, strlen(s));
}

void sbuf__printf(struct sbuf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !sbuf_reserve(b, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

const char *sbuf__str(const struct sbuf *b)
{
	return b->s ? b->s : "";
}

void sbuf__reset(struct sbuf *b)
{
	b->len = 0;
	b->oom = false;
	if (b->s)
		b->s[0] = '\0';
}

void sbuf__free(struct sbuf *b)
{
	free(b->s);
	*b = (struct sbuf){ 0 };
}

int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret)
{
	unsigned long long v;
	char *end;

	if (!s || *s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	v = strtoull(s, &end, 10);
	if (*end)
		return -EINVAL;
	if (errno || v < min || v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}

int parse_duration(const char *s, uint64_t *ret_ns)
{
	static const struct {
		const char *suffix;
		double ns;
	} units[] = {
		{ "", 1e9 }, { "s", 1e9 },  { "ms", 1e6 },   { "us", 1e3 },
		{ "ns", 1 }, { "m", 60e9 }, { "min", 60e9 }, { "h", 3600e9 },
	};
	double v;
	char *end;

	if (!s || !((*s >= '0' && *s <= '9') || *s == '.'))
		return -EINVAL;
	errno = 0;
	v = strtod(s, &end);
	if (errno || end == s || !isfinite(v) || strpbrk(s, "xXpPeE"))
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(end, units[i].suffix))
			continue;
		v *= units[i].ns;
		if (v < 1 || v > 1e9 * 86400 * 365)
			return -ERANGE;
		*ret_ns = (uint64_t)(v + 0.5);
		return 0;
	}
	return -EINVAL;
}

/* Decode one UTF-8 character of at most n bytes; returns its length, 0 if it is not valid. */
static size_t utf8_decode(const unsigned char *s, size_t n, uint32_t *ret)
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
			memcpy(out + o, in + i, len);
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

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int array_grow(void *parr, size_t n, size_t *cap, size_t elem_sz)
{
	size_t want = *cap ? *cap * 2 : 16;
	void *p;

	if (n < *cap)
		return 0;
	p = reallocarray(*(void **)parr, want, elem_sz);
	if (!p)
		return -ENOMEM;
	*(void **)parr = p;
	*cap = want;
	return 0;
}

int read_file(int dirfd, const char *path, size_t max, struct sbuf *b)
{
	__cleanup(closep) int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	char buf[4096];

	if (fd < 0)
		return -errno;
	while (max > 0) {
		ssize_t n = read(fd, buf, max < sizeof(buf) ? max : sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		sbuf__add(b, buf, (size_t)n);
		max -= (size_t)n;
	}
	return b->oom ? -ENOMEM : 0;
}
