/* SPDX-License-Identifier: BSD-2-Clause */
/* command_line.h - what was typed, to be shown again */
#ifndef GILTOP_APP_COMMAND_LINE_H
#define GILTOP_APP_COMMAND_LINE_H

/* These words as one line that a shell would take as them, the first without its folder; clean text. The caller frees it;
 * NULL: no memory.
 */
char *command_line(int argc, char **argv);

#endif
