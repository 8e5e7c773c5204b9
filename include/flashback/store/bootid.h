// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_BOOTID_H
#define FLASHBACK_BOOTID_H

/** Size of the string that bootid_read writes. */
#define BOOTID_SIZE 64

/**
 * bootid_read(fd, buf):
 * An identifier of the period in which data written to the disk of fd cannot have been lost from
 * memory: it changes with a boot, and when the disk is pulled out and put back.  The latter is
 * detected where the disk is a block device (Linux 5.15), or mounts have unique ids (6.8).  Return
 * 0, or -1 with errno.
 */
int bootid_read(int fd, char buf[BOOTID_SIZE]);

#endif
