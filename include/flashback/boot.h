// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_BOOT_H
#define FLASHBACK_BOOT_H

#include <stddef.h>

/** Room for what boot_id makes. */
#define BOOT_ID_SIZE 64

/**
 * boot_id(fd, buf):
 * A word for how long what is written to the disk of fd is safe in memory: another one after a
 * boot, and after the disk was pulled out and put back.  The latter is seen where the disk is a
 * block device (Linux 5.15) or the kernel numbers mounts for good (6.8).  Return 0, or -1 with
 * errno.
 */
int boot_id(int fd, char buf[BOOT_ID_SIZE]);

#endif
