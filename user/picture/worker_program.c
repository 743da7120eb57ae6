/* SPDX-License-Identifier: BSD-2-Clause */
/* worker_program.c - which program a command line is of
 *
 * Workers that were forked have their master's ("/usr/bin/python3 /usr/bin/gunicorn app:app"), or a title of their own
 * ("gunicorn: worker [shop]", "uWSGI worker 3", "[celeryd: celery@host:ForkPoolWorker-3]"); those that multiprocessing
 * spawns have descriptors in theirs. Arguments of a script do not count: shards of one service differ in them.
 */
#include <stdio.h>
#include <string.h>

#include "user/base/text.h"
#include "user/picture/pools.h"
#include "user/picture/workers.h"

static const char *skip_word(const char *s)
{
	s += strcspn(s, " ");
	return s + strspn(s, " ");
}

static void put_word(const char *s, bool base, char *buf, size_t sz)
{
	char word[WORKER_PROGRAM_SZ];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(s, " "), s);
	snprintf(buf, sz, "%s", base ? path_base(word) : word);
}

/* Of -c: multiprocessing starts its helpers so, with descriptors that differ. */
static void put_code(const char *code, char *buf, size_t sz)
{
	static const char from[] = "from multiprocessing.";
	const char *rest = strstr(code, from);

	if (rest)
		snprintf(buf, sz, "multiprocessing.%.*s", (int)strcspn(rest + strlen(from), " "),
			 rest + strlen(from));
	else
		snprintf(buf, sz, "-c %s", code);
}

/* What an interpreter was told to run; args: its arguments. False: nothing. */
static bool put_program(const char *args, char *buf, size_t sz)
{
	while (*args == '-' && args[1] != '\0' && args[1] != ' ') {
		const char *opt = args + 1 + strcspn(args + 1, "cmXW ");
		const char *arg =
			*opt && *opt != ' ' && opt[1] && opt[1] != ' ' ? opt + 1 : skip_word(opt);

		if (args[1] == '-' || !*opt || *opt == ' ') {
			args = skip_word(args);
		} else if (*opt == 'm') {
			put_word(arg, false, buf, sz);
			return true;
		} else if (*opt == 'c') {
			put_code(arg, buf, sz);
			return true;
		} else { /* -X, -W */
			args = skip_word(arg);
		}
	}
	if (!*args)
		return false;
	put_word(args, true, buf, sz);
	return true;
}

bool worker__has_name(const char *cmdline)
{
	return *cmdline && strcmp(cmdline, "?") != 0;
}

bool worker__program(const char *cmdline, const char *comm, char *buf, size_t sz)
{
	const char *args = command_short(cmdline), *end;
	char title[WORKER_PROGRAM_SZ];
	size_t word = strcspn(cmdline, " ");

	snprintf(buf, sz, "%s", comm);
	if (!worker__has_name(cmdline))
		return false;
	if (strstr(cmdline, " --multiprocessing-fork")) {
		snprintf(buf, sz, "multiprocessing.spawn");
		return false;
	}
	if (args != cmdline) {
		if (!put_program(args, buf, sz))
			put_word(cmdline, true, buf, sz);
		return false;
	}
	/* setproctitle's, and uWSGI's --auto-procname */
	if (cmdline[word ? word - 1 : 0] != ':' && strncmp(cmdline, "uWSGI ", 6) != 0) {
		put_word(cmdline, true, buf, sz);
		return false;
	}
	end = strstr(cmdline, "] -"); /* Celery adds what it is at */
	word = end ? (size_t)(end + 1 - cmdline) : strlen(cmdline);
	while (word &&
	       cmdline[word - 1] == ' ') /* it is as long as what it has taken the place of */
		word--;
	snprintf(title, sizeof(title), "%.*s", word < sizeof(title) ? (int)word : WORKER_PROGRAM_SZ,
		 cmdline);
	pool__of_name(title, buf, sz);
	return true;
}
