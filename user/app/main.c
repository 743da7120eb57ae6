/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - parse the options, run a verb, map what went wrong to an exit code
 *
 * Where to look (doc/architecture.md says why it is cut so, and follows one event through all of it):
 *	bpf/gil.bpf.c		the programs at the probes; events.bpf.h what each does to the books,
 *				life.bpf.h what ends of threads and processes do
 *	user/base/		nothing of giltop: strings, text, tables, /proc, units, messages
 *	user/elf/		ELF files and their instructions
 *	user/gil/find.c		from an ELF file to the places to probe
 *	user/python/process.c	the memory of a running CPython; sym.c names and lines
 *	user/target/target.c	from a pid to what can be probed; failure.c why not
 *	user/books/sink.h	records, the seam between sources and sinks; totals.h; counters.h
 *	user/picture/snapshot.h	what views see; timeline.h, stack_store.h
 *	user/probe/probe.c	load, attach, read
 *	user/source/collector.c	the live source
 *	user/model/model.c	the sums, and build.c: a snapshot of them
 *	user/judge/verdict.c	what the figures mean
 *	user/view/formats.c	the table of output formats, each a file; columns.c
 *	tui/ui.c		the live view, a file a screen
 *	user/app/session.c	a run: joins source, sinks and views in one loop; opts.c, launch.c, doctor.c
 */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "user/app/diff.h"
#include "user/app/doctor.h"
#include "user/app/footing.h"
#include "user/app/opts.h"
#include "user/app/session.h"
#include "user/base/log.h"
#include "user/base/util.h"
#include "user/target/failure.h"

/* What list, doctor and --help have printed; a closed pipe is no error. */
static int written(int code)
{
	int err = fflush(stdout) ? errno : ferror(stdout) ? EIO : 0;

	if (code || !err || err == EPIPE)
		return code;
	pr_warn("cannot write the output: %s\n",
		footing__has_stdout() ? errstr(err) : "stdout is closed");
	return EXIT_RUNTIME;
}

static int run(const struct opts *o)
{
	int code = footing__check_proc();

	if (code)
		return code;
	switch (o->verb) {
	case VERB_LIST: return written(doctor__list(o));
	case VERB_DOCTOR: return written(doctor__run(o));
	case VERB_DIFF: return diff__run(o);
	default: return o->file_cnt ? session__replay(o) : session__run(o);
	}
}

/* A trigger (session_signals.c), which must not end what has just begun. */
static void hold_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

int main(int argc, char **argv)
{
	static char buf[1 << 16]; /* stdout's, to the end */
	struct opts o;
	int code, err;

	footing__open_std();
	/* What help and lists print comes at once: an error in the middle of it has lost its errno by the end. */
	if (!isatty(STDOUT_FILENO))
		setvbuf(stdout, buf, _IOFBF, sizeof(buf));
	setlocale(LC_CTYPE, "");
	err = opts__parse(argc, argv, &o);
	if (err)
		return err > 0 ? written(EXIT_OK) : EXIT_USAGE;
	hold_signal();
	log__set_level(o.quiet ? LOG_WARN : LOG_INFO + o.verbose);
	code = run(&o);
	opts__free(&o);
	return code;
}
