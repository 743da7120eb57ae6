/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/proc_sleep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"

/* "State:\tS (sleeping)" .. "voluntary_ctxt_switches:\t7", "nonvoluntary_ctxt_switches:\t2" */
static int read_status(pid_t pid, pid_t tid, char *state, uint64_t *cnt)
{
	static const char of_state[] = "State:\t", of_cnt[] = "voluntary_ctxt_switches:\t";
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, tid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		const char *at = strstr(line, of_cnt);

		if (!strncmp(line, of_state, sizeof(of_state) - 1))
			*state = line[sizeof(of_state) - 1];
		else if (at)
			*cnt += strtoull(at + sizeof(of_cnt) - 1, NULL, 10);
	}
	fclose(f);
	return 0;
}

int proc__sleep(pid_t pid, pid_t tid, uint64_t *ret)
{
	uint64_t cnt = 0;
	char state = '?';
	int err = read_status(pid, tid, &state, &cnt);

	if (!err && state != 'S' && state != 'D')
		err = -EAGAIN;
	if (!err)
		*ret = cnt;
	return err;
}
