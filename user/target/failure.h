/* SPDX-License-Identifier: BSD-2-Clause */
/* failure.h - why something is not measured: the reason, its exit code, its words, what to do
 *
 * One row a reason (failure.c). What failed, why (with the value found), the command that mends it: one
 * line on stderr.
 */
#ifndef GILTOP_TARGET_FAILURE_H
#define GILTOP_TARGET_FAILURE_H

#include <stdbool.h>
#include <sys/types.h>

/* A contract, with their names in the man page. */
enum exit_code {
	EXIT_OK = 0,
	EXIT_RUNTIME = 1,
	EXIT_USAGE = 2,
	EXIT_PERMISSION = 3,
	EXIT_NO_TARGET = 4,
	EXIT_UNSUPPORTED = 5,
	EXIT_LOST = 6,
	EXIT_CHECK = 7,
};

enum failure {
	FAIL_NONE = 0,
	/* of one process */
	FAIL_ALREADY,	     /* it is measured already */
	FAIL_GONE,	     /* no such process, or no more */
	FAIL_NOT_PYTHON,     /* it may become one: by exec, or by loading one */
	FAIL_MAY_NOT_LOOK,   /* its memory is not ours to read */
	FAIL_REFUSED,	     /* a CPython that is not understood */
	FAIL_GIL_OFF,	     /* free-threaded, without a GIL */
	FAIL_MAY_NOT_ATTACH, /* it may be looked at, but not probed */
	/* of the machine, or of what we may do on it */
	FAIL_MAY_NOT_TRACE,
	FAIL_MAY_NOT_LOAD,
	FAIL_LOCKED_DOWN,
	FAIL_NO_BPF,
	FAIL_NO_BTF,
	FAIL_KERNEL, /* it refuses the programs */
	FAIL_PID_NAMESPACE,
	FAIL_INTERRUPTED, /* a signal came that wants giltop to end */
	FAIL_NO_MEMORY,
	FAIL_SYSTEM, /* anything else; its words are the errno's */
	FAIL_CNT,
};

/* Of -ENOMEM, -ESRCH and so on, where one says the same as the other; else FAIL_SYSTEM. 0: FAIL_NONE. */
enum failure failure__of(int err);
/* Say it with the words that came with it (why; "" or NULL: those of the table) and what to do; pid: whose it is, or 0.
 * Returns its exit code.
 */
int failure__say(enum failure f, const char *why, pid_t pid);
/* The same of one of many that were not asked for by name (-a, -s, children): what is none of the user's business stays
 * silent or is for -v.
 */
void failure__say_of_many(enum failure f, const char *why);
/* Does that say it? */
bool failure__is_loud(enum failure f);

#endif
