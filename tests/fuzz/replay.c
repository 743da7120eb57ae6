/* SPDX-License-Identifier: BSD-2-Clause */
/* replay.c - a fuzzer without libFuzzer: what its corpus holds, and some changes to each
 *
 * corpus_NAME [FOLDER] (tests/fuzz/corpus/NAME): a line for each file, as the unit tests write them (scripts/run-unit
 * counts these). The changes are the same each time; looking for new ones is libFuzzer's.
 */
#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define CHANGES	 200
#define FILE_MAX 65536

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Of exactly its size, so that the sanitizer sees what is read beyond. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	promise(copy);
	if (size)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void run_changed(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	uint64_t state = 88172645463325252ull + size;

	promise(copy);
	for (int i = 0; i < CHANGES && size; i++) {
		memcpy(copy, data, size);
		for (uint64_t n = 1 + next_random(&state) % 4; n--;)
			copy[next_random(&state) % size] = (uint8_t)next_random(&state);
		run(copy, next_random(&state) % 8 ? size : next_random(&state) % size);
	}
	free(copy);
}

static int replay(const char *folder, const char *name, FILE *say)
{
	static uint8_t data[FILE_MAX];
	char path[8192];
	size_t size;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "re");
	if (!f) {
		fprintf(say, "[  FAILED  ] corpus_%s cannot be read\n", name);
		return 1;
	}
	size = fread(data, 1, sizeof(data), f);
	fclose(f);
	fprintf(say, "[ RUN      ] corpus_%s\n", name);
	fflush(say);
	run(data, size);
	run_changed(data, size);
	fprintf(say, "[       OK ] corpus_%s\n", name);
	fflush(say);
	return 0;
}

int main(int argc, char **argv)
{
	FILE *say = fdopen(dup(STDOUT_FILENO), "w");
	const char *name = strchr(program_invocation_short_name, '_');
	struct dirent **files;
	char folder[4096];
	int failed = 0, n;

	if (argc == 2)
		snprintf(folder, sizeof(folder), "%s", argv[1]);
	else
		snprintf(folder, sizeof(folder), "tests/fuzz/corpus/%s", name ? name + 1 : "");
	n = scandir(folder, &files, NULL, alphasort);
	/* What is tested may print. */
	if (!say || n < 0 || !freopen("/dev/null", "w", stdout)) {
		fprintf(stderr, "%s: cannot read %s\n", argv[0], folder);
		return 2;
	}
	run(NULL, 0);
	for (int i = 0; i < n; i++) {
		if (files[i]->d_name[0] != '.')
			failed += replay(folder, files[i]->d_name, say);
		free(files[i]);
	}
	free(files);
	fclose(say);
	return failed != 0;
}
