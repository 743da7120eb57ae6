/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/footing.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "user/base/log.h"
#include "user/target/failure.h"

void footing__open_std(void)
{
	/* Stdout is the data's: that it is lost must not go unnoticed. */
	static const int how[] = { O_RDONLY, O_RDONLY, O_WRONLY };

	/* In this order each gets the number that is missing. A command has them closed as we had. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", how[fd] | O_CLOEXEC);
}

bool footing__has_stdout(void)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

int footing__check_proc(void)
{
	if (!access("/proc/self/stat", F_OK))
		return 0;
	pr_warn("/proc is not mounted: processes are looked up there; try: mount -t proc proc "
		"/proc\n");
	return EXIT_RUNTIME;
}
