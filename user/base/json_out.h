/* SPDX-License-Identifier: BSD-2-Clause */
/* json_out.h - write JSON, one value after the other, commas included */
#ifndef GILTOP_BASE_JSON_OUT_H
#define GILTOP_BASE_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Zero-initialise but for out. key: NULL inside an array. */
struct json_out {
	FILE *out;
	bool need_comma;
};

void json__open(struct json_out *j, const char *key, char bracket);
void json__close(struct json_out *j, char bracket);
void json__str(struct json_out *j, const char *key, const char *s); /* s: valid UTF-8 */
void json__u64(struct json_out *j, const char *key, uint64_t v);
void json__ns(struct json_out *j, const char *key, uint64_t ns); /* NS_UNKNOWN: null */
void json__ms(struct json_out *j, const char *key, uint64_t ns); /* 1500: 0.0015 */
void json__real(struct json_out *j, const char *key, double v);
void json__bool(struct json_out *j, const char *key, bool v);
void json__null(struct json_out *j, const char *key);
/* End the line and flush: 0 or -errno. */
int json__end(struct json_out *j);

#endif
