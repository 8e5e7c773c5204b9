// SPDX-License-Identifier: ISC
#include "flashback/store/roomtest.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM_TEST ".flashback-room-test"
#define WRITTEN_MAX (64 << 20) /* where room cannot be reserved without writing */

/* Write so many bytes, where fallocate is not supported. */
static int
write_zeros(int fd, uint64_t bytes)
{
	static const char block[65536];

	for (uint64_t done = 0; done < bytes; done += sizeof(block)) {
		ssize_t n = write(fd, block, sizeof(block));

		if (n != (ssize_t)sizeof(block)) {
			errno = n == -1 ? errno : ENOSPC;
			return -1;
		}
	}
	return fdatasync(fd);
}

int
roomtest_holds(int dirfd, uint64_t bytes)
{
	int fd, rc, error;

	if (unlinkat(dirfd, ROOM_TEST, 0) == -1 && errno != ENOENT)
		return -1;
	fd = openat(dirfd, ROOM_TEST, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	            S_IRUSR | S_IWUSR);
	if (fd == -1)
		return -1;
	rc = fallocate(fd, 0, 0, (off_t)bytes);
	if (rc == -1 && errno == EOPNOTSUPP)
		rc = write_zeros(fd, bytes < WRITTEN_MAX ? bytes : WRITTEN_MAX);
	error = errno;
	close(fd);
	if (rc == 0)
		return unlinkat(dirfd, ROOM_TEST, 0);
	(void)unlinkat(dirfd, ROOM_TEST, 0);
	errno = error;
	return -1;
}
