/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define MAX_LEN 64

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

size_t text_edits(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	size_t rows[3][MAX_LEN + 1]; /* edits from the first i letters of a to the first j of b */

	if (la > MAX_LEN || lb > MAX_LEN)
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *row = rows[i % 3], *last = rows[(i - 1) % 3], *before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			row[j] = min(last[j], row[j - 1]) + 1;
			row[j] = min(row[j], last[j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				row[j] = min(row[j], before[j - 2] + 1);
		}
	}
	return rows[la % 3][lb];
}

void nearest__try(struct nearest *n, const char *name)
{
	size_t len = strlen(n->word), edits = text_edits(n->word, name);

	/* A word that somebody has cut short is like it, too. */
	if (len >= 3 && !strncasecmp(n->word, name, len))
		edits = min(edits, 1);
	/* With more than a third of it wrong it was some other word. */
	if (len < 2 || edits > (len + 1) / 3 || (n->best && edits >= n->edits))
		return;
	n->best = name;
	n->edits = edits;
}
