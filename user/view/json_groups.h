/* SPDX-License-Identifier: BSD-2-Clause */
/* json_groups.h - workers of one master as json.c writes them */
#ifndef GILTOP_VIEW_JSON_GROUPS_H
#define GILTOP_VIEW_JSON_GROUPS_H

#include <stdbool.h>

struct json_out;
struct snapshot;

/* "groups":[..]; null if there is no memory to find them. small: not more than some of each list. */
void json_groups__put(struct json_out *j, const struct snapshot *s, bool small);

#endif
