/* SPDX-License-Identifier: BSD-2-Clause */
/* settings.h - what the user has chosen of the live view, in a small text file of that user
 *
 * $XDG_CONFIG_HOME/giltop/settings, else ~/.config/giltop/settings; under sudo those of the invoking
 * user, reached with that user's rights. A line is a key, a blank and a value; # starts a comment.
 * It is data like any other that comes from outside: whatever is in it, giltop runs on.
 */
#ifndef GILTOP_APP_SETTINGS_H
#define GILTOP_APP_SETTINGS_H

#include "tui/tui_settings.h"

struct sbuf;

/* More than this is no file of settings. */
#define SETTINGS_MAX_SZ 65536

/* What text says; what is not there is as nothing was chosen. Lines that are not understood are counted,
 * and the first one is named: its number (from 1) in *ret_line, 0: all were. Keys that are not known
 * are not counted.
 */
size_t settings__parse(const char *text, size_t len, struct tui_settings *ret, size_t *ret_line);
/* The same as text. old: what is in the file now, or ""; lines there with keys that are not known are
 * kept, they may be a later version's.
 */
void settings__print(const struct tui_settings *given, const char *old, struct sbuf *out);

/* The file: 0 (it need not be there; then nothing was chosen), or -errno, said by a warning unless
 * quiet. *ret is good in any case.
 */
int settings__load(struct tui_settings *ret, bool quiet);
/* A new file takes the old one's place: 0, or -errno, and nothing has changed. *ret_path, if not NULL:
 * where that is, or would be. Says nothing.
 */
int settings__save(const struct tui_settings *s, struct sbuf *ret_path);

#endif
