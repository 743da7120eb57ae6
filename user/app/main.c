/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <locale.h>
#include <stdio.h>

#include "user/app/doctor.h"
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
	pr_warn("cannot write the output: %s\n", errstr(err));
	return EXIT_RUNTIME;
}

int main(int argc, char **argv)
{
	struct opts o;
	int code, err;

	setlocale(LC_CTYPE, "");
	err = opts__parse(argc, argv, &o);
	if (err)
		return err > 0 ? written(EXIT_OK) : EXIT_USAGE;
	log__set_level(o.quiet ? LOG_WARN : LOG_INFO + o.verbose);
	switch (o.verb) {
	case VERB_LIST: code = written(doctor__list(&o)); break;
	case VERB_DOCTOR: code = written(doctor__run(&o)); break;
	default: code = session__run(&o); break;
	}
	opts__free(&o);
	return code;
}
