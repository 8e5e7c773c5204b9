// SPDX-License-Identifier: ISC
/* fuzz_NAME DIRECTORY...: give every file there to the fuzz target: for compilers without
 * libFuzzer. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

/* An input of its own size, so that reading past its end is seen. */
static int
replay(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	struct stat stat;
	uint8_t *data;
	ssize_t n;

	if (fd < 0 || fstat(fd, &stat) < 0) {
		perror(name);
		return -1;
	}
	data = malloc(stat.st_size > 0 ? (size_t)stat.st_size : 1);
	HOLDS(data != NULL);
	n = read(fd, data, (size_t)stat.st_size);
	close(fd);
	HOLDS(n == stat.st_size);
	LLVMFuzzerTestOneInput(data, (size_t)n);
	free(data);
	return 0;
}

int
main(int argc, char **argv)
{
	int count = 0;

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);

		for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
			if (e->d_name[0] == '.')
				continue;
			if (replay(dirfd(dir), e->d_name) < 0)
				return 1;
			count++;
		}
		if (dir == NULL) {
			perror(argv[i]);
			return 1;
		}
		closedir(dir);
	}
	printf("%d inputs\n", count);
	return count > 0 ? 0 : 1;
}
