// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_BOOTID_H
#define FLASHBACK_BOOTID_H

#include <stddef.h>

/** Room for what bootid_read makes. */
#define BOOTID_SIZE 64

/**
 * bootid_read(fd, buf):
 * A word for how long what is written to the disk of fd is safe in memory: another one after a
 * boot, and after the disk was pulled out and put back.  The latter is seen where the disk is a
 * block device (Linux 5.15) or the kernel numbers mounts for good (6.8).  Return 0, or -1 with
 * errno.
 */
int bootid_read(int fd, char buf[BOOTID_SIZE]);

#endif
