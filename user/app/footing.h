/* SPDX-License-Identifier: BSD-2-Clause */
/* footing.h - what every program takes for granted, and who starts giltop may have taken away */
#ifndef GILTOP_APP_FOOTING_H
#define GILTOP_APP_FOOTING_H

#include <stdbool.h>

/* Where stdin, stdout or stderr is closed: put something there before anything else gets its number. Of stdin the end is
 * read, what goes to stderr is lost, and nothing can be written to stdout (-EBADF).
 */
void footing__open_std(void);
/* Can stdout be written at all? */
bool footing__has_stdout(void);
/* Is there a /proc? 0, or an exit code that has been explained. */
int footing__check_proc(void);

#endif
