// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_DISKTEST_H
#define FLASHBACK_DISKTEST_H

#include <stddef.h>

#include "flashback/store/result.h"

struct store;

/**
 * disktest_run(data_dir, s, words, size):
 * Before a run: when s is on another file system than the one whose traits are in its marker, test
 * that, and renew the marker and s->traits.  A store that was moved would otherwise be believed to
 * have, say, times of nanoseconds, and each run would copy everything and call that a success.
 * Return RESULT_NONE, with what was found in words ("": nothing was to be done); or how the run
 * ends, with the reason in words: BUSY when another process is testing it, else FAILED.
 */
enum result disktest_run(const char *data_dir, struct store *s, char *words, size_t size);

#endif
