/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "user/base/fit.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/view/html_impl.h"

/* What begins anything else than text in HTML, in an attribute, or ends a script. */
static const char *entity(char c)
{
	switch (c) {
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '&': return "&amp;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	default: return NULL;
	}
}

void html__text(FILE *out, const char *s)
{
	__cleanup(sbuf__free) struct sbuf cut = { 0 };

	fit__middle(s, TEXT_COLUMNS, &cut);
	for (s = sbuf__str(&cut); *s; s++) {
		if (entity(*s))
			fputs(entity(*s), out);
		else
			putc(*s, out);
	}
}

void html__json(FILE *out, const char *s)
{
	__cleanup(sbuf__free) struct sbuf cut = { 0 };

	fit__middle(s, TEXT_COLUMNS, &cut);
	putc('"', out);
	for (s = sbuf__str(&cut); *s; s++) {
		if (strchr("<>&'\"\\", *s) || (unsigned char)*s < 0x20)
			fprintf(out, "\\u%04x", (unsigned char)*s);
		else
			putc(*s, out);
	}
	putc('"', out);
}
