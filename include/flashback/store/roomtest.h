// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_ROOMTEST_H
#define FLASHBACK_ROOMTEST_H

#include <stdint.h>

/** roomtest_holds(dirfd, bytes): is there room for a file of so many bytes?  A quota may have none
 * where the file system has, and enough for a small file.  Return 0, or -1 with errno. */
int roomtest_holds(int dirfd, uint64_t bytes);

#endif
