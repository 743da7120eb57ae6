/* SPDX-License-Identifier: BSD-2-Clause */
/* text.h - text that may come from a target: made safe, measured in characters */
#ifndef GILTOP_BASE_TEXT_H
#define GILTOP_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Make target-owned text safe to show: valid UTF-8 only, control and bidi bytes become '?', at most
 * out_sz - 1 bytes, cut at a character. Returns the length. in need not be NUL-terminated.
 */
size_t clean_text(const char *in, size_t in_len, char *out, size_t out_sz);
/* The same in place. */
void clean_in_place(char *s);
/* Of clean text: how many bytes its first characters take, at most max_chars of them and max_bytes bytes; *ret_chars
 * (if not NULL): how many they are. Never half a character.
 */
size_t text_prefix(const char *s, size_t max_chars, size_t max_bytes, size_t *ret_chars);
/* Decode one UTF-8 character of at most n bytes (n > 0): its length, 0 if it is not valid. */
size_t utf8_decode(const unsigned char *s, size_t n, uint32_t *ret);
/* Write c as UTF-8: its length, 1..4. */
size_t utf8_write(uint32_t c, char ret[4]);
/* The last part of a path; all of it where that is empty. */
const char *path_base(const char *path);
/* .. but with its folder where many files are called so: "shop/views.py", "json/__init__.py". */
const char *path_short(const char *path);
/* A command line to recognise a process by: without the interpreter ("/usr/bin/python3 -u app.py x" is
 * "-u app.py x") unless that is all there is. Points into cmdline.
 */
const char *command_short(const char *cmdline);

#endif
