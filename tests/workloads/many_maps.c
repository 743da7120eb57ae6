/* SPDX-License-Identifier: BSD-2-Clause */
/* many_maps FILE OFFSET (hexadecimal): a page of it, as code, as often as the kernel allows; then it waits */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = argc == 3 ? open(argv[1], O_RDONLY) : -1;
	off_t off = argc == 3 ? (off_t)strtoull(argv[2], NULL, 16) : 0;

	if (fd < 0)
		return 1;
	for (int i = 0; i < 32000; i++) { /* pairs that the kernel cannot make one */
		if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, off) == MAP_FAILED)
			break;
		if (mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, off) == MAP_FAILED)
			break;
	}
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
