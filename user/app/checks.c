/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/checks.h"

#include <stdio.h>

#include "user/app/opts.h"
#include "user/base/log.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/target/failure.h"

int checks__judge(const struct checks *c, const struct snapshot *before, const struct snapshot *s,
		  struct check_outcome *ret)
{
	int code = EXIT_OK;

	for (size_t i = 0; i < c->cnt; i++) {
		__cleanup(sbuf__free) struct sbuf words = { 0 };
		enum check_result r = check__judge(&c->list[i], before, s, &words);

		if (ret) {
			ret[i].result = r;
			snprintf(ret[i].words, sizeof(ret[i].words), "%s", sbuf__str(&words));
		}
		if (r == CHECK_HOLDS) {
			pr_verb("check holds: %s: %s\n", c->list[i].text, sbuf__str(&words));
			continue;
		}
		pr_warn("check broken: %s: %s\n", c->list[i].text, sbuf__str(&words));
		code = EXIT_CHECK;
	}
	return code;
}
