/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/command_line.h"

#include <string.h>

#include "user/base/sbuf.h"
#include "user/base/text.h"

static void put_word(struct sbuf *b, const char *word)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "_@%+=:,./-";

	if (*word && !word[strspn(word, safe)]) {
		sbuf__puts(b, word);
		return;
	}
	sbuf__puts(b, "'");
	for (; *word; word++) {
		if (*word == '\'')
			sbuf__puts(b, "'\\''");
		else
			sbuf__add(b, word, 1);
	}
	sbuf__puts(b, "'");
}

char *command_line(int argc, char **argv)
{
	struct sbuf b = { 0 };

	sbuf__puts(&b, "");
	for (int i = 0; i < argc; i++) {
		sbuf__puts(&b, i ? " " : "");
		put_word(&b, i ? argv[i] : path_base(argv[i]));
	}
	if (b.oom) {
		sbuf__free(&b);
		return NULL;
	}
	clean_in_place(b.s);
	return b.s;
}
