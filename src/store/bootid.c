// SPDX-License-Identifier: ISC
#include "flashback/store/bootid.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/compat.h"
#include "flashback/lib/file.h"

/* Read the first line of a file in /proc or /sys.  Return 0, or -1 with errno. */
static int
read_line(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd == -1 ? -1 : read(fd, buf, size - 1);

	file_close(&fd);
	if (len == 0)
		errno = ENODATA;
	if (len <= 0)
		return -1;
	buf[len] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

/* The sequence number that the kernel assigned to the disk when it was connected (diskseq), or
 * else the unique id of the mount; "" if there is neither. */
static void
read_connection(int fd, char *buf, size_t size)
{
	/* A partition has the number of its disk, one directory up. */
	static const char *const where[] = {"", "../"};
	char path[96];
	struct statx st;

	buf[0] = '\0';
	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID_UNIQUE, &st) != 0)
		return;
	for (size_t i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%sdiskseq", st.stx_dev_major,
		         st.stx_dev_minor, where[i]);
		if (read_line(path, buf, size) == 0)
			return;
	}
	buf[0] = '\0';
	if (st.stx_mask & STATX_MNT_ID_UNIQUE)
		snprintf(buf, size, "%" PRIu64, (uint64_t)st.stx_mnt_id);
}

/* The id of the boot alone is not enough: a disk that is pulled out loses what had not been
 * written, and the machine runs on. */
int
bootid_read(int fd, char buf[BOOTID_SIZE])
{
	char boot[40], connection[21];

	static_assert(sizeof(boot) + sizeof(connection) <= BOOTID_SIZE, "both fit");
	if (read_line("/proc/sys/kernel/random/boot_id", boot, sizeof(boot)) != 0)
		return -1;
	read_connection(fd, connection, sizeof(connection));
	snprintf(buf, BOOTID_SIZE, "%s/%s", boot, connection);
	return 0;
}
